"""Icons of the lucide wheel as inline SVG or as symbols of the page's one sprite."""

from __future__ import annotations

import re
from functools import lru_cache

from lucide.jinja import lucide
from markupsafe import Markup

_INSIDE = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
# S704: what is marked safe below comes from the icon package, never from a person.
_STROKE = 'fill="none" stroke="currentColor" stroke-width="2"'
_ROUND = 'stroke-linecap="round" stroke-linejoin="round"'
_LOOK = f'viewBox="0 0 24 24" {_STROKE} {_ROUND}'


def icon(name: str) -> Markup:
    """One decorative icon; its meaning stands beside it or in a label. Unknown names raise."""
    return Markup(f'<svg class="icon" aria-hidden="true" {_LOOK}>{_shapes(name)}</svg>')  # noqa: S704


def icon_symbol(name: str) -> Markup:
    """The same icon for the sprite, used by `<use href="#i-NAME">`."""
    return Markup(f'<symbol id="i-{name}" {_LOOK}>{_shapes(name)}</symbol>')  # noqa: S704


@lru_cache(maxsize=256)
def _shapes(name: str) -> str:
    match = _INSIDE.search(str(lucide(name, size=None)))
    if match is None:
        raise ValueError(f"icon {name} has no shapes")
    return " ".join(match[1].split())
