"""What the packages are, and what the distributions hold."""

from __future__ import annotations

import email
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from specify_cli import spec_kitty_events, telemetry

from .conftest import ROOT
from .processes import run_python

PACKAGES = {"spec_kitty_telemetry/spec_kitty_events": spec_kitty_events}
PACKAGES["spec_kitty_telemetry"] = telemetry

# Nobody who tests, releases or goes on with the project needs what is left out.
NOT_IN_THE_SDIST = {".gitattributes"}


def files_of_the_wheel() -> set[str]:
    """Return the files of both packages, each under its name in the wheel."""
    return {
        f"{folder}/{path.relative_to(package.__path__[0]).as_posix()}"
        for folder, package in PACKAGES.items()
        for path in Path(package.__path__[0]).rglob("*")
        if path.suffix in {".py", ".typed"}
    }


def test_the_tests_use_the_code_and_not_themselves() -> None:
    """Nothing named like the packages comes from the tests, although their folders are so named."""
    top_level = sys.modules[telemetry.__name__.partition(".")[0]]
    for package in (top_level, spec_kitty_events, telemetry):
        paths = [Path(path).resolve() for path in package.__path__]
        assert paths
        assert not any(path.is_relative_to(ROOT / "tests") for path in paths)
    assert __name__.partition(".")[0] == "tests"
    assert not hasattr(telemetry, "project")


def test_public_names_are_sorted() -> None:
    """The public names are few and in order, and each can be had."""
    assert telemetry.__all__ == [
        "Event",
        "EventStore",
        "InMemoryEventStore",
        "JsonlEventStore",
        "JsonlLog",
        "LockTimeoutError",
        "MalformedLineError",
        "NewEvents",
        "SimpleJsonStore",
        "StorageError",
        "Transaction",
        "check_log",
        "repair_log",
    ]
    assert all(getattr(telemetry, name).__name__ == name for name in telemetry.__all__)
    assert telemetry.SimpleJsonStore.__module__ == "specify_cli.telemetry.store"


def test_there_are_no_other_names() -> None:
    """A misspelled name is refused as any module refuses it."""
    with pytest.raises(AttributeError, match=r"^module '[\w.]+' has no attribute 'check_logs'$"):
        getattr(telemetry, "check_logs")  # noqa: B009  # a type checker knows that it is not there


def test_what_is_exported_of_the_contract_is_the_contract() -> None:
    """The names are the same classes, however they are imported."""
    for name in ("Event", "EventStore", "InMemoryEventStore", "StorageError"):
        assert getattr(telemetry, name) is getattr(spec_kitty_events, name)


def test_importing_the_package_loads_only_the_store() -> None:
    """Whoever only records events pays for neither check nor repair, until they ask for one."""
    code = """
        import sys
        from specify_cli import telemetry

        def loaded():
            wings = ("check", "repair", "postgres", "sync", "testing", "_cli")
            return [wing for wing in wings if f"{telemetry.__name__}.{wing}" in sys.modules]

        assert loaded() == [], loaded()
        from specify_cli.telemetry import SimpleJsonStore, Event, InMemoryEventStore
        assert loaded() == [], loaded()
        from specify_cli.telemetry import check_log
        assert loaded() == ["check"], loaded()
        from specify_cli.telemetry import repair_log
        assert "_cli" not in loaded() and "testing" not in loaded(), loaded()
    """
    run_python(["-c", _dedented(code)], ROOT, *map(Path, sys.path))


def test_a_store_without_a_warning_loads_no_logging(log: Path) -> None:
    """Nor what else only some of its calls need; pydantic may have loaded it all the same."""
    code = f"""
        import sys
        from pydantic import BaseModel

        class Model(BaseModel):
            number: int

        before = {{*sys.modules}}
        from specify_cli.telemetry import SimpleJsonStore
        store = SimpleJsonStore({str(log)!r})
        assert store.load_all_events() == []
        assert not {{"hashlib", "logging", "ulid"}} & {{*sys.modules}} - before
        with open(store.file_path, "wb") as file:
            file.write(b"{{\\n")
        assert store.load_all_events() == []
        assert "logging" in sys.modules
    """
    run_python(["-c", _dedented(code)], ROOT, *map(Path, sys.path))


def _dedented(code: str) -> str:
    # Not by textwrap: the name of the package may be replaced in a copy of this test.
    return "\n".join(line.removeprefix("        ") for line in code.splitlines())


def test_the_wheel_holds_one_package_of_its_own_name(wheel: Path) -> None:
    """All the files of the tree are in it, and nothing under specify_cli, which is spec-kitty's."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == files_of_the_wheel()
    assert {name.partition("/")[0] for name in names} == {"spec_kitty_telemetry"}


def test_the_metadata_of_the_wheel(wheel: Path) -> None:
    """It has the version of the package, two requirements and one for an extra, and one program."""
    with zipfile.ZipFile(wheel) as archive:
        (folder,) = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        metadata = email.message_from_bytes(archive.read(f"{folder}/METADATA"))
        programs = archive.read(f"{folder}/entry_points.txt").decode()
    assert metadata["Version"] == telemetry.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Requires-Dist") == [
        "pydantic>=2.7.3",
        "python-ulid>=2.0.1",
        "psycopg[binary]>=3.2; extra == 'postgres'",
    ]
    assert programs.split() == [
        "[console_scripts]",
        "spec-kitty-telemetry",
        "=",
        "spec_kitty_telemetry._cli:main",
    ]


def test_the_source_distribution_holds_the_project(sdist: Path) -> None:
    """Whatever is in the repository is in it too: tests, tools and pages, not only the packages."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/specify_cli/{name}" for name in files_of_the_tree()} <= names
    assert "src/specify_cli/__init__.py" not in names
    listed = subprocess.run(
        ["git", "ls-files"],  # noqa: S607  # whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        assert set(listed.stdout.splitlines()) - NOT_IN_THE_SDIST <= names


def files_of_the_tree() -> set[str]:
    """Return the files of both packages, each under its name in the source tree."""
    return {
        path.relative_to(Path(telemetry.__path__[0]).parent).as_posix()
        for package in PACKAGES.values()
        for path in Path(package.__path__[0]).rglob("*.py")
    }


def test_the_source_distribution_can_be_tested(sdist: Path, tmp_path: Path) -> None:
    """Unpacked, it has what its tests need: here those of its pages and examples."""
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()
    tests = [f"test_{name}.py" for name in ("docs", "docstrings", "examples")]
    folder = root / "tests" / "specify_cli" / "telemetry"
    paths = [*(folder / "project" / name for name in tests), folder / "jsonl" / "test_store.py"]
    output = run_python(["-m", "pytest", "-q", "-p", "no:cacheprovider", *paths], root)
    assert " passed" in output.splitlines()[-1]
