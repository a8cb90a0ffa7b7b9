"""Runs of a scenario: all there are, or as many of chance as there is time for."""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .crashes import check_crashes
from .loaded import Images
from .machine import Violation
from .scenarios import Run, Scenario

_BEGIN, _END = 0, 1


@dataclass
class Findings:
    """What a search has done.

    Attributes:
        runs: How many runs there were, those counted that were given up as known.
        states: How many different states.
        orders: How many ways there are through them: runs that were not all run to their end, since
            from a state that is known on they are the same.
        steps: How many system calls.
        crashes: How many different disks a loss of power left.
        violation: What was found; None if nothing.
        choices: What leads there.
        trace: The steps that lead there.
        is_complete: Whether there are no other runs.
        seconds: How long it took.
    """

    runs: int = 0
    states: int = 0
    orders: int = 0
    steps: int = 0
    crashes: int = 0
    violation: str | None = None
    choices: list[int] = field(default_factory=list)
    trace: str = ""
    is_complete: bool = False
    seconds: float = 0.0


def replayed(scenario: Scenario, images: Images, choices: list[int]) -> str | None:
    """Run a scenario once, as a search has done; return what is found."""
    findings = Findings()
    with _untraced():
        _run(scenario, images, findings, _following(choices))
    return findings.violation


def every_run(scenario: Scenario, images: Images, seconds: float = 1e9) -> Findings:
    """Try every order of the calls and every fault, each state once.

    Two ways that lead to the same state are the same from there on. A state is what is on the disk
    and open, and all that each thread has seen so far: what it does next depends on nothing else.
    """
    with _untraced():
        return _every_run(scenario, images, seconds)


class _Search:
    """What has been tried of a scenario.

    Attributes:
        findings: What it has done.
        ways: For each state, those that can follow it.
    """

    def __init__(self) -> None:
        """Start at the beginning."""
        self.findings = Findings()
        self.ways: dict[int, list[int]] = {}
        self._seen: set[int] = set()
        # For each choice of the run: what is chosen, and how many there are to choose from.
        self._path: list[list[int]] = []
        self._depth = 0
        self._last = _BEGIN

    def begin(self) -> None:
        """Begin a run."""
        self._depth, self._last = 0, _BEGIN

    def choose(self, run: Run, count: int) -> int:
        """Return what to choose next, or -1 where the run comes to a state that is known."""
        is_new = self._depth == len(self._path)
        if self._depth >= len(self._path) - 1:
            key = run.key()
            if is_new:
                self.ways.setdefault(self._last, []).append(key)
            self._last = key
            if is_new and key in self._seen:
                return -1
            self._seen.add(key)
        if is_new:
            if run.scenario.loses_power:
                self.findings.crashes += check_crashes(run)
            self._path.append([0, count])
        self._depth += 1
        return self._path[self._depth - 1][0]

    def next(self, *, has_ended: bool) -> bool:
        """Prepare the next run; return whether there is one."""
        if has_ended:
            self.ways.setdefault(self._last, []).append(_END)
        self.findings.states = len(self._seen)
        while self._path and self._path[-1][0] + 1 == self._path[-1][1]:
            self._path.pop()
        if not self._path:
            return False
        self._path[-1][0] += 1
        return True


def _every_run(scenario: Scenario, images: Images, seconds: float) -> Findings:
    search = _Search()
    findings = search.findings
    began = time.perf_counter()
    while findings.seconds < seconds:
        search.begin()
        has_ended = _run(scenario, images, findings, search.choose)
        findings.seconds = time.perf_counter() - began
        has_next = search.next(has_ended=has_ended)
        if findings.violation is not None or not has_next:
            findings.is_complete = findings.violation is None
            break
    findings.orders = _count(search.ways)
    return findings


def some_runs(
    scenario: Scenario, images: Images, seed: int, count: int, switches: int = 4
) -> Findings:
    """Run a scenario a number of times, switching between threads at moments of chance."""
    with _untraced():
        return _some_runs(scenario, images, random.Random(seed), count, switches)


def _some_runs(
    scenario: Scenario, images: Images, chance: random.Random, count: int, switches: int
) -> Findings:
    findings = Findings()
    began = time.perf_counter()
    for _ in range(count):
        length = max(20, findings.steps // max(1, findings.runs))
        moments = {chance.randrange(length) for _ in range(switches)}
        depth = -1

        def choose(run: Run, count: int, moments: set[int] = moments) -> int:
            nonlocal depth
            depth += 1
            if run.scenario.loses_power and chance.random() < 0.05:
                findings.crashes += check_crashes(run)
            return chance.randrange(count) if depth in moments else 0

        _run(scenario, images, findings, choose)
        if findings.violation is not None:
            break
    findings.seconds = time.perf_counter() - began
    return findings


@contextlib.contextmanager
def _untraced() -> Iterator[None]:
    """Keep a tool that measures coverage from following calls over several stacks."""
    trace = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(trace)


def _following(choices: list[int]) -> Callable[[Run, int], int]:
    left = list(choices)

    def choose(run: Run, _: int) -> int:
        if not left and run.scenario.loses_power:
            check_crashes(run)
        return left.pop(0) if left else 0

    return choose


def _run(
    scenario: Scenario, images: Images, findings: Findings, choose: Callable[[Run, int], int]
) -> bool:
    findings.runs += 1
    chosen: list[int] = []
    run = Run(scenario, images)
    try:
        while options := run.options():
            is_asked = len(options) > 1 or scenario.loses_power
            choice = choose(run, len(options)) if is_asked else 0
            if choice < 0:
                return False
            if is_asked:
                chosen.append(choice)
            run.take(options[choice])
        if scenario.loses_power:
            findings.crashes += check_crashes(run)
        run.finish()
    except Exception as error:  # noqa: BLE001  # whatever comes out of the code is a finding
        findings.violation = str(error) if isinstance(error, Violation) else repr(error)
        findings.choices = chosen
        findings.trace = trace_of(run)
    finally:
        findings.steps += len(run.machine.steps)
        run.machine.end()
    return True


def _count(ways: dict[int, list[int]]) -> int:
    """Return how many ways lead from the beginning to an end."""
    counts = {_END: 1}
    waiting = [_BEGIN]
    while waiting:
        key = waiting[-1]
        missing = [after for after in ways.get(key, ()) if after not in counts]
        if missing:
            waiting += missing
        else:
            counts.setdefault(key, sum(counts[after] for after in ways.get(key, ())))
            waiting.pop()
    return counts[_BEGIN]


def trace_of(run: Run) -> str:
    """Return what has happened in a run, a line a step."""
    lines = []
    for name, call, arguments, fault, outcome in run.machine.steps:
        text = ", ".join(_brief(argument) for argument in arguments)
        result = "" if outcome is None else _brief(outcome.error or outcome.value)
        lines.append(f"{name:4} {call}({text}){f' [{fault}]' if fault else ''} {result}".rstrip())
    return "\n".join(lines)


def _brief(value: object) -> str:
    text = repr(value)
    if text.startswith("os.stat_result"):
        return f"<inode {value.st_ino}, {value.st_size} bytes>"  # type: ignore[attr-defined]
    return text if len(text) < 40 else f"{text[:18]}...{text[-12:]}"
