"""Types of events, made up with all that pydantic offers, and events of them."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Optional, Union

import pydantic
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    Field,
    PrivateAttr,
    RootModel,
    Tag,
    TypeAdapter,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_serializer,
    model_validator,
)
from typing_extensions import NotRequired, TypeAliasType, TypedDict

from .chance import Chance
from .made_up_kinds import SIMPLE, TEXTS, Kind, Make, anything, kind

_IDS = ["id-1", "id-2", "id-3", "ID-1", " id-1", "7", "é\u2028", "", '"\\']
_STR, _INT = SIMPLE[0], SIMPLE[1]
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
    {"validate_default": True},
    {"validate_assignment": True},
    {"revalidate_instances": "always"},
    {"ser_json_timedelta": "float"},
    {"ser_json_bytes": "base64"},
    {"val_json_bytes": "base64"},
    {"ser_json_inf_nan": "strings"},
    {"allow_inf_nan": False},
    {"arbitrary_types_allowed": True},
    {"alias_generator": str.upper},
    {"from_attributes": True},
    {"validate_by_alias": False, "validate_by_name": True},
    {"serialize_by_alias": True},
    {"loc_by_alias": False},
    {"hide_input_in_errors": True},
    {"cache_strings": "none"},
    {"regex_engine": "python-re"},
    {"title": "T"},
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


@dataclass(frozen=True)
class _Field:
    name: str
    kind: Kind
    default: Any
    is_required: bool
    input_key: str


def _id(chance: Chance) -> str:
    return chance.one_of(_IDS)


def _core(chance: Chance) -> dict[str, Kind]:
    """Return the fields that a log goes by; mostly as the contract has them."""
    text_id = Kind(str, _id)
    odd: list[Kind] = [
        Kind(Annotated[str, Field(min_length=1)], _id),
        Kind(Optional[str], lambda c: None if c.once_in(3) else _id(c)),  # noqa: UP045  # as users do
        Kind(uuid.UUID, lambda c: uuid.UUID(int=c.below(3))),
        Kind(int, lambda c: c.below(3)),
        Kind(Union[int, str], lambda c: c.one_of([1, "1", "a"])),  # noqa: UP007  # as users do
        Kind(Any, anything, is_open=True),
        Kind(Annotated[str, pydantic.StringConstraints(to_lower=True)], _id),
        Kind(Annotated[str, pydantic.BeforeValidator(lambda v: str(v).strip())], _id),
    ]
    fields = {"event_id": chance.one_of(odd) if chance.once_in(3) else text_id}
    fields["aggregate_id"] = chance.one_of(odd) if chance.once_in(4) else text_id
    if not chance.once_in(4):
        fields["lamport_clock"] = Kind(int, lambda c: c.below(4))
        if chance.once_in(4):
            fields["lamport_clock"] = kind(chance, 1)
    if not chance.once_in(4):
        fields["node_id"] = kind(chance, 1) if chance.once_in(4) else _STR
    return fields


def _definition(chance: Chance, name: str, of: Kind) -> tuple[_Field, Any]:
    """Return what is known of a field, and its definition for ``create_model``."""
    options: dict[str, Any] = {}
    key = name
    if chance.once_in(5):
        other = chance.one_of([f"{name}_x", name.upper(), "type", "é k", '"'])
        form, key = chance.one_of(
            [
                ({"alias": other}, other),
                ({"validation_alias": other}, other),
                ({"serialization_alias": other}, name),
                ({"validation_alias": AliasChoices(other, name)}, other),
                ({"validation_alias": AliasChoices(name, AliasPath("in", 0))}, name),
                ({"validation_alias": AliasPath(other)}, other),
                ({"validation_alias": other, "serialization_alias": "out"}, other),
            ]
        )
        options.update(form)
    if chance.once_in(8):
        options["exclude"] = True
    if chance.once_in(8):
        options["frozen"] = True
    is_required = not chance.once_in(3)
    type_, default = of.type, ...
    if not is_required:
        form = chance.below(3)
        if form == 0:
            type_, default = Optional[of.type], None
        elif form == 1:
            default = of.make(chance)
        else:
            options["default_factory"] = lambda: of.make(Chance(b""))
    if "default_factory" not in options:
        options["default"] = default
    of = dataclasses.replace(of, type=type_)
    return _Field(name, of, default, is_required, key), (type_, Field(**options))


def _methods(chance: Chance, names: list[str]) -> dict[str, Any]:
    """Return code of a model's own, seldom any."""
    name = chance.one_of(names)
    made: dict[str, Any] = {}
    if chance.once_in(6):
        made["check"] = field_validator(name, mode="before")(lambda _cls, value: value)
    if chance.once_in(6):
        made["strip"] = field_validator(name, mode="after")(
            lambda _cls, value: value.strip() if isinstance(value, str) else value
        )
    if chance.once_in(8):
        made["before"] = model_validator(mode="before")(classmethod(lambda _cls, data: data))
    if chance.once_in(10):
        made["after"] = model_validator(mode="after")(lambda self: self)
    if chance.once_in(10):
        made["wrap"] = model_validator(mode="wrap")(
            classmethod(lambda _cls, data, handler: handler(data))
        )
    if chance.once_in(10):
        made["show"] = field_serializer(name)(lambda _self, value: f"<{value}>")
    if chance.once_in(12):
        made["show_all"] = model_serializer(mode="plain")(lambda self: {"nothing": 1})
    return made


