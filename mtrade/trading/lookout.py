"""When which unfinished order is looked at: one look at a time, patient where a stream is heard.

Owned by the engine thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mtrade.domain.orders import Intent, IntentState
from mtrade.domain.ports import Clock
from mtrade.trading.resolver import POLL_S, TRACK_S, Step
from mtrade.trading.timers import Timers

CROWD = 10
HEARD_S = 15.0  # a look is only the second opinion while the private stream tells


def deaf(intent: Intent) -> bool:
    """No stream tells of orders."""
    return False


class Lookout:
    """`look(intent, cancel)` starts a look; `hears(intent)` tells whether a stream brings news of
    the order by itself."""

    def __init__(
        self,
        clock: Clock,
        look: Callable[[Intent, bool], None],
        hears: Callable[[Intent], bool] = deaf,
    ) -> None:
        self._timers = Timers(clock)
        self._look = look
        self._hears = hears
        self._looking: set[int] = set()
        self._misses: dict[int, int] = {}

    def until_next(self) -> float:
        """Seconds until something is due."""
        return self._timers.until_next()

    def due(self) -> Iterator[int]:
        """The ids of the intents whose time has come."""
        return self._timers.due()

    def after(self, intent_id: int, seconds: float) -> None:
        """Make an intent due then, whatever it was before."""
        self._timers.set(intent_id, seconds)

    def begin(self, intent: Intent) -> None:
        """Its answer is there; from now on it is followed."""
        resting = intent.state is IntentState.OPEN
        self.after(intent.id, self._patience(intent, TRACK_S, 1) if resting else 0.0)

    def look(self, intent: Intent, *, cancel: bool = False) -> None:
        """One look at a time per order, so that two misses are really two."""
        if intent.id in self._looking:
            self.after(intent.id, POLL_S)
            return
        self._looking.add(intent.id)
        self._look(intent, cancel)

    def seen(self, intent_id: int) -> int:
        """A look came back; how many misses there were before it."""
        self._looking.discard(intent_id)
        return self._misses.get(intent_id, 0)

    def follow(self, step: Step, crowd: int) -> None:
        """Do what a look led to, among `crowd` unfinished orders."""
        if step.intent.final:
            return
        self._misses[step.intent.id] = step.misses
        if step.cancel:
            self.look(step.intent, cancel=True)
        elif step.look_after_s is not None:
            self.after(step.intent.id, self._patience(step.intent, step.look_after_s, crowd))

    def forget(self, intent_id: int) -> None:
        """It has ended."""
        self._misses.pop(intent_id, None)

    def hears(self, intent: Intent) -> bool:
        """Whether news of the order come by themselves."""
        return self._hears(intent)

    def _patience(self, intent: Intent, wanted_s: float, crowd: int) -> float:
        """Many open orders share one request budget; an unknown one is never made to wait."""
        if intent.state is not IntentState.OPEN:
            return wanted_s
        least = HEARD_S if self._hears(intent) else wanted_s
        return max(least, wanted_s * crowd / CROWD)
