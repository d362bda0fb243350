"""What a spot order must satisfy before it meets the book. Labels and limits: Gate spot docs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import Instrument, Side, spot
from mtrade.domain.numbers import ZERO, is_multiple, text
from mtrade.domain.orders import OrderType, TimeInForce
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import as_object, choice, flag, number, word, wrong
from mtrade.paper.room import Room
from mtrade.paper.world import World

DEFAULT_TEXT = "apiv4"

# Money of a market buy is not tied to the pair's price grid; Gate keeps eight decimals of it.
MONEY_STEP = Decimal("0.00000001")

_TEXT = re.compile(r"t-[0-9A-Za-z_.-]{1,28}", re.ASCII)
_SLIPPAGE = (Decimal("0.0001"), Decimal("0.05"))
_MODES = ("ACK", "RESULT", "FULL")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotRequest:
    """A valid order request. `slippage` caps a market order's worst price, None without a cap."""

    pair: str
    side: Side
    type: OrderType
    tif: TimeInForce
    amount: Decimal
    price: Decimal
    text: str
    iceberg: Decimal = ZERO
    slippage: Decimal | None = None
    mode: str = "FULL"

    @property
    def by_money(self) -> bool:
        """Whether `amount` is quote money."""
        return self.type is OrderType.MARKET and self.side is Side.BUY


def room_of(world: World, pair: str) -> Room:
    """The room of a currency pair."""
    room = world.rooms.get(spot(pair))
    if room is None:
        raise GateFault("INVALID_CURRENCY_PAIR", f"Invalid currency pair {pair}")
    return room


def read_order(world: World, body: object, default_text: str = DEFAULT_TEXT) -> SpotRequest:
    """Parse and check an order body, everything but the balance."""
    order = as_object(body)
    room = room_of(world, word(order, "currency_pair"))
    check_account(order)
    _check_extras(order)
    kind = OrderType(choice(order, "type", tuple(OrderType), "limit"))
    request = SpotRequest(
        pair=room.instrument.id.name,
        side=Side(choice(order, "side", tuple(Side))),
        type=kind,
        tif=_tif(order, kind),
        amount=number(order, "amount"),
        price=number(order, "price") if kind is OrderType.LIMIT else ZERO,
        text=read_text(order, default_text),
        iceberg=number(order, "iceberg", ZERO),
        slippage=_slippage(order, kind),
        mode=choice(order, "action_mode", _MODES, "FULL").upper(),
    )
    check_request(request, room)
    return request


def check_account(source: Mapping[str, Any]) -> None:
    """This exchange has classic spot accounts only."""
    if word(source, "account", "spot") not in ("spot", "normal"):
        raise GateFault("INVALID_PARAM_VALUE", "only the spot account is available")


def read_text(source: Mapping[str, Any], default: str) -> str:
    """The client's order id: `t-` and up to 28 of `0-9A-Za-z_.-`; the default when absent."""
    value = word(source, "text", default)
    if value != default and not _TEXT.fullmatch(value):
        raise GateFault(
            "INVALID_PARAM_VALUE", "text must be t- and 1 to 28 of letters, digits, _ . -"
        )
    return value


def check_request(request: SpotRequest, room: Room) -> None:
    """Precision and size limits of the pair."""
    instrument = room.instrument
    if not instrument.tradable:
        raise GateFault("TRADE_RESTRICTED", f"{request.pair} is not trading")
    if request.by_money:
        check_money(request.amount, instrument)
        return
    check_amount(request.amount, instrument)
    price = request.price
    if request.type is OrderType.LIMIT:
        check_price(price, instrument)
    else:
        price = room.last
    check_value(request.amount * price, instrument)


def check_price(price: Decimal, instrument: Instrument) -> None:
    """A positive price on the tick grid."""
    if price <= 0:
        raise wrong("price")
    if not is_multiple(price, instrument.price_step):
        raise GateFault("INVALID_PRECISION", f"price precision is {text(instrument.price_step)}")


def check_amount(amount: Decimal, instrument: Instrument) -> None:
    """Base coins within the pair's grid and limits."""
    if amount <= 0:
        raise wrong("amount")
    if not is_multiple(amount, instrument.size_step):
        raise GateFault("INVALID_PRECISION", f"amount precision is {text(instrument.size_step)}")
    if amount < instrument.min_size:
        raise _too_little(instrument.min_size, instrument.base)
    if instrument.max_size is not None and amount > instrument.max_size:
        raise _too_much(instrument.max_size, instrument.base)


def check_money(money: Decimal, instrument: Instrument) -> None:
    """Quote money of a market buy within the pair's limits."""
    if money <= 0:
        raise wrong("amount")
    if not is_multiple(money, MONEY_STEP):
        raise GateFault("INVALID_PRECISION", f"amount precision is {text(MONEY_STEP)}")
    check_value(money, instrument)


def check_value(value: Decimal, instrument: Instrument) -> None:
    """Worth within the pair's limits, in quote currency."""
    if instrument.min_value is not None and value < instrument.min_value:
        raise _too_little(instrument.min_value, instrument.quote)
    if instrument.max_value is not None and value > instrument.max_value:
        raise _too_much(instrument.max_value, instrument.quote)


def _too_little(limit: Decimal, currency: str) -> GateFault:
    message = f"Your order size is too small. The minimum is {text(limit)} {currency}"
    return GateFault("AMOUNT_TOO_LITTLE", message)


def _too_much(limit: Decimal, currency: str) -> GateFault:
    message = f"Your order size is too large. The maximum is {text(limit)} {currency}"
    return GateFault("AMOUNT_TOO_MUCH", message)


def _tif(order: Mapping[str, Any], kind: OrderType) -> TimeInForce:
    default = "gtc" if kind is OrderType.LIMIT else "ioc"
    tif = TimeInForce(choice(order, "time_in_force", tuple(TimeInForce), default))
    if kind is OrderType.MARKET and tif not in (TimeInForce.IOC, TimeInForce.FOK):
        raise GateFault("INVALID_PARAM_VALUE", "a market order is ioc or fok")
    return tif


def _slippage(order: Mapping[str, Any], kind: OrderType) -> Decimal | None:
    if kind is not OrderType.MARKET or order.get("slippage") in (None, "", "0"):
        return None
    slippage = number(order, "slippage")
    if not _SLIPPAGE[0] <= slippage <= _SLIPPAGE[1]:
        raise wrong("slippage")
    return slippage


def _check_extras(order: Mapping[str, Any]) -> None:
    """Options of margin accounts and of self-trade groups, which nobody here has."""
    if flag(order, "auto_borrow") or flag(order, "auto_repay"):
        raise GateFault("INVALID_PARAM_VALUE", "auto_borrow and auto_repay need a margin account")
    if word(order, "stp_act", "-") != "-":
        raise GateFault("INVALID_PARAM_VALUE", "stp_act needs an STP group")
