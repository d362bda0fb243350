"""Slices of lists as callers ask for them: by page (spot, wallet) or by offset, and by time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeVar

from mtrade.paper.fields import Source, whole, wrong

T = TypeVar("T")

_FOREVER_S = 10**11


def by_page(items: Iterable[T], query: Source, most: int = 1000, default: int = 100) -> list[T]:
    """The page (1-based) that `page` and `limit` name."""
    limit = whole(query, "limit", default, 1, most)
    page = whole(query, "page", 1, 1, 10_000_000)
    start = (page - 1) * limit
    return list(islice(items, start, start + limit))


def by_offset(items: Sequence[T], query: Source) -> tuple[list[T], dict[str, str]]:
    """The slice that `offset` and `limit` name, with the pagination headers."""
    limit = whole(query, "limit", 100, 1, 1000)
    offset = whole(query, "offset", 0, 0, 10_000_000)
    headers = {
        "X-Pagination-Limit": str(limit),
        "X-Pagination-Offset": str(offset),
        "X-Pagination-Total": str(len(items)),
    }
    return list(items[offset : offset + limit]), headers


def window(query: Source) -> tuple[int, int]:
    """`from` and `to` (seconds, both ends included) as UTC ms; open ends are far away.

    ccxt asks the account books in milliseconds: numbers no second of ours can reach.
    """
    start = _moment(query, "from", 0, 0)
    end = _moment(query, "to", _FOREVER_S * 1000, 999)
    if end < start:
        raise wrong("to")
    return start, end


def _moment(query: Source, name: str, default_ms: int, rest_ms: int) -> int:
    """One end in ms; `rest_ms` is what a whole second still contains of it."""
    if query.get(name) in (None, ""):
        return default_ms
    given = whole(query, name, 0, 0, _FOREVER_S * 1000)
    return given if given >= _FOREVER_S else given * 1000 + rest_ms
