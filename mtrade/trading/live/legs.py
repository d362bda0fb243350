"""Positions from pushes and from REST reads, told apart by `update_id`. Pure.

A push carries less than a read: what it does not say is kept as long as it can still be true. A
read that goes back in `update_id` is late, unless the last push is older than any delay ever seen:
then the exchange began to count anew and the read is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mtrade.domain.events import PositionUpdate
from mtrade.domain.frozen import replace
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Position
from mtrade.trading.live.views import LegKey, LegView, Section

LATEST_READ_MS = 30_000  # REST was seen tens of seconds late


def fold_position(section: Section, update: PositionUpdate) -> Section:
    """The section after a position push; one that is not newer changes nothing."""
    key = (update.instrument, update.leg)
    known = section.legs.get(key)
    gone_ms = section.read_ms if known is None else known.gone_ms
    if update.time_ms < gone_ms:
        return section  # a read since then found it flat
    if known is not None and update.update_id <= known.position.update_id:
        return section
    position = _pushed(None if known is None else known.position, update)
    new = LegView(position=position, time_ms=update.time_ms, gone_ms=gone_ms)
    return replace(section, legs={**section.legs, key: new})


def replaced_legs(
    known: Mapping[LegKey, LegView], rows: Iterable[Position], read_ms: int
) -> Mapping[LegKey, LegView]:
    """The legs after a read of all positions that began at `read_ms`."""
    found = dict(known)
    listed = set()
    for row in rows:
        key = (row.instrument, row.leg)
        listed.add(key)
        before = known.get(key)
        if before is None or _believed(before, row, read_ms):
            found[key] = LegView(position=row, time_ms=read_ms)
    for key, before in known.items():
        if key not in listed and before.time_ms < read_ms:
            flat = replace(before.position, size=ZERO, unrealised_pnl=ZERO, value=ZERO)
            found[key] = replace(before, position=flat, gone_ms=read_ms)
    return found


def _believed(before: LegView, row: Position, read_ms: int) -> bool:
    """Whether a row read over REST replaces what is known; the same state read is read better."""
    if row.update_id >= before.position.update_id:
        return True
    return before.time_ms < read_ms - LATEST_READ_MS


def _pushed(before: Position | None, update: PositionUpdate) -> Position:
    if before is None or before.size.is_zero() or update.size.is_zero():
        return _fresh(before, update)
    grown = update.size / before.size
    same = update.size == before.size and update.margin == before.margin
    return replace(
        before,
        size=update.size,
        entry_price=update.entry_price,
        liq_price=before.liq_price if same else None,
        leverage=update.leverage,
        margin_mode=update.margin_mode,
        margin=update.margin,
        initial_margin=abs(before.initial_margin * grown),
        maintenance_margin=abs(before.maintenance_margin * grown),
        value=abs(before.value * grown),
        realised_pnl=update.realised_pnl,
        update_id=update.update_id,
    )


def _fresh(before: Position | None, update: PositionUpdate) -> Position:
    return Position(
        instrument=update.instrument,
        leg=update.leg,
        size=update.size,
        entry_price=update.entry_price,
        mark_price=None if before is None else before.mark_price,
        liq_price=None,
        leverage=update.leverage,
        leverage_max=update.leverage if before is None else before.leverage_max,
        margin_mode=update.margin_mode,
        margin=update.margin,
        initial_margin=ZERO,
        maintenance_margin=ZERO,
        value=ZERO,
        unrealised_pnl=ZERO,
        realised_pnl=update.realised_pnl,
        open_ms=update.time_ms if update.size else None,
        update_id=update.update_id,
    )
