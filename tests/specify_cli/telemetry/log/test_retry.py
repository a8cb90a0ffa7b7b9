"""What is refused while another program has a file open is tried again for a while."""

from __future__ import annotations

import errno
import time

import pytest

from specify_cli.telemetry._log.retry import retried


def refusing(times: int, error: OSError) -> list[OSError]:
    """Return the errors of an action that is refused so many times."""
    return [error] * times


@pytest.mark.parametrize("number", [errno.EACCES, errno.EEXIST])
def test_an_action_is_tried_until_it_works(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and then with longer and longer pauses."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    refusals = refusing(3, OSError(number, "refused"))

    def act() -> str:
        if refusals:
            raise refusals.pop()
        return "done"

    assert retried(act, seconds=5) == "done"
    assert len(pauses) == 3
    assert pauses == sorted(pauses)
    assert pauses[0] == 0
    assert pauses[1] > 0


def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many seconds of pauses, the last error comes through."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    def act() -> str:
        raise PermissionError(errno.EACCES, "refused")

    with pytest.raises(PermissionError):
        retried(act, seconds=0)
    assert pauses == []
    with pytest.raises(PermissionError):
        retried(act, seconds=1)
    assert 1 <= sum(pauses) < 1.2


def test_other_errors_come_through_at_once() -> None:
    """Waiting would not help."""

    def act() -> str:
        raise FileNotFoundError(errno.ENOENT, "missing")

    with pytest.raises(FileNotFoundError):
        retried(act, seconds=1)
