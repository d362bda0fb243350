"""The history of one schedule for a person who looks for what went wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

from mtrade.domain.copying.params import CopyParams
from mtrade.domain.frozen import replace
from tests.sim.copying.cast import Cast
from tests.sim.copying.world import World
from tests.storm.stage import START_MS

Line = tuple[int, str]


def history(world: World, file: Path) -> list[str]:
    """What the world did, what arrived, and what the journal says, by exchange time."""
    lines = [*world.told, *_leader(world), *_arrivals(world), *_written(file)]
    return [
        *_cast(world.cast),
        *(f"{(at - START_MS) / 1000:9.3f}  {what}" for at, what in sorted(lines, key=_time)),
        *_legs(world),
    ]


def _legs(world: World) -> Iterator[str]:
    """How every leg stood in the end, and why it sent nothing more."""
    if world.process is None:
        return
    core = world.process.copier.core
    for leg in core.book.legs.values():
        yield f"leg {leg.id} {leg.follower_id} {leg.instrument.name} {leg.side}: owned {leg.owned}"
        yield f"    {core.whys.get(leg.id) or leg.reason}, {leg.episode}"


def _cast(cast: Cast) -> Iterator[str]:
    """Who takes part, with the parameters that are not the usual ones."""
    usual = CopyParams()
    yield str(replace(cast, followers=()))
    for follower in cast.followers:
        names = [field.name for field in fields(CopyParams)]
        changed = {
            name: str(getattr(follower.params, name))
            for name in names
            if getattr(follower.params, name) != getattr(usual, name)
        }
        yield f"paper:{follower.uid} joins at {follower.joins_s:.1f} s, hedge {follower.hedge}"
        yield f"    {changed}"


def _time(line: Line) -> int:
    return line[0]


def _leader(world: World) -> Iterator[Line]:
    for (name, side), sizes in world.leader.sizes.items():
        yield from ((at or START_MS, f"leader {name} {side}: {size}") for at, size in sizes)


def _arrivals(world: World) -> Iterator[Line]:
    filled = {order.text: order.filled * order.side.sign for order in world.bourse.orders}
    for a in world.bourse.arrivals:
        end = f"filled {filled.get(a.text)}" if a.accepted else a.label
        yield a.time_ms, f"arrives for paper:{a.uid} {a.text} by {a.path}: {end}"


def _written(file: Path) -> Iterator[Line]:
    with closing(sqlite3.connect(file)) as db:
        for row in db.execute(
            "SELECT planned_ms, id, account_id, leg_id, text, side, size, reduce_only, state,"
            " filled, label, evidence, closed_ms FROM intent"
        ):
            yield row[0], f"intent {row[1:8]}"
            yield row[12] or row[0], f"intent {row[1]} ended {row[8:12]}"
        for row in db.execute(
            "SELECT time_ms, link_id, instrument, side, act, code, numbers FROM copy_event"
        ):
            yield row[0], f"link {row[1:]}"