def _model(chance: Chance, fields: dict[str, Kind]) -> Made:
    config: dict[str, Any] = {}
    for one in chance.some_of(_CONFIG, 3):
        config.update(one)
    known, definitions = _definitions(chance, fields)
    model = create_model(
        "Made",
        __config__=config,  # type: ignore[arg-type]  # made up
        __validators__=_methods(chance, list(fields)),
        **definitions,
    )
    if chance.once_in(8):
        model = _Extended.of(model)
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


class _Extended:
    """Makes subclasses of models, with what fields cannot say."""

    @staticmethod
    def of(model: type[BaseModel]) -> type[BaseModel]:
        """Return a subclass with a private attribute and a computed field."""

        class Extended(model):  # type: ignore[misc,valid-type]  # made up
            _seen: list[int] = PrivateAttr(default_factory=list)

            @computed_field  # type: ignore[prop-decorator]  # as pydantic has it
            @property
            def label(self) -> str:
                """Return a text."""
                return "label"

            def model_post_init(self, context: Any, /) -> None:
                """Note that it was made."""
                super().model_post_init(context)
                self._seen.append(1)

        return Extended


def _definitions(chance: Chance, fields: dict[str, Kind]) -> tuple[list[_Field], dict[str, Any]]:
    known: list[_Field] = []
    definitions: dict[str, Any] = {}
    for name, of in fields.items():
        field, definitions[name] = _definition(chance, name, of)
        known.append(field)
    return known, definitions


def _making(type_: Any, known: list[_Field], extra: str | None) -> Make:
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
    longer = create_model("Longer", __base__=model, longer=(int, 1))
    return longer.model_construct(**{name: getattr(event, name) for name in names})


def _pydantic_dataclass(chance: Chance, fields: dict[str, Kind]) -> Made:
    config: dict[str, Any] = {}
    for one in chance.some_of(_CONFIG, 2):
        config.update(one)
    known, definitions = _definitions(chance, fields)
    options: dict[str, Any] = {"kw_only": True, "slots": chance.once_in(4)}
    namespace = {"__annotations__": {name: type_ for name, (type_, _) in definitions.items()}}
    namespace |= {name: default for name, (_, default) in definitions.items()}
    type_ = pydantic.dataclasses.dataclass(
        type("MadeData", (), namespace), config=config or None, **options
    )
    if config.get("alias_generator") or config.get("validate_by_alias") is False:
        known = [dataclasses.replace(f, input_key=f.name) for f in known]
    return Made(type_, _making(type_, known, config.get("extra")), fields)


def _plain_dataclass(chance: Chance, fields: dict[str, Kind]) -> Made:
    options: dict[str, Any] = {"frozen": chance.once_in(3), "slots": chance.once_in(4)}
    type_ = dataclasses.make_dataclass(
        "Data", [(name, of.type) for name, of in fields.items()], **options
    )
    known = [_Field(name, of, ..., is_required=True, input_key=name) for name, of in fields.items()]
    return Made(type_, _making(type_, known, None), fields)


def _typed_dict(chance: Chance, fields: dict[str, Kind]) -> Made:
    optional = {name for name in fields if chance.once_in(5)}
    types: dict[str, Any] = {
        name: NotRequired[of.type] if name in optional else of.type for name, of in fields.items()
    }
    type_ = TypedDict("MadeDict", types)  # type: ignore[misc]  # made up
    known = [
        _Field(name, of, ..., is_required=name not in optional, input_key=name)
        for name, of in fields.items()
    ]
    return Made(type_, _making(type_, known, None), fields)


def _root_model(chance: Chance, fields: dict[str, Kind]) -> Made:
    inner = chance.one_of([_model, _plain_dataclass, _typed_dict])(chance, fields)
    type_ = RootModel[inner.type]  # type: ignore[name-defined]  # made up
    return Made(type_, lambda c: type_(inner.make(c)), fields)


def _any_dict(chance: Chance, fields: dict[str, Kind]) -> Made:
    type_: Any = chance.one_of([dict[str, Any], dict, dict[str, str], dict[str, int | str]])
    known = [_Field(name, of, ..., is_required=True, input_key=name) for name, of in fields.items()]
    opened = {name: dataclasses.replace(of, is_open=True) for name, of in fields.items()}
    is_open = type_ in (dict, dict[str, Any])
    return Made(type_, _making(type_, known, "allow"), opened if is_open else fields)


def _union(chance: Chance, fields: dict[str, Kind]) -> Made:
    form = chance.below(3)
    one = _SINGLE[chance.below(4)](chance, fields)
    others = {**fields, "other": kind(chance, 1)} if chance.below(2) else _core(chance)
    other = _SINGLE[chance.below(4)](chance, others)
    type_: Any = Union[one.type, other.type]  # noqa: UP007  # values, not names
    if one.type == other.type:
        pass
    elif form == 1:
        type_ = Annotated[type_, Field(union_mode="left_to_right")]
    elif form == 2:
        tagged = (Annotated[one.type, Tag("one")], Annotated[other.type, Tag("other")])
        type_ = Annotated[
            Union[tagged], pydantic.Discriminator(lambda v: "other" if _has_other(v) else "one")
        ]
    both = {**fields, **others}
    for name, of in fields.items():
        both[name] = dataclasses.replace(of, is_open=of.is_open or both[name].is_open)
    return Made(type_, lambda c: (other if c.below(2) else one).make(c), both)


def _has_other(value: Any) -> bool:
    return "other" in value if isinstance(value, dict) else hasattr(value, "other")


def _named(chance: Chance, fields: dict[str, Kind]) -> Made:
    inner = _model(chance, fields)
    type_ = TypeAliasType("Named", inner.type)
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
    fields = _core(chance)
    for name in _NAMES[: chance.below(len(_NAMES))]:
        fields[name] = kind(chance)
    return chance.one_of(_FORMS)(chance, fields)
