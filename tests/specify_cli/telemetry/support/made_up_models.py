"""Types of events, made up with all that pydantic offers, and events of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, Union

import pydantic
import typing_extensions
from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    RootModel,
    Tag,
    TypeAdapter,
    computed_field,
)

from .chance import Chance
from .made_up_compounds import kind
from .made_up_fields import FieldMade, core, definitions_of, methods
from .made_up_kinds import (
    TEXTS,
    Kind,
    Make,
    anything,
    new_model,
    new_typed_dict,
    root_model_of,
)

# What is made up is not for a type checker.
_named_type: Any = typing_extensions.TypeAliasType
_data_class: Any = pydantic.dataclasses.dataclass
_CONFIG: list[dict[str, Any]] = [
    {"extra": "allow"},
    {"extra": "forbid"},
    {"strict": True},
    {"frozen": True},
    {"populate_by_name": True},
    {"str_strip_whitespace": True},
    {"str_to_lower": True},
    {"str_max_length": 30},
    {"use_enum_values": True},
    {"coerce_numbers_to_str": True},
    {"revalidate_instances": "always"},
    {"ser_json_timedelta": "float"},
    {"ser_json_bytes": "base64", "val_json_bytes": "base64"},
    {"ser_json_inf_nan": "strings"},
    {"allow_inf_nan": False},
    {"alias_generator": str.upper},
    {"validate_by_alias": False, "validate_by_name": True},
]


@dataclass(frozen=True)
class Made:
    """A type of events.

    Attributes:
        type: The type.
        make: What makes an event, or raises what pydantic does.
        fields: The kinds of its fields, by their names.
    """

    type: Any
    make: Make
    fields: dict[str, Kind]


def _model(chance: Chance, fields: dict[str, Kind]) -> Made:
    config: dict[str, Any] = {}
    for one in chance.some_of(_CONFIG, 3):
        config.update(one)
    known, definitions = definitions_of(chance, fields)
    model = new_model(
        "Made",
        __config__=config,
        __validators__=methods(chance, list(fields)),
        **definitions,
    )
    if chance.once_in(8):
        model = type(
            "Extended",
            (model,),
            {
                "_seen": PrivateAttr(default_factory=list),
                "label": computed_field(property(_text)),
                "__module__": __name__,
            },
        )
    if config.get("alias_generator"):
        known = [
            dataclasses.replace(field, input_key=field.name.upper())
            if field.input_key == field.name
            else field
            for field in known
        ]
    if config.get("validate_by_alias") is False:
        known = [dataclasses.replace(field, input_key=field.name) for field in known]
    return Made(model, _making(model, known, config.get("extra")), fields)


def _text(_: object) -> str:
    return "label"


def _making(type_: Any, known: list[FieldMade], extra: str | None) -> Make:
    adapter = TypeAdapter(type_)

    def make(chance: Chance) -> Any:
        data = {
            field.input_key: field.kind.make(chance)
            for field in known
            if field.is_required or not chance.once_in(2)
        }
        if extra == "allow" and chance.once_in(2):
            data[chance.one_of(["more", "type", *TEXTS])] = anything(chance)
        event = adapter.validate_python(data)
        return _bypassed(chance, event) if chance.once_in(6) else event

    return make


def _bypassed(chance: Chance, event: Any) -> Any:
    """Return an event that went round the checks of its type."""
    if not isinstance(event, BaseModel) or isinstance(event, RootModel):
        return event
    names = list(type(event).model_fields)
    form = chance.below(4)
    if form == 0:
        return event.model_copy(update={chance.one_of(names): anything(chance)})
    if form == 1:
        return event.model_copy(update={"stray": anything(chance)})
    if form == 2:
        values = {name: getattr(event, name) for name in names}
        values.pop(chance.one_of(names))
        return type(event).model_construct(**values)
    model: Any = type(event)
    longer = new_model("Longer", __base__=model, longer=(int, 1))
    return longer.model_construct(**{name: getattr(event, name) for name in names})


def _pydantic_dataclass(chance: Chance, fields: dict[str, Kind]) -> Made:
    config: dict[str, Any] = {}
    for one in chance.some_of(_CONFIG, 2):
        config.update(one)
    known, definitions = definitions_of(chance, fields)
    options: dict[str, Any] = {"kw_only": True, "slots": chance.once_in(4)}
    namespace = {"__annotations__": {name: type_ for name, (type_, _) in definitions.items()}}
    namespace |= {name: default for name, (_, default) in definitions.items()}
    type_ = _data_class(type("MadeData", (), namespace), config=config or None, **options)
    if config.get("alias_generator") or config.get("validate_by_alias") is False:
        known = [dataclasses.replace(f, input_key=f.name) for f in known]
    return Made(type_, _making(type_, known, config.get("extra")), fields)


def _plain_dataclass(chance: Chance, fields: dict[str, Kind]) -> Made:
    options: dict[str, Any] = {"frozen": chance.once_in(3), "slots": chance.once_in(4)}
    type_ = dataclasses.make_dataclass(
        "Data", [(name, of.type) for name, of in fields.items()], **options
    )
    known = [
        FieldMade(name, of, ..., is_required=True, input_key=name) for name, of in fields.items()
    ]
    return Made(type_, _making(type_, known, None), fields)


def _typed_dict(chance: Chance, fields: dict[str, Kind]) -> Made:
    optional = {name for name in fields if chance.once_in(5)}
    types: dict[str, Any] = {
        name: NotRequired[of.type] if name in optional else of.type for name, of in fields.items()
    }
    type_ = new_typed_dict("MadeDict", types)
    known = [
        FieldMade(name, of, ..., is_required=name not in optional, input_key=name)
        for name, of in fields.items()
    ]
    return Made(type_, _making(type_, known, None), fields)


def _root_model(chance: Chance, fields: dict[str, Kind]) -> Made:
    inner = chance.one_of([_model, _plain_dataclass, _typed_dict])(chance, fields)
    type_ = root_model_of[inner.type]
    return Made(type_, lambda c: type_(inner.make(c)), fields)


def _any_dict(chance: Chance, fields: dict[str, Kind]) -> Made:
    type_: Any = chance.one_of([dict[str, Any], dict, dict[str, str], dict[str, int | str]])
    known = [
        FieldMade(name, of, ..., is_required=True, input_key=name) for name, of in fields.items()
    ]
    opened = {name: dataclasses.replace(of, is_open=True) for name, of in fields.items()}
    is_open = type_ in (dict, dict[str, Any])
    return Made(type_, _making(type_, known, "allow"), opened if is_open else fields)


def _union(chance: Chance, fields: dict[str, Kind]) -> Made:
    form = chance.below(3)
    one = _SINGLE[chance.below(4)](chance, fields)
    others = {**fields, "other": kind(chance, 1)} if chance.below(2) else core(chance)
    other = _SINGLE[chance.below(4)](chance, others)
    type_: Any = Union[one.type, other.type]  # noqa: UP007  # values, not names
    if one.type == other.type:
        pass
    elif form == 1:
        type_ = Annotated[type_, Field(union_mode="left_to_right")]
    elif form == 2:
        tagged = (Annotated[one.type, Tag("one")], Annotated[other.type, Tag("other")])
        type_ = Annotated[
            Union[tagged],  # noqa: UP007  # the same
            pydantic.Discriminator(lambda v: "other" if _has_other(v) else "one"),
        ]
    both = {**fields, **others}
    for name, of in fields.items():
        both[name] = dataclasses.replace(of, is_open=of.is_open or both[name].is_open)
    return Made(type_, lambda c: (other if c.below(2) else one).make(c), both)


def _has_other(value: Any) -> bool:
    return "other" in value if isinstance(value, dict) else hasattr(value, "other")


def _named(chance: Chance, fields: dict[str, Kind]) -> Made:
    inner = _model(chance, fields)
    type_ = _named_type("Named", inner.type)
    return Made(type_, inner.make, inner.fields)


_SINGLE: list[Callable[[Chance, dict[str, Kind]], Made]] = [
    _model,
    _plain_dataclass,
    _typed_dict,
    _pydantic_dataclass,
    _root_model,
    _any_dict,
    _named,
]
_FORMS = [_model, _model, _model, *_SINGLE[1:], _union]
_NAMES = ["payload", "a", "b", "extra_b", "x1"]


def made_up(chance: Chance) -> Made:
    """Make up a type of events."""
    fields = core(chance)
    for name in _NAMES[: chance.below(len(_NAMES))]:
        fields[name] = kind(chance)
    return chance.one_of(_FORMS)(chance, fields)
