"""Arguments that several commands take."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._codec import codec_of
from .._contract import Event
from ..query import Selection, time_since, where
from .model import model_named

CLEAN, PROBLEMS, UNREADABLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Attributes:
        name: What it is called.
        summary: What it does, in a few words.
        description: What it does, and its exit status.
        epilog: What it writes, for those who parse it.
        add_arguments: Adds what it takes to its parser.
        run: Does it, and returns the exit status.
    """

    name: str
    summary: str
    description: str
    epilog: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def add_logs(parser: argparse.ArgumentParser) -> None:
    """Take any number of logs."""
    parser.add_argument("paths", metavar="LOG", nargs="+", help="a log")


def add_model(parser: argparse._ActionsContainer) -> None:
    """Take the model of the events."""
    parser.add_argument(
        "--model",
        metavar="MODULE:CLASS",
        type=model_named,
        help="the type of the events or the class of their store, if not this package's",
    )


def add_model_or_records(parser: argparse.ArgumentParser) -> None:
    """Take the model of the events, or that any JSON object is a record."""
    group = parser.add_mutually_exclusive_group()
    add_model(group)
    group.add_argument(
        "--records",
        action="store_true",
        help="for a log of anything: every JSON object is a record, and repeats are meant",
    )


def event_model_of(options: argparse.Namespace) -> Any:
    """Return the type of the events; None if any JSON object is a record."""
    return None if options.records else options.model or Event


def asks_for_model(options: argparse.Namespace) -> bool:
    """Return whether another model than the usual one may be meant."""
    return options.model is None and not options.records


def noun_of(options: argparse.Namespace) -> str:
    """Return what an event is called."""
    return "record" if options.records else "event"


def add_json(parser: argparse._ActionsContainer, what: str = "print JSON, for tools") -> None:
    """Take ``--json``."""
    parser.add_argument("--json", action="store_true", help=what)


def add_limit(parser: argparse.ArgumentParser, what: str) -> None:
    """Take how much is shown of each log."""
    parser.add_argument(
        "--limit",
        metavar="N",
        type=count,
        default=10,
        help=f"show the first N {what} of each log (default: %(default)s); at most 1000",
    )


def count(text: str) -> int:
    """Return a number from 0 on."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return int(text)


def names(text: str) -> list[str]:
    """Return the names in a list with commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of fields: agent,model")
    return found


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Take which records are asked for."""
    group = parser.add_argument_group("which records")
    group.add_argument("--aggregate", metavar="ID", help="of this aggregate")
    group.add_argument("--type", metavar="TYPE", help="of this type")
    group.add_argument("--node", metavar="NODE", help="of this node")
    group.add_argument(
        "--since", metavar="TIME", type=_since, help="not older: 90s, 30m, 2h, 7d, or an ISO time"
    )
    group.add_argument(
        "--where",
        metavar="FIELD=VALUE",
        type=_where,
        action="append",
        default=[],
        help="with this value, in the payload or beside it; dots lead into objects",
    )
    group.add_argument(
        "--model",
        metavar="MODULE:CLASS",
        type=model_named,
        help="only events of this type or store; by default any JSON object is a record",
    )


def selection_of(options: argparse.Namespace) -> Selection:
    """Return which records are asked for."""
    loads = None
    if options.model is not None:
        loads = codec_of(options.model).loads

    return Selection(
        options.aggregate, options.type, options.node, options.since, tuple(options.where), loads
    )


def _since(text: str) -> datetime:
    try:
        return time_since(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _where(text: str) -> tuple[str, str]:
    try:
        return where(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
