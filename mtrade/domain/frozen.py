"""`replace` for frozen dataclasses with slots, at less than half the price of the standard one.

A decision about a follower is a chain of such replacements, made for every follower before any
order leaves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

_set = object.__setattr__
_new = object.__new__


@cache
def _shape(kind: type) -> tuple[tuple[str, ...], Callable[[Any], Any]]:
    """The names of a class's fields, and what reads them all."""
    names = tuple(field.name for field in fields(kind))
    if len(names) < 2 or "__slots__" not in vars(kind) or hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} needs slots, two fields and no __post_init__")
    return names, attrgetter(*names)


if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value: T, /, **changes: object) -> T:
        """`value` with other fields. Raises AttributeError for one that it does not have."""
        kind = value.__class__
        names, read = _shape(kind)
        made = _new(kind)
        deque(map(_set.__get__(made), names, read(value)), 0)
        for name, changed in changes.items():
            _set(made, name, changed)
        return made


__all__ = ["replace"]
