"""Leverage and margin mode before an entry: asked for once, read back, and what a failure means."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mtrade.domain.copying.choices import OnFail
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.facts import Facts, Setting
from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.errors import ExchangeError
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import text
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.memory import Settings as Read
from mtrade.trading.copying.sightings import ContractSeen, SettingSeen

FORGET_S = 60.0  # after that a setting that failed is tried again


@dataclass(frozen=True, slots=True)
class _Failed:
    setting: Setting
    label: str
    until: float


class Settings:
    """Engine thread only."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._failed: dict[tuple[str, InstrumentId], _Failed] = {}

    def ask(self, leg: CopyLeg, setting: Setting) -> None:
        """Set it; the answer wakes the leg."""
        self._core.scout.ask_setting(leg.follower_id, leg.instrument, setting)

    def seen_by(self, leg: CopyLeg, facts: Facts) -> Facts:
        """The facts with what a failure means: no entry, or an entry as it is."""
        failed = self._failed.get((leg.follower_id, leg.instrument))
        if failed is None:
            return facts
        if self._core.tools.clock.monotonic() >= failed.until:
            del self._failed[(leg.follower_id, leg.instrument)]
            return facts
        if facts.link.params.on_leverage_fail is OnFail.CONTINUE:
            wanted = failed.setting
            follower = replace(
                facts.follower, leverage=wanted.leverage, margin_mode=wanted.margin_mode
            )
            return replace(facts, follower=follower)
        if facts.gate is not None:
            return facts
        numbers = {"leverage": text(failed.setting.leverage), "label": failed.label}
        return replace(facts, gate=Reason(Code.LEVERAGE_FAIL, numbers))

    def done(self, seen: SettingSeen) -> None:
        """It was set, or not: what was read after it decides."""
        core = self._core
        key = (seen.account_id, seen.instrument)
        self._remember(seen)
        rows = [row for row in seen.rows if row.margin_mode is seen.setting.margin_mode]
        if rows and all(row.leverage == seen.setting.leverage for row in seen.rows):
            self._failed.pop(key, None)
        else:
            label = "not taken over"
            if seen.error is not None:
                label = seen.error.message
                if isinstance(seen.error, ExchangeError) and seen.error.label:
                    label = seen.error.label
            until = core.tools.clock.monotonic() + FORGET_S
            self._failed[key] = _Failed(seen.setting, label, until)
            self._tell(seen, label)
        core.touch_contract(*key)

    def read(self, seen: ContractSeen) -> None:
        """Leverage and margin mode were read."""
        if seen.error is None:
            self._remember(seen)
            self._core.touch_contract(seen.account_id, seen.instrument)

    def _remember(self, seen: ContractSeen | SettingSeen) -> None:
        if seen.rows:
            place = (seen.account_id, seen.instrument.settle)
            self._core.memory.settings(place, seen.instrument, Read(seen.rows, seen.read_ms))

    def _tell(self, seen: SettingSeen, label: str) -> None:
        core = self._core
        numbers = {"leverage": text(seen.setting.leverage), "label": label}
        for link_id in core.book.of_follower.get(seen.account_id, ()):
            for leg in core.book.legs_of(link_id):
                if leg.instrument == seen.instrument:
                    core.shout(core.book.links[link_id], leg, Reason(Code.LEVERAGE_FAIL, numbers))
