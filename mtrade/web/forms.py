"""Bodies of the calls about access, the server and accounts.

Unknown fields are refused, all faults are reported together (see `read.py`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from mtrade.domain.accounts import Network
from mtrade.domain.copying.choices import OnUnfollow
from mtrade.web.fields import (
    AccountId,
    ApiKey,
    ApiSecret,
    Colour,
    Currency,
    Flag,
    Name,
    Nonce,
    Password,
    PlainJson,
    Positive,
    SetupCode,
    StateKey,
    fault,
)


class Form(BaseModel):
    """Root of all bodies and queries."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True
    )


class Empty(Form):
    """No fields."""


class SetupForm(Form):
    code: SetupCode
    password: Password


class LoginForm(Form):
    password: Password
    remember: Flag = False


class ElevateForm(Form):
    password: Password


class PasswordForm(Form):
    current: Password
    new: Password


class PowerForm(Form):
    """`confirm` is the nonce of the authenticated status: proof that this very run is meant."""

    confirm: Nonce


class UiForm(Form):
    changes: dict[StateKey, PlainJson] = Field(max_length=64)


class AccountForm(Form):
    """A new account. Without a key the paper exchange opens one of its own."""

    network: Network
    name: Name
    colour: Colour = ""
    key: ApiKey | None = None
    secret: ApiSecret | None = None
    allow_transfers: Flag = False

    @field_validator("key", "secret", mode="after")
    @classmethod
    def _needed_off_paper(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.data.get("network") not in (None, Network.PAPER):
            raise fault("is required")
        key = info.data.get("key", value)
        if info.field_name == "secret" and (value is None) != (key is None):
            raise fault("key and secret belong together")
        return value


class KeyTestForm(Form):
    network: Network
    key: ApiKey
    secret: ApiSecret


class ActiveForm(Form):
    account: AccountId


class AccountChange(Form):
    name: Name | None = None
    colour: Colour | None = None
    enabled: Flag | None = None


class RemoveForm(Form):
    """`confirm` repeats the account's name; `positions` is what becomes of copied ones."""

    confirm: Name
    positions: OnUnfollow | None = None


class TransferForm(Form):
    account: AccountId | None = None
    currency: Currency
    amount: Positive
    source: Literal["spot", "futures"]
    target: Literal["spot", "futures"]

    @field_validator("target")
    @classmethod
    def _elsewhere(cls, value: str, info: ValidationInfo) -> str:
        if value == info.data.get("source"):
            raise fault("must differ from {other}", other="source")
        return value
