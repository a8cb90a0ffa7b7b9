"""What ``check`` and ``repair`` say of a log, to the letter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specify_cli.telemetry._cli import check_text, repair_text
from specify_cli.telemetry.check import LogReport, Problem, ProblemKind
from specify_cli.telemetry.repair import RejectedPiece, RepairReport

# In the order they are told.
KINDS: dict[ProblemKind, tuple[str, str]] = {
    "torn tail": ("torn tail", "torn tails"),
    "torn": ("torn line", "torn lines"),
    "fused": ("fused line", "fused lines"),
    "nul run": ("run of NUL bytes", "runs of NUL bytes"),
    "conflict marker": ("conflict marker", "conflict markers"),
    "malformed": ("malformed line", "malformed lines"),
    "duplicate": ("duplicate", "duplicates"),
    "repeated id": ("repeated id", "repeated ids"),
    "invalid event": ("invalid event", "invalid events"),
    "other record": ("record of another kind", "records of another kind"),
}
HINT = "for another: --model package.module:Class, for any record: --records"
ONE_OTHER = f"  1 line has an event_id and is no event of this model; {HINT}"
OTHERS = f"  2,000 lines have an event_id and are no events of this model; {HINT}"
NO_DAMAGE = "  no damage: repair leaves all of it as it is"


def checked(limit: int = 10, noun: str = "event", *, asks: bool = True, **fields: Any) -> list[str]:
    """Return the lines of a report, of a log with one event unless told otherwise."""
    ones = dict.fromkeys(("size", "lines", "events", "aggregates"), 1)
    none = dict.fromkeys(("malformed_lines", "recoverable_events", "other_events"), 0)
    rest: dict[str, Any] = {"path": Path("log"), "counts": {}, "problems": ()}
    report = LogReport(**{**ones, **none, **rest, **fields})
    return check_text.as_text(report, limit, noun, asks_for_model=asks).split("\n")


@pytest.mark.parametrize(
    ("noun", "number", "content"),
    [
        ("event", 1, "1 event of 1 aggregate in 1 line, 1 byte"),
        ("event", 0, "0 events of 0 aggregates in 0 lines, 0 bytes"),
        ("event", 2000, "2,000 events of 2,000 aggregates in 2,000 lines, 2,000 bytes"),
        ("record", 1, "1 record in 1 line, 1 byte"),
        ("record", 2, "2 records in 2 lines, 2 bytes"),
    ],
)
def test_what_a_log_holds(noun: str, number: int, content: str) -> None:
    """In one line if it is clean, and else below how many problems there are."""
    numbers: dict[str, Any] = dict.fromkeys(("size", "lines", "events", "aggregates"), number)
    assert checked(noun=noun, path=Path("a\nb"), **numbers) == [f"a\\nb: clean, {content}"]
    lines = checked(noun=noun, path=Path("a\nb"), counts={"torn": 1}, **numbers)
    assert lines[:2] == ["a\\nb: 1 problem", f"  {content}"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_problem_is_counted(kind: ProblemKind) -> None:
    """One of it, and several; what is no damage is told to stay."""
    is_damage = kind not in {"repeated id", "invalid event", "other record"}
    for number, name in zip((1, 2000), KINDS[kind], strict=True):
        assert checked(counts={kind: number}) == [
            f"log: {number:,} problem{'s' if number > 1 else ''}",
            "  1 event of 1 aggregate in 1 line, 1 byte",
            f"  {number:,} {name}",
            *([] if is_damage else [NO_DAMAGE]),
            f"  and {number:,} more",
        ]


def test_the_kinds_have_an_order() -> None:
    """Damage first, in whatever order they were found."""
    (line,) = [line for line in checked(counts=dict.fromkeys(reversed(KINDS), 1)) if "torn" in line]
    assert line == "  " + ", ".join(f"1 {one}" for one, _ in KINDS.values())


@pytest.mark.parametrize(
    ("noun", "malformed", "recoverable", "line"),
    [
        ("event", 1, 0, "  1 line without an event that loads"),
        ("event", 2000, 1, "  2,000 lines without an event that loads; 1 whole event in them"),
        ("record", 1, 0, "  1 line without a record that loads"),
        ("record", 2, 2000, "  2 lines without a record that loads; 2,000 whole records in them"),
    ],
)
def test_what_does_not_load(noun: str, malformed: int, recoverable: int, line: str) -> None:
    """And what of it a repair would bring back."""
    assert checked(
        noun=noun, malformed_lines=malformed, recoverable_events=recoverable, counts={"torn": 1}
    )[2:] == [line, "  1 torn line", "  and 1 more"]


@pytest.mark.parametrize(
    ("number", "asks", "hint"),
    [(0, True, []), (1, True, [ONE_OTHER]), (2000, True, [OTHERS]), (1, False, [])],
)
def test_another_model_may_be_meant(number: int, asks: bool, hint: list[str]) -> None:  # noqa: FBT001  # a case
    """Where lines have an id, unless the model was named."""
    numbers: dict[str, Any] = {"other_events": number}
    assert checked(asks=asks, counts={"invalid event": 1}, **numbers)[3:] == [
        *hint,
        NO_DAMAGE,
        "  and 1 more",
    ]
    assert repaired(asks=asks, **numbers) == ["log: no damage, 1 event", *hint]


def test_each_problem_has_its_place() -> None:
    """What it is and why, and how its bytes begin if that says more; nothing moves the cursor."""
    problems = (
        Problem(1, 20, "torn", "it ends\n", b"\xff\x1b" + b"x" * 70),
        Problem(22, 333, "conflict marker", "a marker", "<<<< é".encode()),
        Problem(3, 4, "nul run", "3 NUL bytes", b"\0\0\0"),
        Problem(4, 5, "duplicate", "the same", b"{}"),
        Problem(5, 6, "repeated id", "an id", b"{}"),
    )
    counts = {problem.kind: 1 for problem in problems}
    shown = [
        "  line 1, byte 20    torn             it ends\\n",
        f"{' ' * 38}\\xff\\x1b{'x' * 52}",
        "  line 22, byte 333  conflict marker  a marker",
        f"{' ' * 38}<<<< é",
        "  line 3, byte 4     nul run          3 NUL bytes",
        "  line 4, byte 5     duplicate        the same",
        "  line 5, byte 6     repeated id      an id",
    ]
    assert checked(counts=counts, problems=problems)[3:] == ["", *shown]
    counts["torn"] = 1001
    assert checked(counts=counts, problems=problems)[3:] == ["", *shown, "  and 1,000 more"]
    assert checked(limit=1, counts=counts, problems=problems)[3:] == [
        "",
        "  line 1, byte 20  torn             it ends\\n",
        f"{' ' * 36}\\xff\\x1b{'x' * 52}",
        "  and 1,004 more",
    ]
    assert checked(limit=0, counts=counts, problems=problems)[3:] == ["  and 1,005 more"]


def repaired(
    limit: int = 10, noun: str = "event", *, asks: bool = True, **fields: Any
) -> list[str]:
    """Return the lines of a report, of a log with one event unless told otherwise."""
    none = dict.fromkeys(
        ("recovered", "separated", "duplicates", "rejected", "rejected_bytes"), 0
    ) | dict.fromkeys(("other_lines", "other_events"), 0)
    paths = {"path": Path("log"), "rejected_path": Path("log.rejected")}
    rest = {"applied": False, "events": 1, "differences": (), "examples": ()}
    report = RepairReport(**{**paths, **none, **rest, **fields})
    return repair_text.repair_as_text(report, limit, noun, asks_for_model=asks).split("\n")


@pytest.mark.parametrize(
    ("noun", "events", "others", "line"),
    [
        ("event", 1, 0, "log: no damage, 1 event"),
        ("event", 2000, 1, "log: no damage, 2,000 events and 1 line that is no event"),
        ("record", 1, 2000, "log: no damage, 1 record and 2,000 lines that are no records"),
    ],
)
def test_a_log_without_damage(noun: str, events: int, others: int, line: str) -> None:
    """One line says what it holds."""
    assert repaired(noun=noun, events=events, other_lines=others) == [line]


PIECES = (
    RejectedPiece(line=1, offset=20, length=1, kind="torn", reason="it ends\n"),
    RejectedPiece(line=22, offset=333, length=4000, kind="conflict marker", reason="a marker"),
)


@pytest.mark.parametrize(
    ("applied", "head", "keep", "move", "put"),
    [
        (False, "in need of repair", "would keep", "would move", "would put"),
        (True, "repaired", "kept", "moved", "put"),
    ],
)
def test_what_a_repair_does(applied: bool, head: str, keep: str, move: str, put: str) -> None:  # noqa: FBT001  # a case
    """Or would do: what stays, what goes where, and the pieces that go."""
    assert repaired(
        path=Path("a\nb"),
        rejected_path=Path("a\nc"),
        applied=applied,
        separated=1,
        rejected=1,
        rejected_bytes=1,
        examples=PIECES[:1],
    ) == [
        f"a\\nb: {head}",
        f"  {keep} 1 event",
        f"  {put} 1 more record on lines of their own",
        f"  {move} 1 piece, 1 byte in all, to a\\nc",
        "",
        "  line 1, byte 20  torn             1 byte: it ends\\n",
    ]
    assert repaired(
        noun="record",
        applied=applied,
        events=3000,
        recovered=2000,
        separated=4000,
        duplicates=1,
        rejected=5000,
        rejected_bytes=6000,
        other_lines=1,
        differences=("the\nowner", "the mode"),
        examples=PIECES,
    ) == [
        f"log: {head}",
        f"  {keep} 3,000 records, 2,000 of them recovered",
        f"  {put} 2,000 more records on lines of their own",
        f"  {move} 5,000 pieces, 1 duplicate among them, 6,000 bytes in all, to log.rejected",
        "  not as before: the\\nowner",
        "  not as before: the mode",
        f"  {keep} 1 line that is no record",
        "",
        "  line 1, byte 20    torn             1 byte: it ends\\n",
        "  line 22, byte 333  conflict marker  4,000 bytes: a marker",
        "  and 4,998 more",
    ]


def test_only_so_many_pieces_are_shown() -> None:
    """The rest is counted; where nothing is moved, nothing is said of it."""
    head = ["log: in need of repair", "  would keep 1 event"]
    move = "  would move 2 pieces, 2 duplicates among them, 9 bytes in all, to log.rejected"
    numbers: dict[str, Any] = {"rejected": 2, "duplicates": 2, "rejected_bytes": 9}
    assert repaired(limit=1, examples=PIECES, **numbers) == [
        *head,
        move,
        "",
        "  line 1, byte 20  torn             1 byte: it ends\\n",
        "  and 1 more",
    ]
    assert repaired(limit=0, examples=PIECES, **numbers) == [*head, move, "", "  and 2 more"]
    assert repaired(separated=1, recovered=1) == [head[0], f"{head[1]}, 1 of them recovered"]
