"""Leverage and margin mode before an entry: asked for once, read back, and what a failure means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mtrade.domain.copying.choices import OnFail
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.facts import Facts, Setting
from mtrade.domain.copying.model import CopyChange, CopyLeg, Link
from mtrade.domain.errors import ExchangeError, MTradeError, RateLimited
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import text
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.memory import Settings as Read
from mtrade.trading.copying.sightings import ContractSeen, SettingSeen
from mtrade.trading.copying.world import network_of

REFUSED_S = 60.0  # the exchange said no: an order or a position is in the way, or a rule
SOON_S = (1.0, 2.0, 4.0, 8.0)  # it could not be asked, or does not show it yet
LOUD = len(SOON_S)  # failures in a row after which a person is called
LIMITED, NO_ANSWER, NOT_TAKEN = "rate_limited", "no_answer", "not_taken_over"
EXPIRED = "request_expired"


@dataclass(frozen=True, slots=True)
class _Failed:
    """`refused`: the exchange said no, so asking again soon is of no use."""

    setting: Setting
    label: str
    refused: bool
    tries: int
    until: float
    again_ms: int

    def why(self) -> Reason:
        numbers = {
            "leverage": text(self.setting.leverage),
            "margin": self.setting.margin_mode.value,
            "label": self.label,
            "at": str(self.again_ms),
        }
        return Reason(Code.LEVERAGE_FAIL, numbers)


class Settings:
    """Engine thread only."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._failed: dict[tuple[str, InstrumentId], _Failed] = {}
        self._asking: set[tuple[str, InstrumentId]] = set()

    def ask(self, leg: CopyLeg, setting: Setting) -> None:
        """Set it, unless that is being done; the answer wakes the leg."""
        key = (leg.follower_id, leg.instrument)
        if key not in self._asking:
            self._asking.add(key)
            self._core.scout.ask_setting(leg.follower_id, leg.instrument, setting)

    def seen_by(self, leg: CopyLeg, facts: Facts) -> Facts:
        """The facts with what a failure means: no entry until it is tried again; or, when it was
        refused and the link wants that, an entry as it is."""
        failed = self._failed.get((leg.follower_id, leg.instrument))
        if failed is None:
            return facts
        if failed.refused and facts.link.params.on_leverage_fail is OnFail.CONTINUE:
            if self._is_over(failed):
                return facts
            return replace(facts, as_geared=True)
        if facts.gate is not None or self._is_over(failed):
            return facts
        return replace(facts, gate=failed.why())

    def done(self, seen: SettingSeen) -> None:
        """It was set, or not: what was read after it decides."""
        key = (seen.account_id, seen.instrument)
        self._asking.discard(key)
        self._remember(seen)
        if _is_set(seen):
            if self._failed.pop(key, None) is not None:
                for link, leg in self._legs(*key):
                    self._core.over(link, leg, Code.LEVERAGE_FAIL)
        else:
            failed = self._failed[key] = self._judged(seen, self._failed.get(key))
            if failed.refused or failed.tries == LOUD:
                self._tell(key, failed)
        self._core.touch_contract(*key)

    def read(self, seen: ContractSeen) -> None:
        """Leverage and margin mode were read."""
        if seen.error is None:
            self._remember(seen)
            self._core.touch_contract(seen.account_id, seen.instrument)

    def _is_over(self, failed: _Failed) -> bool:
        """Whether it is time to try again. What failed before is kept, for the next wait."""
        return self._core.tools.clock.monotonic() >= failed.until

    def _judged(self, seen: SettingSeen, known: _Failed | None) -> _Failed:
        same = known is not None and known.setting == seen.setting
        tries = 1 + (known.tries if known is not None and same else 0)
        # What is read again and again as it was before counts as a no, whatever was answered.
        refused = _is_refusal(seen.error) or (bool(seen.rows) and tries > len(SOON_S))
        wait = REFUSED_S if refused else SOON_S[min(tries, len(SOON_S)) - 1]
        if isinstance(seen.error, ExchangeError) and seen.error.retry_after:
            wait = max(wait, float(seen.error.retry_after))
        now = self._core.now_ms(network_of(seen.account_id))
        return _Failed(
            seen.setting,
            _label(seen.error),
            refused,
            tries,
            self._core.tools.clock.monotonic() + wait,
            now + round(wait * 1000),
        )

    def _remember(self, seen: ContractSeen | SettingSeen) -> None:
        if seen.rows:
            place = (seen.account_id, seen.instrument.settle)
            self._core.memory.settings(place, seen.instrument, Read(seen.rows, seen.read_ms))

    def _tell(self, key: tuple[str, InstrumentId], failed: _Failed) -> None:
        core, why = self._core, failed.why()
        rows = tuple(
            core.row(link, leg, why) for link, leg in self._legs(*key) if core.shout(link, leg, why)
        )
        if rows:
            core.launch((), CopyChange(events=rows))

    def _legs(self, account_id: str, instrument: InstrumentId) -> Iterator[tuple[Link, CopyLeg]]:
        book = self._core.book
        for link_id in book.of_follower.get(account_id, ()):
            for leg in book.legs_of(link_id):
                if leg.instrument == instrument and leg.episode is not None:
                    yield book.links[link_id], leg


def _is_set(seen: SettingSeen) -> bool:
    rows = [row for row in seen.rows if row.margin_mode is seen.setting.margin_mode]
    return bool(rows) and all(row.leverage == seen.setting.leverage for row in seen.rows)


def _is_refusal(error: MTradeError | None) -> bool:
    """Whether the exchange said no for good; a request that came too late may be made again."""
    if error is None or error.retryable or not error.outcome_known:
        return False
    return error.code != EXPIRED


def _label(error: MTradeError | None) -> str:
    """What the exchange calls it, or a word of ours."""
    if error is None:
        return NOT_TAKEN
    if isinstance(error, RateLimited):
        return LIMITED
    label = error.label if isinstance(error, ExchangeError) else ""
    return label or (error.message if _is_refusal(error) else NO_ANSWER)
