"""`replace` for the values of this program, whichever of the two kinds they are.

What is made for every follower before an order leaves is a `msgspec.Struct`, everything else a
frozen dataclass (docs/adr/0017-values-on-the-way-of-an-order.md).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value: Any, /, **changes: object) -> Any:
        """`value` with other fields. Raises TypeError for one that it does not have."""
        if isinstance(value, Struct):
            return structs.replace(value, **changes)
        return dataclasses.replace(value, **changes)


__all__ = ["replace"]
