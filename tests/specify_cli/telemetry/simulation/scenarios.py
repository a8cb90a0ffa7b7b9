"""Runs: which programs work on which log, what may come in the way, and what is checked after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from .actors import Act, Actor, loads, saves
from .disk import Disk
from .faults import UNDOES, Kind, signals
from .kernel import Kernel
from .loaded import Images
from .machine import Machine, Option, Program, Violation
from .record import LINES, PATH, REJECTED, TARGET, Record
from .threads import Call, Thread
from .windows import WindowsKernel

_LAST = 19
_OF_DESCRIPTORS = {"dup", "close", "flock"}
_UNLOCK = 8
_BY_PATH = {"open", "stat", "lstat"}
_MOST_STEPS = 5000


@dataclass(frozen=True)
class Scenario:
    """What is run.

    Attributes:
        name: What traces call it.
        processes: For each process, for each of its threads, what it does.
        content: What the log holds; None for no log.
        fsync: Whether the stores wait for the device.
        timeout: How long they wait for the lock.
        kinds: The faults that may come.
        most_faults: How many of them.
        victims: The processes that they come to, and the children of these.
        handler: What a signal calls; without, it raises KeyboardInterrupt.
        has_locks: Whether files can be locked.
        step_ns: In what steps the file system tells times.
        loses_power: Whether it is checked what a loss of power leaves.
        damaged: Whether a warning of malformed lines is due.
        is_made: Whether the directory of the log is there.
        windows: Whether the operating system is a Windows.
        is_linked: Whether the log is a symbolic link, to a file that is not there yet.
    """

    name: str
    processes: tuple[tuple[tuple[Act, ...], ...], ...]
    content: bytes | None = b""
    fsync: bool = False
    timeout: float | None = 30.0
    kinds: tuple[Kind, ...] = ()
    most_faults: int = 1
    victims: str = "AB"
    handler: tuple[Act, ...] = ()
    has_locks: bool = True
    step_ns: int = 1
    loses_power: bool = False
    damaged: bool = False
    is_made: bool = True
    windows: bool = False
    is_linked: bool = False

    def kernel(self) -> Kernel:
        """Return an operating system with the log on its disk, and on the device."""
        disk = Disk(step_ns=self.step_ns, has_locks=self.has_locks, loses_power=self.loses_power)
        disk.make("/work", "directory", 0o755)
        if self.is_made:
            disk.make("/work/logs", "directory", 0o755)
        if self.is_linked:
            disk.make("/work/real", "directory", 0o755)
            disk.make(PATH, "link", 0o777).target = TARGET
        elif self.content is not None:
            disk.make(PATH, "file", 0o644).put(self.content, disk.now)
        disk.sync()
        disk.clock_ns += 10_000_000_000
        return WindowsKernel(disk) if self.windows else Kernel(disk)


def _goes_unnoticed(option: Option) -> bool:
    """Return whether nobody but the thread itself can tell when it makes its next call."""
    program, call = option.program, option.thread.pending
    assert call is not None
    if len(program.threads) > 1 or call.name not in _OF_DESCRIPTORS:
        return False
    file = program.process.files.get(call.arguments[0])
    if file is None:
        return True
    if call.name == "flock":
        return call.arguments[1] == _UNLOCK and file not in file.inode.locks
    return call.name == "dup" or file.copies > 1


@dataclass
class Run:
    """One run of a scenario.

    Attributes:
        scenario: What is run.
        images: The code.
        machine: What it runs on.
        record: What has been promised in it.
        left: How many faults may still come.
    """

    scenario: Scenario
    images: Images
    machine: Machine = field(init=False)
    record: Record = field(init=False)
    left: int = field(init=False)

    def __post_init__(self) -> None:
        """Start the programs."""
        scenario = self.scenario
        self.record = Record()
        self.record.has_locks = scenario.has_locks
        self.record.damaged = scenario.damaged
        if scenario.content:
            self.record.kept += scenario.content.splitlines(keepends=True)
            self.record.synced += self.record.kept
        self.record.tried.update(
            i for i, line in LINES.items() if line in (scenario.content or b"")
        )
        self.record.may_stay.update(self.record.tried)
        self.images.record = self.record
        self.left = scenario.most_faults if scenario.kinds else 0
        self.machine = Machine(scenario.kernel(), self.images)
        self.machine.watch = self._watch
        self.machine.tells_places = signals in scenario.kinds
        for number, threads in enumerate(scenario.processes):
            self.machine.start("ABCDEF"[number], self._starting(threads))

    def _starting(self, threads: tuple[tuple[Act, ...], ...]) -> Callable[[Program], Any]:
        def start(program: Program) -> list[Callable[[], None]]:
            scenario = self.scenario
            make = program.image.module("store").SimpleJsonStore
            store = make(PATH, fsync=scenario.fsync, timeout=scenario.timeout)
            return [self._body(Actor(program, self.record, store), acts) for acts in threads]

        return start

    def _body(self, actor: Actor, acts: tuple[Act, ...]) -> Callable[[], None]:
        def body() -> None:
            if self.scenario.handler:
                actor.thread.handler = self._handler(actor)
            for act in acts:
                try:
                    act(actor)
                except KeyboardInterrupt:
                    # Whether what was tried is there, nobody was told.
                    self.record.may_stay.update(self.record.tried)

        return body

    def _handler(self, actor: Actor) -> Callable[[], None]:
        def handle() -> None:
            # A store object of its own: whichever the interrupted call uses must not matter.
            make = type(actor.store)
            store = make(PATH, fsync=self.scenario.fsync, timeout=self.scenario.timeout)
            inner = Actor(actor.program, actor.record, store)
            looked = actor.thread.looked
            for act in self.scenario.handler:
                act(inner)
            actor.thread.looked = looked

        return handle

    def _watch(self, thread: Thread, call: Call) -> None:
        if thread.on_turn is not None:
            note, thread.on_turn = thread.on_turn, None
            note()
        if call.name in _BY_PATH:
            thread.looked = self.record.replaced
        if call.name == "ftruncate" and thread.measured is not None:
            # No system truncates on a condition: what comes after the last look is not promised.
            self.record.kept = [line for line in self.record.kept if line in thread.measured]
        thread.measured = list(self.record.kept) if call.name == "fstat" else None

    def options(self) -> list[Option]:
        """Return what can happen next; first, that what happened last goes on."""
        options = self.machine.options
        if not self.left:
            # Whenever it comes, all is the same: it may as well come at once.
            return next(([option] for option in options if _goes_unnoticed(option)), options)
        faulty = []
        for option in options:
            if option.program.process.name[0] not in self.scenario.victims:
                continue
            call = option.thread.pending
            assert call is not None
            for kind in self.scenario.kinds:
                if kind is signals and call.place == option.thread.place:
                    continue  # the last call was made by the same step, so Python runs no handler
                faulty += [option._replace(fault=fault) for fault in kind(call)]
        return options + faulty

    def take(self, option: Option) -> None:
        """Let it happen."""
        call = option.thread.pending
        assert call is not None
        if len(self.machine.steps) > _MOST_STEPS:
            raise Violation("nobody comes to an end")
        if option.fault is not None:
            self.left -= 1
            # A second fault may be in the way of taking back what the first one has stopped.
            is_second = self.left < self.scenario.most_faults - 1
            if option.fault.ends or call.name in UNDOES or is_second:
                self.record.may_stay.update(self.record.tried)
            if option.fault.ends and call.name == "write":
                self.record.damaged = True
        self.machine.take(option)

    def key(self) -> int:
        """Return all that tells one state of the run from another."""
        return hash((self.machine.key(), self.record.key(), self.left))

    def finish(self) -> None:
        """Check what is left behind, and that the log goes on."""
        for program in self.machine.programs:
            if program.process.is_foreign:
                self.machine.kill(program)
            left = list(program.process.files.values())
            if program.process.name.endswith("'"):
                # What its parent was just closing, no longer locked, a child has a copy of.
                left = [file for file in left if file in file.inode.locks]
            if left:
                raise Violation(f"{program.process.name} leaves a descriptor open")
            if program.process.is_alive:
                if program.image.module("_log.in_flight").threads:
                    raise Violation(f"{program.process.name} leaves an append in flight")
                if any(
                    lock.owner for lock in program.image.computer.locks[program.inherited_locks :]
                ):
                    raise Violation(f"{program.process.name} leaves a lock held")
        self.record.check_file(self.content(), self.content(REJECTED))
        self.go_on()

    def content(self, path: str = PATH) -> bytes:
        """Return what is in the log, or in another file."""
        try:
            return self.machine.kernel.disk.find(path).data
        except OSError:
            return b""

    def go_on(self) -> None:
        """Let another process save and load: the log has to be as good as new."""
        disk = self.machine.kernel.disk
        disk.room = None
        self.record.damaged = True
        self.record.most = None
        after = Run.__new__(Run)
        after.scenario = replace(self.scenario, kinds=(), handler=())
        after.images, after.record, after.left = self.images, self.record, 0
        after.machine = Machine(self.machine.kernel, self.images)
        after.machine.watch = after._watch
        self.machine.end()
        after.machine.start("after", after._starting(((saves(_LAST), loads()),)))
        while options := after.options():
            after.take(options[0])
        self.record.check_file(after.content(), after.content(REJECTED))
