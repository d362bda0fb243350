"""Bodies and queries of the calls about copying."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.codes import Act
from mtrade.domain.copying.model import LinkState
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.positions import Leg
from mtrade.web.fields import (
    AccountId,
    Colour,
    Flag,
    InstrumentName,
    Positive,
    Settle,
    Text,
    Whole,
    fault,
)
from mtrade.web.forms import Form

LONGEST_LIST = 200


def _value(value: object) -> object:
    """A parameter's value as JSON can carry it; what it may be says the table of parameters."""
    if value is None or isinstance(value, str | bool | int | Decimal):
        return value
    if isinstance(value, list) and all(isinstance(v, str | int | Decimal) for v in value):
        if len(value) <= LONGEST_LIST:
            return value
        raise fault("maximum is {limit}", limit=LONGEST_LIST)
    raise fault("is not valid")


_ANY_JSON = WithJsonSchema({"examples": ["0.5"]})

Value = Annotated[Any, BeforeValidator(_value), _ANY_JSON]
ParamName = Annotated[str, Field(strict=True, pattern=r"^[a-z0-9_]{1,40}$")]
Params = Annotated[dict[ParamName, Value], Field(max_length=100)]
LinkName = Annotated[Text, Field(max_length=40)]
Note = Annotated[Text, Field(max_length=200)]
LinkNumber = Annotated[Whole, Field(ge=1)]
Hash = Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{0,64}$", examples=["0123abcd"])]
Scope = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^(all|link:[1-9][0-9]{0,14}|[a-z]{1,16}:[A-Za-z0-9]{1,32})$",
        examples=["all"],
    ),
]
BrakeScope = Annotated[
    str,
    Field(strict=True, pattern=r"^(all|[a-z]{1,16}:[A-Za-z0-9]{1,32})$", examples=["all"]),
]


class LinkForm(Form):
    """A link that does not exist yet. `params` left out have their defaults."""

    leader: AccountId
    follower: AccountId
    settle: Settle = "usdt"
    name: LinkName = ""
    note: Note = ""
    colour: Colour = ""
    params: Params = Field(default_factory=dict)


class SketchForm(Form):
    """What a link with these settings would do; `link` names the one that has others now."""

    leader: AccountId
    follower: AccountId
    settle: Settle = "usdt"
    link: LinkNumber | None = None
    params: Params = Field(default_factory=dict)


class LinkChange(Form):
    """`version` is that of the link when it was read: nobody's change is overwritten unseen."""

    version: LinkNumber
    name: LinkName | None = None
    note: Note | None = None
    colour: Colour | None = None
    params: Params | None = None


class LinkStateForm(Form):
    """`preview_hash` is that of the orders a person has seen; `phrase` is the follower's name,
    asked for on the live network."""

    state: LinkState
    confirm: Flag = False
    preview_hash: Hash = ""
    phrase: LinkName = ""

    @field_validator("state")
    @classmethod
    def _by_hand(cls, value: LinkState) -> LinkState:
        if value is LinkState.TRIPPED:
            raise fault("is not valid")
        return value


class ActionForm(Form):
    settle: Settle = "usdt"
    instrument: InstrumentName
    side: Leg = Leg.NET
    action: Literal["fix", "adopt", "ignore", "close", "catch_up", "skip"]

    def instrument_id(self) -> InstrumentId:
        return InstrumentId(Market.FUTURES, self.settle, self.instrument)


class ScopeForm(Form):
    """Everything, one link or one account."""

    scope: Scope


class BrakeForm(Form):
    """Everything or one account."""

    scope: BrakeScope


class FlattenForm(Form):
    """`then` is the brake that stays on."""

    scope: Scope
    then: Literal["pause", "halt"] = "pause"


class UnfollowQuery(Form):
    """What becomes of the copied positions."""

    how: OnUnfollow


class SyncQuery(Form):
    link: LinkNumber | None = None


class FeedQuery(Form):
    link: LinkNumber | None = None
    act: Act | None = None
    before: LinkNumber | None = None
    limit: Annotated[Whole, Field(ge=1, le=1000)] = 100
    format: Literal["json", "csv"] = "json"


class TicketQuery(Form):
    """An order of a leader: `size` in contracts."""

    account: AccountId | None = None
    settle: Settle = "usdt"
    instrument: InstrumentName
    side: Side
    size: Positive

    def instrument_id(self) -> InstrumentId:
        return InstrumentId(Market.FUTURES, self.settle, self.instrument)


class SwitchForm(Form):
    """`positions` says what becomes of copied positions when copy mode is left."""

    mode: Literal["normal", "copy"]
    positions: OnUnfollow | None = None

    @field_validator("positions")
    @classmethod
    def _only_when_leaving(cls, value: object, info: ValidationInfo) -> object:
        if value is not None and info.data.get("mode") == "copy":
            raise fault("is not valid")
        return value
