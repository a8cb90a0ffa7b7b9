"""Each protection taken out of the code: the simulation finds it, with no test written for it."""

from __future__ import annotations

import pytest

pytest.importorskip("greenlet")

from .explore import every_run, replayed
from .larger import LARGER
from .loaded import Images
from .planted import LIST, defects
from .suite import SUITE

_SCENARIOS = {scenario.name: scenario for scenario in [*SUITE, *LARGER]}

# Which scenario finds each of them first; ``tools/simulate.py --planted`` looks in all.
FOUND_BY = {
    "a copy of a descriptor is not lost to an interrupt": "interrupts",
    "a descriptor is not lost to an interrupt": "interrupts",
    "a directory changed just now is synced again": "power, made again at once",
    "a directory that may have changed is synced again": "power, made again",
    "a file changed in place under the index is noticed": "a rewrite",
    "a file replaced around the write is noticed": "a checkout",
    "a file replaced under the index is noticed": "a checkout of what is saved",
    "a follower notices that the log was replaced": "a checkout with the same end",
    "a follower sees nothing that may yet be rolled back": "errors and a follower",
    "a forked child gets locks of its own": "a fork beside the same save",
    "a child does not go on with the append of its parent": "a handler that forks",
    "a failed write is rolled back": "errors of reads",
    "a last line that counts as saved is ended": "killed, saved again and followed",
    "a line begins behind a newline": "joined lines",
    "a line in doubt is read before the lock is given back": "a full disk and a load",
    "a look-up that cannot close its file decides all the same": "errors",
    "a reader waits for an append in flight": "short writes and a load",
    "a rollback keeps what others appended": "a full disk beside others",
    "a rollback looks at the size last": "errors beside others",
    "a short read is not the end of the file": "short reads",
    "a torn tail is sealed": "batches",
    "an event that is looked up is not one that may yet be rolled back": (
        "removed, saved and refused"
    ),
    "an id that is found counts only if its line loads": "joined lines",
    "an id that is looked up counts only if its line loads": "joined lines",
    "an indexed id counts only if its line loads": "joined lines, synced",
    "directories above the log's are synced": "power, a new log",
    "errors that close would report are asked for in time": "a quota",
    "no thread waits for itself": "a handler that reads",
    "nobody forks while a descriptor has a copy": "a fork beside a save that is killed",
    "nothing is rolled back without the lock": "errors without locks",
    "of a link the directory of the file is synced": "power, a link",
    "repair: the repaired log is synced before it is put in place": "power, a repair",
    "repair: what is moved is beside the log": "a repair that is killed",
    "the directory is synced": "power, a new log",
    "the file is synced": "power, two saves",
    "the lock is given back, not only closed away": "a handler that saves",
    "waiting for the lock has an end": "a lock that is never given back",
    "what others appended is taken in": "two saves each",
    "writers lock the file": "the same event twice",
}


@pytest.mark.uncounted
@pytest.mark.skipif(not LIST.exists(), reason="the list of protections is not here")
@pytest.mark.parametrize("name", FOUND_BY)
def test_a_protection_that_is_taken_out_is_missed(name: str) -> None:
    """A simulation that could not fail would prove nothing; what it finds, it finds again."""
    (defect,) = [defect for defect in defects() if defect.name == name]
    scenario, images = _SCENARIOS[FOUND_BY[name]], Images(defect)
    findings = every_run(scenario, images)
    assert findings.violation is not None
    assert replayed(scenario, images, findings.choices) == findings.violation
