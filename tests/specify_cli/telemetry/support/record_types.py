"""Records of the kinds that spec-kitty appends beside its events, as types of our own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

import pydantic
from pydantic import BaseModel, ConfigDict, Discriminator, Field, RootModel, Tag
from typing_extensions import TypedDict

from specify_cli.telemetry import JsonlEventStore


@dataclass(frozen=True)
class Transition:
    """A work package goes from one lane to another: a dataclass of the standard library."""

    event_id: str
    mission_slug: str
    wp_id: str
    from_lane: str
    to_lane: str
    at: datetime
    actor: str | dict[str, Any]
    force: bool
    execution_mode: str
    reason: str | None = None
    review_ref: str | None = None
    evidence: dict[str, Any] | None = None
    mission_id: str | None = None
    policy_metadata: dict[str, Any] | None = None
    review_result: dict[str, Any] | None = None


@pydantic.dataclasses.dataclass(frozen=True)
class Annotation:
    """What was done in a work package beside going on: a dataclass of pydantic's."""

    event_id: str
    kind: Literal["annotation"]
    wp_id: str
    at: datetime
    actor: str | dict[str, Any]
    delta: dict[str, Any] = field(default_factory=dict)


class Lifecycle(BaseModel):
    """A mission begins, or ends: an envelope around a payload."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    event_type: str
    aggregate_id: str
    aggregate_type: str
    payload: dict[str, Any]
    timestamp: datetime
    schema_version: str
    project_slug: str | None = None
    project_uuid: str | None = None


class Retrospective(BaseModel):
    """What came of a mission, with fields that later versions add."""

    model_config = ConfigDict(frozen=True, extra="allow")

    event_id: str
    type: str
    mission_slug: str
    lamport: int
    at: datetime


class DecisionPoint(TypedDict):
    """A question to a human, opened or resolved: a typed dict."""

    event_id: str
    event_type: str
    at: str
    payload: dict[str, Any]


def _shape_of(row: Any) -> str:
    def has(name: str) -> bool:
        return name in row if isinstance(row, dict) else hasattr(row, name)

    if has("delta"):
        return "annotation"
    if has("aggregate_id"):
        return "lifecycle"
    if has("lamport"):
        return "retrospective"
    return "decision" if has("event_type") else "transition"


StatusRow = Annotated[
    Annotated[Transition, Tag("transition")]
    | Annotated[Annotation, Tag("annotation")]
    | Annotated[Lifecycle, Tag("lifecycle")]
    | Annotated[Retrospective, Tag("retrospective")]
    | Annotated[DecisionPoint, Tag("decision")],
    Discriminator(_shape_of),
]


class StatusStore(JsonlEventStore[Any]):
    """The status log of a mission, in which several shapes stand side by side."""

    event_model = StatusRow
    aggregate_field = "mission_slug"
    order_by = ("at", "event_id")


class TransitionStore(JsonlEventStore[Transition]):
    """A log of transitions alone."""

    event_model = Transition
    aggregate_field = "wp_id"
    order_by = ("at", "event_id")


class Started(BaseModel):
    """An operation begins."""

    model_config = ConfigDict(extra="allow")

    event: Literal["started"]
    invocation_id: str
    profile_id: str
    action: str
    started_at: str


class Completed(BaseModel):
    """An operation is over."""

    event: Literal["completed"]
    invocation_id: str
    completed_at: str
    outcome: str
    closed_by: str
    evidence_ref: str | None = None


class Linked(TypedDict):
    """A commit belongs to an operation."""

    event: Literal["commit_link", "artifact_link", "glossary_checked"]
    invocation_id: str
    at: NotRequired[str]
    sha: NotRequired[str]


class Op(RootModel[Annotated[Started | Completed | Linked, Field(discriminator="event")]]):
    """A record of an operation, one of several; it has no id."""


class OpStore(JsonlEventStore[Op]):
    """The log of one operation: every save is written."""

    event_model = Op
    id_field = None
    aggregate_field = "invocation_id"
    order_by = ()


class Row(JsonlEventStore[dict[str, Any]]):
    """Any JSON objects, in the order of the file."""

    event_model = dict[str, Any]
    id_field = None
    aggregate_field = None
    order_by = ()


class LedgerRow(BaseModel):
    """A flat row of a ledger of spec_kitty_events 11: its times are texts, as they were written."""

    model_config = ConfigDict(frozen=True, extra="allow")

    event_type: str
    event_id: str
    timestamp: str | None = None


class LedgerStore(JsonlEventStore[LedgerRow]):
    """A ledger of flat rows."""

    event_model = LedgerRow
    aggregate_field = "event_type"
    order_by = ("timestamp", "event_id")
