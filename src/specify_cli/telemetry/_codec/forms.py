"""How each kind of object that an event is comes into a line."""

from __future__ import annotations

from typing import Any, NamedTuple

from .fields import content_of, is_opaque
from .first_form import FIRST_FORM
from .known_types import KnownTypes, known_types
from .shapes import EventType, Shape


class Form(NamedTuple):
    """How one kind of object comes into a line.

    Attributes:
        keys: The fields that are there under another name.
        opaque: The fields that take whatever JSON has, and give it back as JSON has it.
        is_open: Whether the fields that are not declared do.
    """

    keys: dict[str, str]
    opaque: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    is_open: bool = False

    def renamed(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of an event under the names that they have in a line."""
        if not all(type(name) is str for name in record):
            raise TypeError("a field's name is not a str")
        if not self.keys:
            return record
        return {self.keys.get(name, name): value for name, value in record.items()}

    def takes_anything(self, name: str) -> bool:
        """Return whether a field takes whatever JSON has."""
        return name in self.opaque or (self.is_open and name not in self.declared)


class Forms:
    """The forms of the events of one type.

    Attributes:
        classes: What an event is an instance of.
        expected: The same in words.
        is_first_form: Whether they have the first form of the contract.
        known_types: What writes them without reading back, if anything does.
    """

    def __init__(self, type_: EventType) -> None:
        """Look at a type."""
        self.classes = tuple(dict.fromkeys(shape.made for shape in type_.shapes))
        self.expected = " or ".join(map(_full_name, self.classes))
        self._forms: dict[type, Form] = {}
        for shape in type_.shapes:
            # Which of several TypedDicts a dict is cannot be told: what holds for all of them does.
            known = self._forms.get(shape.content)
            self._forms[shape.content] = _form(shape) if known is None else _common(known, shape)
        first, *others = type_.shapes
        self.is_first_form = not others and _is_first_form(first)
        self.known_types: KnownTypes | None = None
        if not others:
            self.known_types = known_types(first, type_.validator.validate_python)

    def of(self, event: object) -> Form:
        """Return the form of an event."""
        kinds = type(content_of(event)).__mro__
        return next((self._forms[kind] for kind in kinds if kind in self._forms), _UNKNOWN)


_UNKNOWN = Form({})


def _form(shape: Shape) -> Form:
    fields = shape.fields
    return Form(
        keys={name: field.key for name, field in fields.items() if field.key != name},
        opaque=frozenset(name for name, field in fields.items() if is_opaque(field.schema)),
        declared=frozenset(fields),
        is_open=shape.values is not None and is_opaque(shape.values),
    )


def _common(form: Form, shape: Shape) -> Form:
    other = _form(shape)
    if form.keys != other.keys:
        name = min(form.keys.keys() ^ other.keys.keys() or form.keys)
        raise TypeError(f"{name}: has an alias in some of the TypedDicts and not in others")
    return Form(
        form.keys,
        form.opaque & other.opaque,
        form.declared | other.declared,
        is_open=form.is_open and other.is_open,
    )


def _is_first_form(shape: Shape) -> bool:
    return (
        shape.only_collects
        and shape.config.keys() <= {"title"}
        and all(field.has_one_key and field.key == name for name, field in shape.fields.items())
        and {name: field.schema for name, field in shape.fields.items()} == FIRST_FORM
    )


def _full_name(kind: type) -> str:
    return kind.__name__ if kind is dict else f"{kind.__module__}.{kind.__qualname__}"
