"""Walking through lists that the exchange gives out in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PAGE = 500  # a thousand full orders could pass the size cap of an answer
MOST_PAGES = 100


def collect(
    page: Callable[[int, int], tuple[T, ...]], limit: int, size: int = PAGE
) -> tuple[T, ...]:
    """Up to `limit` rows from `page(index, size)`, index from 0, until a page is not full."""
    size = max(1, min(size, limit))
    found: list[T] = []
    for index in range(MOST_PAGES):
        part = page(index, size)
        found += part
        if len(part) < size or len(found) >= limit:
            break
    return tuple(found[:limit])
