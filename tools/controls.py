"""Remove each protection of the store in turn, and show which test turns red.

A test that passes with the protection removed proves nothing. This script copies the project, takes
one protection out of the copy, runs the tests that are there for it, and expects them to fail.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCES = Path("src/specify_cli/telemetry")
TESTS = Path("tests/specify_cli/telemetry")
TIMEOUT = 25  # seconds; a test that hangs without the protection has turned red too


class Control(NamedTuple):
    """One protection, and how to take it out.

    Attributes:
        name: What protects.
        module: Where it is.
        old: The code that does it.
        new: The code without it.
        test: The test file that has to turn red.
    """

    name: str
    module: str
    old: str
    new: str
    test: str


CONTROLS = [
    Control(
        "a torn tail is sealed",
        "_lockedlog.py",
        'b"\\n" + lines if torn else lines',
        "lines",
        "test_torn_tail.py",
    ),
    Control(
        "a failed write is rolled back",
        "_appendlog.py",
        "if not current and may_undo:",
        "if False:",
        "test_faults.py",
    ),
    Control(
        "a rollback keeps what others appended",
        "_lockedlog.py",
        "self._written.startswith(\n"
        "                self.read(self._start, size - self._start)\n"
        "            )",
        "True",
        "test_faults.py",
    ),
    Control(
        "nothing is rolled back without the lock",
        "_appendlog.py",
        "may_undo=locked",
        "may_undo=True",
        "test_faults.py",
    ),
    Control(
        "errors that close would report are asked for in time",
        "_lockedlog.py",
        "os.close(os.dup(self._fd))",
        "pass",
        "test_faults.py",
    ),
    Control(
        "writers lock the file",
        "_appendlog.py",
        "locked = _lock.acquire(fd)\n        if not locked and",
        "locked = False\n        if False and",
        "test_contention.py",
    ),
    Control(
        "the lock is given back, not only closed away",
        "_lock.py",
        "        _unlock(fd)\n",
        "        pass\n",
        "test_contention.py",
    ),
    Control(
        "threads of one store take turns",
        "_idempotent.py",
        "with self._lock:",
        "if True:",
        "test_contention.py",
    ),
    Control(
        "a forked child gets locks of its own",
        "_idempotent.py",
        "os.register_at_fork(after_in_child=_start_over_in_child)",
        "pass",
        "test_contention.py",
    ),
    Control(
        "a save within a save is refused",
        "_idempotent.py",
        "if self._appending:",
        "if False:",
        "test_faults.py",
    ),
    Control(
        "an indexed id counts only if its line loads",
        "_knownids.py",
        "if self._codec.loads_as(log.line_at(start)) == event_id:",
        "if True:",
        "test_known_ids.py",
    ),
    Control(
        "an id looked up without the lock counts only if its line loads",
        "_idempotent.py",
        "start is not None and self._codec.loads_as(self._log.line_at(start)) == event_id",
        "start is not None",
        "test_changed_underneath.py",
    ),
    Control(
        "an id that is found counts only if its line loads",
        "_scan.py",
        "if codec.loads_as(line) == event_id:",
        "if True:",
        "test_known_ids.py",
    ),
    Control(
        "ids behind escapes are found",
        "_scan.py",
        'escape = block.find(b"\\\\")',
        "escape = -1",
        "test_format.py",
    ),
    Control(
        "what others appended is taken in",
        "_knownids.py",
        "self._index(log, self._end, log.size)",
        "pass",
        "test_known_ids.py",
    ),
    Control(
        "a file replaced under the index is noticed",
        "_knownids.py",
        "if self._identity != log.identity:\n            return False",
        "if True:\n            return True",
        "test_changed_underneath.py",
    ),
    Control(
        "a file replaced around the write is noticed",
        "_appendlog.py",
        "return (status.st_dev, status.st_ino) == identity",
        "return True",
        "test_changed_underneath.py",
    ),
    Control(
        "what is stored has been read back",
        "_codec.py",
        "return text if _fields(self.decode(text.encode())) == fields else None",
        "return text",
        "test_payloads.py",
    ),
    Control(
        "what is not read back is certain to read back",
        "_codec.py",
        "(is_plain(payload) and digits_are_bounded())",
        "True",
        "test_payloads.py",
    ),
    Control(
        "the contract checks what is not read back",
        "_codec.py",
        "if vars(self._validate(envelope)) != envelope:",
        "if False:",
        "test_payloads.py",
    ),
    Control(
        "lines that the fast parser refuses get a second try",
        "_codec.py",
        "return self._decode_tolerantly(line)",
        'raise MalformedLineError("refused")',
        "test_format.py",
    ),
    Control(
        "what was intact is trusted in the same file only",
        "_cleanprefix.py",
        "if self._identity != log.identity:",
        "if False:",
        "test_aggregates.py",
    ),
    Control(
        "what was intact is trusted until the file is changed in place",
        "_cleanprefix.py",
        "if self._seen[0] == log.size and self._seen[1] != log.changed:",
        "if False:",
        "test_aggregates.py",
    ),
    Control(
        "a line of the clean part that is broken since is reported",
        "_aggregate.py",
        "except MalformedLineError:",
        "except KeyError:",
        "test_aggregates.py",
    ),
    Control(
        "a follower sees nothing that may yet be rolled back",
        "_appendlog.py",
        "with locked_if_possible(fd) if settled else contextlib.nullcontext():",
        "if True:",
        "test_following.py",
    ),
    Control(
        "a follower notices that the log was replaced",
        "_following.py",
        "repr(log.identity).encode() + last",
        "last",
        "test_following.py",
    ),
    Control(
        "ids that a model changes are looked for line by line",
        "_scan.py",
        "    if codec.ids_are_verbatim:\n        return chain(",
        "    if True:\n        return chain(",
        "test_models.py",
    ),
    Control(
        "loads return each id once",
        "jsonl.py",
        "found.setdefault(event.event_id, event)",
        "found[str(len(found))] = event",
        "test_reading.py",
    ),
    Control(
        "iteration yields each id once",
        "_recent.py",
        "return False",
        "return True",
        "test_reading.py",
    ),
    Control(
        "a reader waits for an append in flight",
        "_openlog.py",
        'block if block.endswith(b"\\n") else self._complete_line(offset)',
        "block",
        "test_contention.py",
    ),
    Control(
        "a read covers the log as it was when it began",
        "_openlog.py",
        "self.blocks(start, self.size)",
        "self.blocks(start, 1 << 62)",
        "test_reading.py",
    ),
    Control(
        "the file is synced",
        "_appendlog.py",
        "_file.sync_file(fd)",
        "pass",
        "test_durability.py",
    ),
    Control(
        "the directory is synced",
        "_appendlog.py",
        "_file.sync_directory(self.path.parent)",
        "pass",
        "test_durability.py",
    ),
    Control(
        "warnings are bounded",
        "_reading.py",
        "if malformed <= _MAX_WARNINGS:",
        "if True:",
        "test_reading.py",
    ),
    Control(
        "a repair puts what it takes out beside the log",
        "_mend.py",
        "rejected.put()",
        "pass",
        "test_repair.py",
    ),
    Control(
        "a repair excludes writers",
        "_heldlog.py",
        "if not _lock.acquire(self._fd):",
        "if False:",
        "test_repair_contention.py",
    ),
    Control(
        "a repaired log is synced before it is put in place",
        "_nextversion.py",
        "_file.sync_file(self._fd)",
        "pass",
        "test_repair_refused.py",
    ),
    Control(
        "what is a value of another record is not taken for an event",
        "_salvage.py",
        "if skipped.rstrip().endswith(_BEFORE_A_VALUE):",
        "if False:",
        "test_salvage.py",
    ),
]


def first_failure(project: Path, test: str) -> str | None:
    """Run one test file in a copy of the project; return the first test that fails, if any."""
    options = ["-x", "-q", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, str(TESTS / test)]
    # A group of its own, so that what the tests have started ends with them.
    with subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            output, _ = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return "a test that never ends"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    failure = re.search(r"^(?:FAILED|ERROR) \S*?::(\S+)", output, re.MULTILINE)
    if process.returncode == 0:
        return None
    return failure[1] if failure else output[-2000:]


def main() -> int:
    """Try every control; return how many protections could be removed unnoticed."""
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in ("src", "tests"):
            shutil.copytree(ROOT / name, project / name)
        shutil.copy(ROOT / "pyproject.toml", project)
        for test in sorted({control.test for control in CONTROLS}):
            if failure := first_failure(project, test):
                sys.exit(f"{test} fails with every protection in place: {failure}")
        for control in CONTROLS:
            module = project / SOURCES / control.module
            original = module.read_text(encoding="utf-8")
            if control.old not in original:
                sys.exit(f"{control.module} has no {control.old!r}")
            module.write_text(original.replace(control.old, control.new), encoding="utf-8")
            failure = first_failure(project, control.test)
            module.write_text(original, encoding="utf-8")
            unnoticed += failure is None
            print(f"{control.name}: {failure or 'NOTHING TURNED RED'}", flush=True)
    print(f"{len(CONTROLS) - unnoticed} of {len(CONTROLS)} protections are missed when removed")
    return unnoticed


if __name__ == "__main__":
    sys.exit(main())
