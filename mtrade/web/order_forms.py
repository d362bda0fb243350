"""Bodies of the calls that trade, and the wishes they become."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeVar

from pydantic import ValidationInfo, field_validator

from mtrade.domain.accounts import MarginMode
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.orders import OrderType, TimeInForce, Trigger, TriggerSource
from mtrade.domain.positions import Leg
from mtrade.domain.sizing import SizeUnit
from mtrade.trading.wishes import CloseWish, OrderWish, Protection, ProtectWish
from mtrade.web.fields import (
    AccountId,
    Change,
    Flag,
    InstrumentName,
    Percent,
    Positive,
    Reason,
    RequestId,
    Settle,
    fault,
)
from mtrade.web.forms import Form

T = TypeVar("T")


class ProtectionForm(Form):
    price: Positive
    source: TriggerSource = TriggerSource.LAST


class TriggerPart(Form):
    price: Positive
    above: Flag
    source: TriggerSource = TriggerSource.LAST


class InstrumentForm(Form):
    """Names an instrument of an account; `settle` has no meaning on spot and is ignored there."""

    account: AccountId | None = None
    market: Market
    settle: Settle = "usdt"
    instrument: InstrumentName

    def instrument_id(self) -> InstrumentId:
        return InstrumentId(self.market, settle_of(self.market, self.settle), self.instrument)


class ContractForm(Form):
    """Names a contract of an account."""

    account: AccountId | None = None
    settle: Settle = "usdt"
    instrument: InstrumentName

    def instrument_id(self) -> InstrumentId:
        return InstrumentId(Market.FUTURES, self.settle, self.instrument)


class PricedForm(InstrumentForm):
    side: Side
    type: OrderType
    size: Positive
    unit: SizeUnit
    price: Positive | None = None
    reduce_only: Flag = False

    @field_validator("price", mode="after")
    @classmethod
    def _price_fits_type(cls, value: Decimal | None, info: ValidationInfo) -> Decimal | None:
        return priced(value, info)

    @field_validator("reduce_only", mode="after")
    @classmethod
    def _reduces_futures(cls, value: bool, info: ValidationInfo) -> bool:
        return futures_only(value, info)


class PreviewForm(PricedForm):
    tif: TimeInForce = TimeInForce.GTC
    leverage: Positive | None = None
    margin_mode: MarginMode | None = None
    take_profit: ProtectionForm | None = None
    stop_loss: ProtectionForm | None = None

    @field_validator("leverage", "margin_mode", "take_profit", "stop_loss", mode="after")
    @classmethod
    def _futures(cls, value: object, info: ValidationInfo) -> object:
        return futures_only(value, info)

    def wish(self, account_id: str, request_id: str = "") -> OrderWish:
        """What this order asks of the engine."""
        return OrderWish(
            account_id=account_id,
            request_id=request_id,
            instrument=self.instrument_id(),
            side=self.side,
            type=self.type,
            size=self.size,
            unit=self.unit,
            price=self.price,
            tif=self.tif,
            reduce_only=self.reduce_only,
            leverage=self.leverage,
            margin_mode=self.margin_mode,
            take_profit=protection(self.take_profit),
            stop_loss=protection(self.stop_loss),
        )


class OrderForm(PreviewForm):
    request_id: RequestId


class TriggerForm(PricedForm):
    """A conditional order; `close` ends the whole position when it fires."""

    request_id: RequestId
    trigger: TriggerPart
    close: Flag = False

    @field_validator("close", mode="after")
    @classmethod
    def _closes_futures(cls, value: bool, info: ValidationInfo) -> bool:
        return futures_only(value, info)

    def wish(self, account_id: str) -> OrderWish:
        """What this trigger asks of the engine."""
        trigger = Trigger(
            price=self.trigger.price, above=self.trigger.above, source=self.trigger.source
        )
        return OrderWish(
            account_id=account_id,
            request_id=self.request_id,
            instrument=self.instrument_id(),
            side=self.side,
            type=self.type,
            size=self.size,
            unit=self.unit,
            price=self.price,
            reduce_only=self.reduce_only,
            close=self.close,
            trigger=trigger,
        )


class AmendForm(InstrumentForm):
    price: Positive | None = None
    size: Positive | None = None

    @field_validator("size", mode="after")
    @classmethod
    def _something(cls, value: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if value is None and "price" in info.data and info.data["price"] is None:
            raise fault("give at least one of {names}", names="price, size")
        return value


class CancelAllForm(Form):
    account: AccountId | None = None
    market: Market
    settle: Settle = "usdt"
    instrument: InstrumentName | None = None


class CloseForm(ContractForm):
    request_id: RequestId
    leg: Leg = Leg.NET
    percent: Percent
    type: OrderType
    price: Positive | None = None

    @field_validator("price", mode="after")
    @classmethod
    def _price_fits_type(cls, value: Decimal | None, info: ValidationInfo) -> Decimal | None:
        return priced(value, info)

    def wish(self, account_id: str) -> CloseWish:
        """What this close asks of the engine."""
        return CloseWish(
            account_id=account_id,
            request_id=self.request_id,
            instrument=self.instrument_id(),
            leg=self.leg,
            percent=self.percent,
            price=self.price,
        )


class ProtectForm(ContractForm):
    request_id: RequestId
    leg: Leg = Leg.NET
    take_profit: ProtectionForm | None = None
    stop_loss: ProtectionForm | None = None

    @field_validator("stop_loss", mode="after")
    @classmethod
    def _something(cls, value: object, info: ValidationInfo) -> object:
        if value is None and "take_profit" in info.data and info.data["take_profit"] is None:
            raise fault("give at least one of {names}", names="take_profit, stop_loss")
        return value

    def wish(self, account_id: str) -> ProtectWish:
        """What this protection asks of the engine."""
        return ProtectWish(
            account_id=account_id,
            request_id=self.request_id,
            instrument=self.instrument_id(),
            leg=self.leg,
            take_profit=protection(self.take_profit),
            stop_loss=protection(self.stop_loss),
        )


class LeverageForm(ContractForm):
    leverage: Positive
    margin_mode: MarginMode


class MarginForm(ContractForm):
    leg: Leg = Leg.NET
    change: Change


class PositionModeForm(Form):
    account: AccountId | None = None
    settle: Settle = "usdt"
    mode: Literal["single", "dual"]


class ResolveForm(Form):
    reason: Reason


def protection(form: ProtectionForm | None) -> Protection | None:
    """The protection a form means."""
    return None if form is None else Protection(price=form.price, source=form.source)


def settle_of(market: Market, settle: str) -> str:
    """The settle currency of an instrument id: none on spot."""
    return settle if market is Market.FUTURES else ""


def priced(value: Decimal | None, info: ValidationInfo) -> Decimal | None:
    """A limit order has a price, a market order has none."""
    kind = info.data.get("type")
    if value is None and kind is OrderType.LIMIT:
        raise fault("is required")
    if value is not None and kind is OrderType.MARKET:
        raise fault("a market order has no price")
    return value


def futures_only(value: T, info: ValidationInfo) -> T:
    """A field that means nothing on spot may not be set there."""
    if value and info.data.get("market") is Market.SPOT:
        raise fault("exists only on futures")
    return value
