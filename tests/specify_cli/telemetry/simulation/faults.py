"""What can come in the way of a system call."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import TypeAlias

from .disk import refuse
from .machine import Fault, Program, perform
from .threads import SIGNAL, Call, Outcome

Kind: TypeAlias = Callable[[Call], Iterator[Fault]]

# These wait, or ask nothing of the operating system.
_PURE = {"sleep", "acquire", "fork", "pass_time"}
_WRITES = {"write"}
_READS = {"pread", "read"}
# What an error of takes none of it back, so that more may be left than was promised.
UNDOES = {"ftruncate", "truncate", "unlink"}


def kills(call: Call) -> Iterator[Fault]:
    """The process is killed before a call, or in the middle of a write."""
    yield Fault("killed", None, ends=True)
    if call.name in _WRITES and len(call.arguments[1]) > 1:
        for size in (1, len(call.arguments[1]) // 2, len(call.arguments[1]) - 1):
            yield Fault(f"killed after {size} bytes", _part(size), ends=True)


def errors(*numbers: int) -> Kind:
    """A call fails with an error; one that closes a descriptor closes it all the same."""

    def kind(call: Call) -> Iterator[Fault]:
        if call.name in _PURE:
            return
        for number in numbers:
            name = errno.errorcode[number]

            def fail(_: Program, call: Call, number: int = number) -> Outcome:
                if call.name == "close":
                    perform(call)
                return Outcome(error=refuse(number))

            yield Fault(name, fail)

    return kind


def short_reads(call: Call) -> Iterator[Fault]:
    """A read returns less than was asked for, though the file does not end there."""
    for part in (3, 2) if call.name in _READS else ():

        def shorten(_: Program, call: Call, part: int = part) -> Outcome:
            outcome = perform(call)
            if outcome.error is None and len(outcome.value) > part:
                return Outcome(outcome.value[: len(outcome.value) // part])
            return outcome

        yield Fault(f"short, 1/{part}", shorten)


def short_writes(call: Call) -> Iterator[Fault]:
    """A write takes a part of what it is given."""
    if call.name in _WRITES and len(call.arguments[1]) > 1:
        for size in (1, len(call.arguments[1]) // 2, len(call.arguments[1]) - 1):
            yield Fault(f"short, {size} bytes", _part(size))


def full_disk(call: Call) -> Iterator[Fault]:
    """The disk is full after a part of a write, until something is truncated."""
    if call.name in _WRITES:
        for size in (0, 1, len(call.arguments[1]) // 2):

            def fill(program: Program, call: Call, size: int = size) -> Outcome:
                program.machine.kernel.disk.room = size
                return perform(call)

            yield Fault(f"full after {size} bytes", fill)


def lost_on_close(call: Call) -> Iterator[Fault]:
    """What was written last is lost, and closing the file says so: a quota, over a network."""
    if call.name == "close":

        def lose(program: Program, call: Call) -> Outcome:
            kernel = program.machine.kernel
            inode = program.process.file(call.arguments[0]).inode
            name, before = inode.unclosed or ("", b"")
            # Only what it has written itself, and nobody else behind it.
            if name == program.process.name and inode.versions[-2:-1] == [before]:
                inode.put(before, kernel.disk.now)
            perform(call)
            return Outcome(error=refuse(errno.EDQUOT))

        yield Fault("lost", lose)


def signals(call: Call) -> Iterator[Fault]:
    """A signal comes before a call, and its handler runs."""
    if call.name != "fork":
        yield Fault("signal", lambda _program, _call: SIGNAL)


def interrupts(call: Call) -> Iterator[Fault]:
    """A signal comes while a call is made, and raises KeyboardInterrupt when it has returned.

    Python runs handlers after a call, where a function begins and where a loop begins again, and
    never between the last call and the next one that C code makes.
    """
    if call.name not in _PURE:
        yield Fault("interrupt", lambda _, call: perform(call)._replace(interrupt=True))


def _part(size: int) -> Callable[[Program, Call], Outcome]:
    def write(program: Program, call: Call) -> Outcome:
        fd, data = call.arguments
        kernel = program.machine.kernel
        do = lambda: kernel.write(program.process, fd, data[:size])  # noqa: E731
        return perform(call._replace(do=do))

    return write
