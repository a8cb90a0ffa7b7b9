"""The model that a command line names."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from functools import reduce
from typing import Any

from .._codec import codec_of


def model_named(name: str) -> Any:
    """Return the type of events, or the class of stores, that ``package.module:Class`` names.

    The module is looked for in the current directory too, as ``python -m`` does.

    Raises:
        argparse.ArgumentTypeError: There is none, or it is no type of events.
    """
    module_name, _, class_name = name.partition(":")
    if not (module_name and class_name):
        raise argparse.ArgumentTypeError(f"{name!r} is not of the form package.module:Class")
    if os.getcwd() not in sys.path and "" not in sys.path:  # noqa: PTH109  # as sys.path has it
        sys.path.insert(0, os.getcwd())  # noqa: PTH109  # the same
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever the module does when it is imported
        reason = " ".join(str(error).split()) or "no reason given"
        raise argparse.ArgumentTypeError(
            f"cannot import {module_name!r}: {type(error).__name__}: {reason}"
        ) from error
    try:
        model: object = reduce(getattr, class_name.split("."), module)
    except AttributeError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    try:
        codec_of(model)
    except TypeError as error:
        raise argparse.ArgumentTypeError(f"{name!r}: {error}") from None
    return model
