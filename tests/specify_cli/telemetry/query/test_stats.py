"""Counts and sums over logs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from specify_cli.telemetry import SimpleJsonStore, StorageError
from specify_cli.telemetry.query import Selection, Stats, gather, parse
from specify_cli.telemetry.query.stats import Total

from ..support.events import WHEN, make_event, make_events, numbered_id


def added(stats: Stats, records: Iterable[object]) -> Stats:
    """Return the stats with some records taken in."""
    for fields in records:
        record = parse(json.dumps(fields).encode())
        assert record is not None
        stats.add(record)
    return stats


def test_a_log_in_numbers(log: Path) -> None:
    """What there is, once for each id, and when."""
    store = SimpleJsonStore(log)
    store.save_events(
        [
            make_event(numbered_id(1), "A", node_id="n", timestamp=WHEN + timedelta(hours=2)),
            make_event(numbered_id(2), "A", event_type="Other", timestamp=WHEN),
            make_event(numbered_id(3), "B", timestamp=WHEN + timedelta(hours=1)),
        ]
    )
    with log.open("ab") as file:
        file.write(log.read_bytes() + b"\n \t\n[]\ntorn")
    stats = Stats()
    gather(stats, log, Selection())
    assert (stats.logs, stats.size) == (1, log.stat().st_size)
    assert (stats.records, stats.repeats, stats.other_lines) == (3, 3, 2)
    assert stats.aggregates == {"A": 2, "B": 1}
    assert stats.types == {"ExecutionEvent": 2, "Other": 1}
    assert stats.nodes == {"n": 1, "cli:WP01": 2}
    assert (stats.first, stats.last) == (WHEN, WHEN + timedelta(hours=2))
    assert not stats.groups


def test_sums_are_by_the_values_of_fields() -> None:
    """Only numbers count; the greatest first sum comes first."""
    stats = added(
        Stats(["agent"], ["cost", "tokens"]),
        [
            {"payload": {"agent": "a", "cost": 0.1, "tokens": 1}},
            {"payload": {"agent": "a", "cost": 0.2, "tokens": True}},
            {"payload": {"agent": "b", "cost": 5, "tokens": "9"}},
            {"payload": {"cost": None}},
        ],
    )
    groups = stats.sorted_groups()
    assert [group.key for group in groups] == [("b",), ("a",), (None,)]
    assert [group.records for group in groups] == [1, 2, 1]
    assert [group.totals[0].sum for group in groups] == [5, Decimal("0.3"), 0]
    assert [group.totals[0].mean for group in groups] == [5, Decimal("0.15"), None]
    assert [group.totals[1].count for group in groups] == [0, 1, 0]


def test_a_value_of_any_kind_makes_a_group() -> None:
    """1 is not true, and a list is a value too."""
    stats = added(Stats(["x"]), [{"x": x} for x in (1, True, [1], [1], "1")])
    assert [(group.key[0], group.records) for group in stats.groups.values()] == [
        (1, 1),
        (True, 1),
        ([1], 2),
        ("1", 1),
    ]


def test_sums_without_groups_are_of_all() -> None:
    """One row."""
    stats = added(Stats(fields=["x"]), [{"x": 1}, {"x": 2.5}, {"x": float("inf")}])
    (group,) = stats.groups.values()
    assert (group.key, group.records, group.totals[0].sum) == ((), 3, Decimal("3.5"))


def test_groups_without_sums_are_by_their_size() -> None:
    """And a record without a time is one too."""
    stats = added(Stats(["a"]), [{"a": 1}, {"a": 2}, {"a": 2}, {"at": WHEN.isoformat()}, {"b": 1}])
    assert [(group.key, group.records) for group in stats.sorted_groups()] == [
        *(((2,), 2), ((None,), 2)),
        ((1,), 1),
    ]
    assert (stats.first, stats.last) == (WHEN, WHEN)


def test_numbers_of_any_size_are_summed() -> None:
    """No float could hold this one, and Python would not spell it."""
    total = Total()
    total.add(10**5000)
    total.add(1.5)
    assert (total.count, total.sum) == (2, Decimal("1e5000"))


def test_records_without_an_id_all_count() -> None:
    """Two of them may well be the same."""
    assert added(Stats(), [{"a": 1}] * 3).records == 3


def test_a_selection_counts_only_what_it_takes(log: Path) -> None:
    """The size is that of the log all the same."""
    SimpleJsonStore(log).save_events([*make_events(3, aggregate_id="A"), make_event()])
    stats = Stats()
    told: list[tuple[int, int]] = []
    gather(stats, log, Selection("A"), progress=lambda *now: told.append(now))
    assert (stats.records, stats.size) == (3, log.stat().st_size)
    assert told == [(stats.size, stats.size)]


def test_a_missing_log_is_an_error(log: Path) -> None:
    """It is probably a mistake."""
    with pytest.raises(StorageError, match="cannot read") as caught:
        gather(Stats(), log, Selection())
    assert isinstance(caught.value.__cause__, FileNotFoundError)


AMOUNT = st.one_of(st.none(), st.integers(-1000, 10**9), st.floats(-1e6, 1e6, width=32))
ROW = st.fixed_dictionaries({"agent": st.sampled_from(["a", "b", None]), "cost": AMOUNT})


@given(st.lists(ROW, max_size=30))
@settings(deadline=None)
def test_sums_are_those_of_duckdb(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    """Another program finds the same in the same file."""
    duckdb = pytest.importorskip("duckdb")
    log = tmp_path_factory.mktemp("log") / "log.jsonl"
    events = [make_event(numbered_id(number), payload=dict(row)) for number, row in enumerate(rows)]
    # One line at least: an empty file is no table.
    payload: dict[str, object] = {"agent": "c", "cost": 0.5}
    SimpleJsonStore(log).save_events([make_event(numbered_id(99), payload=payload), *events])
    stats = Stats(["agent"], ["cost"])
    gather(stats, log, Selection())
    query = """
        select payload.agent, count(*), count(payload.cost),
            sum(payload.cost::double), avg(payload.cost::double)
        from read_json(?, format='newline_delimited',
            columns={payload: 'struct(agent varchar, cost double)'})
        group by 1
    """
    found = {row[0]: row[1:] for row in duckdb.execute(query, [str(log)]).fetchall()}
    assert len(found) == len(stats.groups)
    for group in stats.groups.values():
        (total,) = group.totals
        records, count, amount, mean = found[group.key[0]]
        assert (group.records, total.count) == (records, count)
        assert (float(total.sum) if count else None) == (
            None if amount is None else pytest.approx(amount, rel=1e-9, abs=1e-6)
        )
        assert (None if total.mean is None else float(total.mean)) == (
            None if mean is None else pytest.approx(mean, rel=1e-9, abs=1e-6)
        )
