"""Finds the route of a method and path below `/api/v4`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from mtrade.paper.http import Route

PREFIX = "/api/v4"
REMEMBERED = 256

Match = tuple[Route, dict[str, str]]


class RouteTable:
    """Routes by their segments. A literal segment wins over a parameter (`{name}`)."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
        for route in routes:
            segments = _split(route.path)
            self._by_length.setdefault(len(segments), []).append((segments, route))
        for entries in self._by_length.values():
            entries.sort(key=lambda entry: [segment.startswith("{") for segment in entry[0]])
        # Clients ask for the same few paths all day.
        self._matches = lru_cache(REMEMBERED)(self._matching)

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
        """The route, its decoded arguments, and whether the path exists at all (maybe not here).

        The settle currency may come in any case: ccxt sends `/futures/USDT/...` (gate-notes).
        """
        known = False
        for route, args in self._matches(path):
            if route.method == method:
                return route, args.copy(), True
            known = True
        return None, {}, known

    def _matching(self, path: str) -> tuple[Match, ...]:
        segments = _split(path)
        entries = self._by_length.get(len(segments), ())
        found = ((route, _arguments(pattern, segments)) for pattern, route in entries)
        return tuple((route, args) for route, args in found if args is not None)


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _arguments(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    args: dict[str, str] = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            name = wanted[1:-1]
            args[name] = given.lower() if name == "settle" else given
        elif wanted != given:
            return None
    return args
