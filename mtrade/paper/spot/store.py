"""Which rows the spot venue keeps, and how they come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mtrade.domain.instruments import spot as pair_id
from mtrade.paper.matching import Resting
from mtrade.paper.rows import pack, unpack
from mtrade.paper.spot.model import (
    Balance,
    Countdown,
    LedgerLine,
    SpotOrder,
    SpotTrade,
    SpotTrigger,
)

if TYPE_CHECKING:
    from mtrade.paper.spot.venue import SpotVenue

KINDS = (
    "spot_balance",
    "spot_ledger",
    "spot_order",
    "spot_trade",
    "spot_trigger",
    "spot_countdown",
)


def row(venue: SpotVenue, kind: str, key: str) -> Mapping[str, Any] | None:
    """The present data of one entity; None when it no longer exists."""
    record = _FIND[kind](venue, key)
    return None if record is None else pack(record)


def restore(venue: SpotVenue, kind: str, key: str, data: Mapping[str, Any]) -> None:
    """Take one saved entity back. Orders must come in the order of their ids."""
    _RESTORE[kind](venue, key, data)


def _split(key: str) -> tuple[int, str]:
    number, _, rest = key.partition(":")
    return int(number), rest


def _find_balance(venue: SpotVenue, key: str) -> Balance | None:
    return venue.purse.balances.get(_split(key))


def _find_line(venue: SpotVenue, key: str) -> LedgerLine | None:
    line, uid = _split(key)
    return venue.purse.ledger.get(int(uid), {}).get(line)


_FIND: dict[str, Callable[[SpotVenue, str], Any]] = {
    "spot_balance": _find_balance,
    "spot_ledger": _find_line,
    "spot_order": lambda venue, key: venue.records.orders.get(int(key)),
    "spot_trade": lambda venue, key: venue.records.trades.get(key),
    "spot_trigger": lambda venue, key: venue.triggers.all.get(int(key)),
    "spot_countdown": lambda venue, key: venue.countdowns.all.get(key),
}


def _take_balance(venue: SpotVenue, key: str, data: Mapping[str, Any]) -> None:
    venue.purse.balances[_split(key)] = unpack(Balance, data)


def _take_line(venue: SpotVenue, key: str, data: Mapping[str, Any]) -> None:
    line = unpack(LedgerLine, data)
    venue.purse.ledger.setdefault(line.uid, {})[line.id] = line


def _take_order(venue: SpotVenue, key: str, data: Mapping[str, Any]) -> None:
    order = unpack(SpotOrder, data)
    venue.records.add(order)
    if order.open:
        book = venue.world.rooms[pair_id(order.pair)].book
        book.rest(Resting(order.id, order.uid, order.price, order.left), order.side)


def _take_trade(venue: SpotVenue, key: str, data: Mapping[str, Any]) -> None:
    venue.records.add_trade(unpack(SpotTrade, data))


def _take_trigger(venue: SpotVenue, key: str, data: Mapping[str, Any]) -> None:
    venue.triggers.add(unpack(SpotTrigger, data))


def _take_countdown(venue: SpotVenue, key: str, data: Mapping[str, Any]) -> None:
    venue.countdowns.all[key] = unpack(Countdown, data)


_RESTORE: dict[str, Callable[[SpotVenue, str, Mapping[str, Any]], None]] = {
    "spot_balance": _take_balance,
    "spot_ledger": _take_line,
    "spot_order": _take_order,
    "spot_trade": _take_trade,
    "spot_trigger": _take_trigger,
    "spot_countdown": _take_countdown,
}
