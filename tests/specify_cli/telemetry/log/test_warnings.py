"""Where a warning says that it comes from."""

from __future__ import annotations

import pytest

from specify_cli.telemetry._log.logger import Logger


def warn() -> None:
    """Warn of something."""
    Logger("a name").warning("skipping %s of %d", "line", 3)


def test_a_warning_is_of_the_code_that_gives_it(caplog: pytest.LogCaptureFixture) -> None:
    """Under the store's name; neither of the class between nor of who called that code."""
    warn()
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("a name", "WARNING")
    assert record.getMessage() == "skipping line of 3"
    assert (record.pathname, record.funcName) == (__file__, warn.__name__)
