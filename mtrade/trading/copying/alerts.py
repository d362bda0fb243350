"""What copying shouts: one problem per cause, shown in health until it is over. Thread-safe."""

from __future__ import annotations

import logging

from mtrade.domain.copying.codes import Reason
from mtrade.domain.ports import Clock
from mtrade.trading.views import Problem

log = logging.getLogger(__name__)

SHOWN_S = 600.0
MOST = 50


class Alerts:
    """Problems by name; one that is not repeated goes after ten minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: dict[str, tuple[float, Problem]] = {}

    def shout(self, name: str, reason: Reason, where: str) -> bool:
        """Something needs a person; True when it was not shown already."""
        now = self._clock.monotonic()
        known = self._found.get(name)
        new = known is None or known[0] < now - SHOWN_S
        text = f"copying, {where}: {reason.code.replace('_', ' ').lower()}"
        numbers = ", ".join(f"{key} {value}" for key, value in reason.numbers.items())
        if new:
            log.warning("%s (%s)", text, numbers)
        problem = Problem(
            "copying", f"{text} ({numbers})" if numbers else text,
            params={"code": reason.code, "where": where, **reason.numbers},
        )  # fmt: skip
        self._found = {**self._found, name: (now, problem)}
        if len(self._found) > MOST:
            self._found = dict(list(self._found.items())[-MOST:])
        return new

    def over(self, name: str) -> None:
        """It is well again."""
        self._found = {key: value for key, value in self._found.items() if key != name}

    def problems(self) -> tuple[Problem, ...]:
        """Everything now."""
        oldest = self._clock.monotonic() - SHOWN_S
        return tuple(problem for at, problem in self._found.values() if at >= oldest)
