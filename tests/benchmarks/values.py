"""What a value on an order's way costs as a msgspec struct and as a frozen dataclass, and what it
costs to look up a member of an enum beside an empty call (ADR 0017).

The dataclass has the fields and defaults of the leg of a copy; both take turns in one run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from statistics import median
from timeit import timeit
from typing import Any

from msgspec import structs

from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.instruments import futures
from mtrade.domain.positions import Leg

TURNS, COUNT = 15, 20_000


def twin() -> type[Any]:
    """`CopyLeg` as the dataclass it would be."""
    required = [(field.name, Any) for field in structs.fields(CopyLeg) if field.required]
    optional = [
        (field.name, Any, field.default) for field in structs.fields(CopyLeg) if not field.required
    ]
    return dataclasses.make_dataclass(
        "Twin", [*required, *optional], frozen=True, slots=True, kw_only=True
    )


def costs(kind: type[Any], replace: Callable[..., Any]) -> dict[str, Callable[[], object]]:
    """What is done to a value of this class, by name."""
    given = {
        "id": 1, "link_id": 2, "follower_id": "paper:3",
        "instrument": futures("BTC_USDT"), "side": Leg.NET,
    }  # fmt: skip
    one, other = kind(**given), kind(**given)
    return {
        "make": lambda: kind(**given),
        "replace": lambda: replace(one, pending=3, planned_ms=4),
        "compare": lambda: one == other,
    }


def lookup() -> tuple[float, float]:
    """Microseconds of looking a member up on its class, and of a call that does nothing."""
    took: tuple[list[float], list[float]] = ([], [])
    names = {"Leg": Leg, "empty": lambda: None}
    for _ in range(TURNS):
        for times, what in zip(took, ("Leg.NET", "empty()"), strict=True):
            times.append(timeit(what, globals=names, number=COUNT) / COUNT * 1e6)
    return median(took[0]), median(took[1])


def main() -> None:
    """Print microseconds of each and how they relate."""
    look, call = lookup()
    print(f"look up  member {look:5.2f} us   empty call {call:5.2f} us  {look / call:.2f}")
    ours = costs(CopyLeg, structs.replace)
    other = costs(twin(), dataclasses.replace)
    for what in ours:
        took: tuple[list[float], list[float]] = ([], [])
        for _ in range(TURNS):
            for times, acts in zip(took, (ours, other), strict=True):
                times.append(timeit(acts[what], number=COUNT) / COUNT * 1e6)
        mine, theirs = map(median, took)
        print(f"{what:8} struct {mine:5.2f} us   dataclass {theirs:5.2f} us   {mine / theirs:.2f}")


if __name__ == "__main__":
    main()
