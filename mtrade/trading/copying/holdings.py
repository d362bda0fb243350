"""Positions of an account as the highest `update_id` shows them, not as the last message. Pure.

A row that is merely missing from a read is flat only after a second read, at least a second later,
and long after the position was opened; an explicit size 0 counts at once. Times are those of the
exchange.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from mtrade.domain.accounts import MarginMode
from mtrade.domain.events import PositionUpdate
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg, Position

SECOND_LOOK_MS = 1_000  # between two reads that both miss a row
VISIBLE_MS = 5_000  # how late REST may show a change that a push has told
LATEST_READ_MS = 30_000  # REST was seen tens of seconds late

Key = tuple[InstrumentId, Leg]


class Held(Struct, frozen=True, kw_only=True):
    """One leg. `read_ms` is until when it is known to hold, `moved_ms` when it last changed and
    `born_ms` when it was opened, as far as known, `same_ms` since when this size was seen.
    `missing_ms` is the first read without it, `behind_ms` the first that went back in `update_id`.
    `netted`: the sum of a hedge leader's legs, which grows one way by reductions of the other too.
    """

    size: Decimal
    update_id: int
    read_ms: int
    moved_ms: int
    same_ms: int
    born_ms: int = 0
    entry_price: Decimal | None = None
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    margin: Decimal | None = None
    liq_price: Decimal | None = None
    mark: Decimal | None = None
    missing_ms: int | None = None
    behind_ms: int | None = None
    netted: bool = False


def pushed(known: Held | None, update: PositionUpdate) -> Held | None:
    """The leg after a push; None when the push is not newer than what is known."""
    if known is not None and not _is_newer(known, update.update_id, update.time_ms):
        return None
    return Held(
        size=update.size,
        update_id=update.update_id,
        read_ms=update.time_ms,
        moved_ms=update.time_ms,
        same_ms=_same_ms(known, update.size, update.time_ms),
        born_ms=_born_ms(known, update),
        entry_price=update.entry_price,
        leverage=update.leverage,
        margin_mode=update.margin_mode,
        margin=update.margin,
        liq_price=_same_liq(known, update),
    )


def read(
    known: Mapping[Key, Held], rows: Iterable[Position], read_ms: int, settle: str
) -> dict[Key, Held]:
    """What a read of all positions of a settle currency, begun at `read_ms`, changes."""
    listed = {(row.instrument, row.leg): row for row in rows}
    found = {}
    for key, row in listed.items():
        held = _seen(known.get(key), row, read_ms)
        if held is not None:
            found[key] = held
    for key, held in known.items():
        if key not in listed and key[0].settle == settle:
            found[key] = _missed(held, read_ms)
    return found


def closed(held: Held, time_ms: int) -> Held:
    """The exchange told that the position ended: one read without it is enough now."""
    if held.size.is_zero() or time_ms < held.moved_ms or held.missing_ms is not None:
        return held
    return replace(held, missing_ms=time_ms - SECOND_LOOK_MS)


def _is_newer(known: Held, update_id: int, time_ms: int) -> bool:
    if update_id != known.update_id:
        return update_id > known.update_id
    return time_ms > known.read_ms


def _seen(known: Held | None, row: Position, read_ms: int) -> Held | None:
    if known is None:
        return _row(row, read_ms, read_ms, read_ms)
    if row.update_id < known.update_id:
        return _behind(known, row, read_ms)
    if row.update_id == known.update_id and read_ms < known.read_ms:
        return None
    moved_ms = known.moved_ms if row.size == known.size else read_ms
    # A row of a higher number is the truth even if the read began before the last push came.
    return _row(row, max(read_ms, known.read_ms), moved_ms, _same_ms(known, row.size, read_ms))


def _behind(known: Held, row: Position, read_ms: int) -> Held | None:
    """A late read; believed only when reads have said so for longer than any delay ever seen."""
    since = known.behind_ms
    if since is None or read_ms < known.read_ms:
        return replace(known, behind_ms=read_ms) if since is None else None
    if read_ms - max(since, known.moved_ms) < LATEST_READ_MS:
        return None
    return _row(row, read_ms, read_ms, read_ms)


def _missed(known: Held, read_ms: int) -> Held:
    if known.size.is_zero():
        return replace(known, read_ms=max(known.read_ms, read_ms))
    if read_ms < known.born_ms + VISIBLE_MS and known.missing_ms is None:
        return known
    if read_ms < known.moved_ms:
        return known
    if known.missing_ms is None:
        return replace(known, missing_ms=read_ms)
    if read_ms - known.missing_ms < SECOND_LOOK_MS:
        return known
    return replace(
        known,
        size=ZERO,
        entry_price=None,
        margin=None,
        liq_price=None,
        read_ms=read_ms,
        moved_ms=read_ms,
        same_ms=known.missing_ms,
        missing_ms=None,
    )


def _row(row: Position, read_ms: int, moved_ms: int, same_ms: int) -> Held:
    return Held(
        size=row.size,
        update_id=row.update_id,
        read_ms=read_ms,
        moved_ms=moved_ms,
        same_ms=same_ms,
        born_ms=row.open_ms or moved_ms,
        entry_price=row.entry_price,
        leverage=row.leverage,
        margin_mode=row.margin_mode,
        margin=row.margin,
        liq_price=row.liq_price,
        mark=row.mark_price,
    )


def _same_liq(known: Held | None, update: PositionUpdate) -> Decimal | None:
    """Pushes do not tell the liquidation price; it stays where nothing moves it."""
    if known is None:
        return None
    before = (known.size, known.leverage, known.margin_mode, known.margin)
    now = (update.size, update.leverage, update.margin_mode, update.margin)
    return known.liq_price if before == now else None


def _born_ms(known: Held | None, update: PositionUpdate) -> int:
    """A push that follows on the last one and stays on its side tells of the same position."""
    follows = known is not None and update.update_id == known.update_id + 1
    if known is not None and follows and known.size * update.size > 0:
        return known.born_ms
    return update.time_ms


def _same_ms(known: Held | None, size: Decimal, time_ms: int) -> int:
    return known.same_ms if known is not None and known.size == size else time_ms
