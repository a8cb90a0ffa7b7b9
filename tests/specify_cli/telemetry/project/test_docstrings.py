"""Every public name has a docstring with an example, and every example is true."""

from __future__ import annotations

import doctest
import inspect
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ulid import ULID

from specify_cli import spec_kitty_events, telemetry
from specify_cli.telemetry import JsonlEventStore, JsonlLog, SimpleJsonStore, check, repair
from specify_cli.telemetry._recorder import Recorder
from specify_cli.telemetry.jsonl.file import JsonlFile

from ..support.events import make_event


def public_names() -> dict[str, object]:
    """Return whatever is public, by name: what the packages export, and the store's methods."""
    found: dict[str, object] = {}
    packages = {
        "telemetry": telemetry,
        "check": check,
        "repair": repair,
        "spec_kitty_events": spec_kitty_events,
    }
    for package_name, package in packages.items():
        for name in package.__all__:
            if inspect.isroutine(member := getattr(package, name)) or inspect.isclass(member):
                found[f"{package_name}.{name}"] = member
    for owner in (JsonlEventStore, JsonlFile, JsonlLog, Recorder):
        for name, member in vars(owner).items():
            is_method = inspect.isfunction(member) or isinstance(member, property)
            if is_method and not name.startswith("_"):
                found[f"{owner.__name__}.{name}"] = member
    return found


PUBLIC = public_names()


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_of_a_public_name_is_true(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has an example, and running the example prints what the docstring says it prints."""
    text = PUBLIC[name].__doc__
    assert text, f"{name} has no docstring"
    # The examples take these as given, as the person who reads one does. They import nothing: the
    # packages have another name where they are vendored.
    given = {
        **{public: getattr(telemetry, public) for public in telemetry.__all__},
        "check_log": check.check_log,
        "repair_log": repair.repair_log,
        **{public: getattr(spec_kitty_events, public) for public in spec_kitty_events.__all__},
        "ULID": ULID,
        "UTC": UTC,
        "datetime": datetime,
        "event": make_event(lamport_clock=2),
        "other_event": make_event(lamport_clock=1),
        "store": SimpleJsonStore("events.jsonl"),
    }
    example = doctest.DocTestParser().get_doctest(inspect.cleandoc(text), given, name, name, 0)
    assert example.examples, f"{name} has no example"
    monkeypatch.chdir(tmp_path)
    output: list[str] = []
    options = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    result = doctest.DocTestRunner(optionflags=options).run(example, out=output.append)
    assert not result.failed, "".join(output)


def test_the_examples_are_of_everything_that_is_public() -> None:
    """Exports of both packages, methods and the property are among what is tried."""
    assert {"telemetry.SimpleJsonStore", "spec_kitty_events.Event"} <= PUBLIC.keys()
    assert {"JsonlEventStore.save_event", "JsonlFile.file_path"} <= PUBLIC.keys()
