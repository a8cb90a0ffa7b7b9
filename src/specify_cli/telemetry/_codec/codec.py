r"""Events to lines and lines to events, without any I/O.

The file format::

    log     = *line
    line    = object LF
    object  = the fields of one event as a JSON object

Written, a line is UTF-8 (in fact ASCII) and has one form only: what ``json.dumps(...,
sort_keys=True)`` gives. Keys are sorted at every level, separators are ``", "`` and ``": "``,
non-ASCII characters are escaped, timestamps are in ``isoformat()``. Encoding what was decoded
therefore gives the same bytes, and two writers of one event write one line.

Read, any JSON spelling of a valid event will do: other spacing, key order and escapes, CR LF, a
byte order mark, lone surrogates, a last line without LF. Blank lines mean nothing. Every other line
is malformed; it never affects its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic

from pydantic import ValidationError

from .bound import Bound
from .event import EventT, shown
from .fields import content_of, field_in_json_terms, fields_of, record_of
from .first_form import first_form_text
from .forms import Forms
from .json_values import UnstorableError, dump, json_terms, parse
from .malformed import MalformedLineError, first_error, reason_of
from .shapes import event_type

_BOM = b"\xef\xbb\xbf"


class EventCodec(Generic[EventT]):
    """Turns the events of one type into lines and back.

    Args:
        model: A type of events: whatever pydantic validates.
        id_field: The field that tells an event from every other; None if every save is written.
        aggregate_field: The field that says what an event happened to; None if there is none.
        order_by: The fields that loads sort by, see ``Order``.
        id_form: A regular expression of the one form in which lines have ids.

    Attributes:
        model: The type.
        name: Its name, for messages.
        id_key: The key of the ids in a line, or how they are called; None if there are none.
        ids_are_verbatim: Whether an event's id is in its line as it is in the event, but for
            JSON's own escapes: the type neither changes, renames nor replaces it.
        read_ids: What tells which ids texts in lines are read as; None if only lines tell.
        aggregate_key: The same as ``id_key``, of its aggregate.
        aggregates_are_verbatim: The same as ``ids_are_verbatim``, of its aggregate.
        clocks_are_verbatim: Whether a clock is a number in its line, under its own name.
        clock_is_optional: Whether the type lets an event have no clock.
    """

    def __init__(
        self,
        model: Any,
        id_field: str | None = "event_id",
        aggregate_field: str | None = "aggregate_id",
        order_by: tuple[str, ...] | None = None,
        id_form: str | None = None,
    ) -> None:
        """Look at the type's schema, once.

        Raises:
            TypeError: It is no type of events, or a field that was named is none of its fields.
        """
        type_ = event_type(model)
        self._bound = bound = Bound(type_, id_field, aggregate_field, order_by, id_form)
        self._forms = Forms(type_)
        self.model = model
        self.name = type_.name
        self.id_key = bound.id_key
        self.ids_are_verbatim = bound.ids_are_verbatim
        self.read_ids = bound.read_ids
        self.aggregate_field = aggregate_field
        self.aggregate_key = bound.aggregate_key
        self.aggregates_are_verbatim = bound.aggregates_are_verbatim
        self.clocks_are_verbatim = bound.clocks_are_verbatim
        self.clock_is_optional = bound.order.clock_is_optional
        # Of such a type nothing but an event comes.
        self._makes_events = bound.sees_any_event
        # The events that may be written without reading them back.
        self._simple = self._forms.classes[0] if self._makes_events else None
        self._has_form = bound.has_form
        self._known_types = self._forms.known_types
        self._id_of = bound.id_of
        self._aggregate_of = bound.aggregate_of
        # What model_validate and model_validate_json call; a tenth of a load goes into their own
        # checks.
        self._validate = type_.validator.validate_python
        self._validate_json = type_.validator.validate_json

    def check(self, value: object) -> None:
        """Raise TypeError unless ``value`` is an event of the type."""
        if not isinstance(value, self._forms.classes):
            raise TypeError(
                f"not an event of this store, which takes {self._forms.expected}: {shown(value)}"
            )

    def id_of(self, value: EventT) -> Any:
        """Return the id of an event, whatever went round the type's checks; None without one."""
        try:
            return self._id_of(value)
        except AttributeError:
            return None

    def aggregate_of(self, value: EventT) -> Any:
        """Return the aggregate of an event; None if it has none."""
        return self._aggregate_of(value)

    def in_order(self, events: Iterable[EventT]) -> list[EventT]:
        """Return events in the order in which loads return them, ties as they come."""
        return self._bound.order.sorted(events)

    def encode(self, event: EventT) -> bytes:
        """Return the line that stores ``event``, newline included.

        ``decode`` gives an event whose fields equal this one's, what JSON has no form for in JSON
        terms where the type takes anything: unless the event is so simple that this is certain, the
        line has been read back.

        Raises:
            UnstorableError: No line would give the event back.
        """
        try:
            if self._has_form:
                self._bound.check_form(event)
            text = (
                self._simple_text(event) or self._plain_text(event) or self._converted_text(event)
            )
        except MemoryError:
            raise
        # The payload is the caller's, and the type too: they may raise anything.
        except Exception as error:
            raise UnstorableError(reason_of(error)) from error
        return text.encode("ascii") + b"\n"

    def decode(self, line: bytes) -> EventT:
        """Return the event that ``line`` holds, with or without its newline.

        Raises:
            MalformedLineError: The line is not an event, or its type raised something.
        """
        try:
            event: EventT = self._validate_json(line)
        except ValidationError as error:
            if first_error(error)["type"] != "json_invalid":
                raise MalformedLineError(reason_of(error)) from error
            event = self._decode_tolerantly(line)
        except MemoryError:
            raise
        except Exception as error:
            raise MalformedLineError(reason_of(error)) from error
        if not self._makes_events:
            self._check_made(event)
        return event

    def loads(self, line: bytes) -> bool:
        """Return whether ``line`` is an event."""
        try:
            self.decode(line)
        except MalformedLineError:
            return False
        return True

    def loads_as(self, line: bytes) -> Any:
        """Return the id of the event that ``line`` loads as, or None if it is malformed."""
        try:
            return self._id_of(self.decode(line))
        except MalformedLineError:
            return None

    def _check_made(self, made: Any) -> None:
        """See that what a type has made of a line is an event of it, and can be used as one."""
        if not isinstance(made, self._forms.classes):
            raise MalformedLineError(f"its model makes a {type(made).__name__} of it")
        self._bound.check_made(made)

    def _simple_text(self, event: EventT) -> str | None:
        """Return the JSON of an event that is certain to read back, or None."""
        if type(event) is not self._simple:
            return None
        if self._forms.is_first_form:
            return first_form_text(vars(event), self._validate)
        known = self._known_types
        return None if known is None else known.text_of(vars(event))

    def _plain_text(self, event: EventT) -> str | None:
        """Return the JSON of an event whose payload is in JSON terms already, as nearly all are."""
        fields = fields_of(event)
        try:
            text = dump(self._forms.of(event).renamed(record_of(fields)))
        except TypeError:
            return None
        stored = self.decode(text.encode())
        return text if fields_of(stored) == fields and self._are_alike(stored, event) else None

    def _converted_text(self, event: EventT) -> str:
        """Return the JSON of an event after putting each of its fields in JSON terms."""
        fields, form = fields_of(event), self._forms.of(event)
        record = {
            name: field_in_json_terms(name, value) for name, value in record_of(fields).items()
        }
        text = dump(form.renamed(record))
        made = self.decode(text.encode())
        stored = fields_of(made)
        for name, value in fields.items():
            if name not in stored:
                raise UnstorableError(f"{name}: {self.name} has no such field")
            if stored[name] == value:
                continue
            if form.takes_anything(name) and json_terms(stored[name]) == record[name]:
                continue
            raise UnstorableError(f"{name}: does not read back")
        for name in stored.keys() - fields.keys():
            raise UnstorableError(f"{name}: is missing, and would not be")
        if self._id_of(made) != self._id_of(event):
            # Saved again, it would not be known.
            raise UnstorableError("its id does not read back as it is: give it as JSON has it")
        if not self._are_alike(made, event):
            raise UnstorableError(f"it reads back as a {type(content_of(made)).__name__}")
        return text

    def _are_alike(self, one: EventT, other: EventT) -> bool:
        return self._forms.of(one) is self._forms.of(other)

    def _decode_tolerantly(self, line: bytes) -> EventT:
        """Decode what the fast parser refuses: lone surrogates, a byte order mark, deep nesting."""
        try:
            if line.startswith(_BOM):
                return self.decode(line.removeprefix(_BOM))
            event: EventT = self._validate(parse(line))
        except MemoryError:
            raise
        except Exception as error:
            raise MalformedLineError(reason_of(error)) from error
        return event


def is_blank(line: bytes) -> bool:
    """Return whether ``line`` holds nothing at all, and so nothing malformed either."""
    return not line.removeprefix(_BOM).strip()
