"""Order book updates read from their text straight into what a book needs, without a JSON object.

A busy stream is mostly these frames, and Gate writes them all alike (WebSocket docs: futures levels
are objects, spot levels are pairs). msgspec checks grammar and types in the same pass: a price is a
text, a size a text or a whole number, nothing is ever a float; of other fields only the grammar
counts. A frame that differs in any way is None here and goes the ordinary way through JSON. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Literal, TypeVar

from msgspec import DecodeError, Struct, field
from msgspec.json import Decoder


class Row(Struct, frozen=True, gc=False):
    """Price and size of a level, as they were sent."""

    price: str = field(name="p")
    size: str | int = field(name="s")


class Pair(Row, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A level of a spot book."""


R_co = TypeVar("R_co", bound=Row, covariant=True)


class Change(Struct, Generic[R_co], frozen=True, gc=False):
    """One `order_book_update`: it holds what happened from `first` to `last`."""

    time_ms: int = field(name="t")
    name: str = field(name="s")  # the instrument's
    first: int = field(name="U")
    last: int = field(name="u")
    bids: Sequence[R_co] = field(name="b")
    asks: Sequence[R_co] = field(name="a")
    full: bool = False


class Update(Struct, Generic[R_co], frozen=True, gc=False):
    """A whole frame; `time_ms` is when the exchange sent it, 0 when it does not say."""

    channel: Literal["futures.order_book_update", "spot.order_book_update"]
    event: Literal["update", "all"]
    result: Change[R_co]
    time_ms: int = 0
    error: None = None
    header: None = None  # what answers a trading request has one


_FUTURES = Decoder(Update[Row])
_SPOT = Decoder(Update[Pair])


def read(text: str) -> Update[Row] | None:
    """The update in a frame that is written as usual; None for every other text."""
    if "futures.order_book_update" in text:
        decode = _FUTURES.decode
    elif "spot.order_book_update" in text:
        decode = _SPOT.decode
    else:
        return None
    try:
        return decode(text)
    except (DecodeError, UnicodeError, RecursionError):
        return None
