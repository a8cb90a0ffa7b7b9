"""What is tried again, after which pause, and what is said of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import psycopg
import pytest
from psycopg import errors

from specify_cli.telemetry.postgres.attempt import Attempts
from specify_cli.telemetry.postgres.deadline import Deadline
from specify_cli.telemetry.postgres.session import NotReplicatedError

Told = tuple[bool, bool]

AGAIN, GIVEN_UP = (True, False), (False, False)
UNKNOWN_AGAIN, UNKNOWN = (True, True), (False, True)


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long was slept, which is the longest that chance allows; it takes no time."""
    slept: list[float] = []

    def longest(first: float, last: float) -> float:
        assert first == 0
        return last

    monkeypatch.setattr(random, "uniform", longest)
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def error_of(state: str, text: str = "refused") -> psycopg.Error:
    """Return the error that the driver has for a code of the server's."""
    return errors.lookup(state)(text)


def after(
    attempts: Attempts, error: Exception, *, is_connected: bool = True, is_stale: bool = False
) -> Told:
    """Return whether to try again, and whether the outcome is unknown."""
    again = attempts.after(error, is_connected=is_connected, is_stale=is_stale)
    return again, attempts.outcome_is_unknown


@pytest.mark.parametrize(
    ("error", "new", "stale"),
    [
        (error_of("40001"), AGAIN, AGAIN),
        (error_of("40P01"), AGAIN, AGAIN),
        (error_of("40003"), UNKNOWN_AGAIN, UNKNOWN_AGAIN),
        (error_of("08006"), UNKNOWN, UNKNOWN_AGAIN),
        (error_of("57P01"), UNKNOWN, UNKNOWN_AGAIN),
        (error_of("57014"), UNKNOWN, UNKNOWN_AGAIN),
        (psycopg.OperationalError("lost"), UNKNOWN, UNKNOWN_AGAIN),
        (ConnectionResetError("lost"), UNKNOWN, UNKNOWN_AGAIN),
        (TimeoutError("not answered"), UNKNOWN, UNKNOWN),
        (NotReplicatedError("waited for nobody"), UNKNOWN, UNKNOWN),
        (NotReplicatedError("the database system is shutting down"), UNKNOWN, UNKNOWN),
        (error_of("22001"), GIVEN_UP, AGAIN),
        (error_of("23505"), GIVEN_UP, AGAIN),
        (error_of("XX000", "too many clients"), GIVEN_UP, AGAIN),
    ],
    ids=repr,
)
def test_what_is_tried_again_may_pass(error: Exception, new: Told, stale: Told) -> None:
    """A lost connection may have been dead for long; a new one that is lost is enough."""
    deadline = Deadline(10)
    assert after(Attempts(deadline), error) == new
    assert after(Attempts(deadline), error, is_stale=True) == stale


def test_a_server_that_cannot_be_reached_is_not_asked_again() -> None:
    """And was asked nothing, so that nothing is unknown."""
    for error in (psycopg.OperationalError("refused"), TimeoutError(), error_of("08006")):
        assert after(Attempts(Deadline(10)), error, is_connected=False) == GIVEN_UP


@pytest.mark.parametrize(
    "text",
    [
        "the database system is starting up",
        "sorry, too many clients already",
        'too many connections for role "kitty"',
        "remaining connection slots are reserved",
        "no more connections allowed (max_client_conn)",
        "no login (server_login_retry)",
    ],
)
def test_what_a_server_says_while_it_has_no_room_passes(text: str) -> None:
    """Whether it says so when it is connected to or when it is asked."""
    for is_connected in (True, False):
        error = psycopg.OperationalError(text)
        assert after(Attempts(Deadline(10)), error, is_connected=is_connected) == AGAIN


def test_tables_are_made_once() -> None:
    """If another one makes them at the same time, it is tried again."""
    made_by_another = [error_of(state) for state in ("23505", "42P07", "42710", "XX000")]
    attempts = Attempts(Deadline(10))
    assert [after(attempts, error) for error in made_by_another] == [GIVEN_UP] * 4
    assert after(attempts, error_of("42P01")) == AGAIN
    assert (attempts.lacks_tables, attempts.cannot_prepare) == (True, False)
    assert [after(attempts, error) for error in made_by_another] == [AGAIN] * 4
    assert after(attempts, error_of("22001")) == GIVEN_UP
    assert after(attempts, error_of("42P01")) == GIVEN_UP


@pytest.mark.parametrize("state", ["26000", "42P05"])
def test_preparing_is_given_up_once(state: str, slept: list[float]) -> None:
    """And at once."""
    attempts = Attempts(Deadline(10))
    assert after(attempts, error_of(state)) == AGAIN
    assert (attempts.lacks_tables, attempts.cannot_prepare) == (False, True)
    assert after(attempts, error_of(state)) == GIVEN_UP
    assert slept == []


def test_pauses_double_up_to_a_second(slept: list[float]) -> None:
    """By chance they are shorter."""
    attempts = Attempts(Deadline(None))
    assert [after(attempts, error_of("40001")) for _ in range(9)] == [AGAIN] * 9
    assert slept == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0]


def test_no_pause_is_longer_than_what_is_left(slept: list[float]) -> None:
    """Then there is no other attempt."""
    attempts = Attempts(Deadline(0.005))
    assert after(attempts, error_of("40001")) == GIVEN_UP
    assert slept == []


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what sets the clock."""
    return lambda now: monkeypatch.setattr(time, "monotonic", lambda: now)


def test_a_deadline_is_met_to_the_moment(set_clock: Callable[[float], None]) -> None:
    """When it is there, nothing is left."""
    set_clock(10.0)
    deadline = Deadline(5)
    assert deadline.left() == 5
    set_clock(14.5)
    assert deadline.left() == 0.5
    assert (deadline.allows(0.4), deadline.allows(0.5)) == (True, False)
    set_clock(15.0)
    with pytest.raises(TimeoutError, match=r"^the server has not answered in 5 seconds$"):
        deadline.left()
    endless = Deadline(None)
    assert (endless.left(), endless.allows(1e9)) == (None, True)
