"""Random leaders under random faults and crashes: what the engine guarantees whatever is decided.

Each order text arrives once, the ledger is what the exchange executed, and when the faults end all
legs reach their targets, also when the last commits of a crash are gone.
"""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.copying import step as core
from mtrade.domain.copying.choices import BelowMin, LeverageMode, MarginChoice, SizeMode
from mtrade.domain.copying.params import CopyParams, Share
from tests.sim.copying.troubles import DEFAULT, HOSTILE, POWER_LOSS, Troubles, Weather
from tests.trading.copying.stand import DOGE, ETH, FIRST, LEADER, Stand, name

FOLLOWERS = 2
HALF = CopyParams(
    size_mode=SizeMode.RATIO,
    multiplier=D("0.5"),
    below_min=BelowMin.ACCUMULATE,
    max_order=Share(D(10**7), False),
    max_total=D(100),
    leverage_mode=LeverageMode.LEAVE,
    margin_mode=MarginChoice.LEAVE,
)
STORM_S, CALM_S = 50.0, 80.0


class Storm:
    """One schedule."""

    def __init__(self, seed: int, folder: Path, weather: Weather) -> None:
        self.pick = random.Random(seed)
        self.weather = weather
        self.stand = stand = Stand(
            folder, FOLLOWERS, unknown_limit=10**6, step=core.step, booked=core.booked
        )
        stand.kill()
        stand.troubles = Troubles(random.Random(seed), weather)
        stand.troubles.on = False
        stand.pick.seed(seed)
        stand.begin()
        for n in range(FOLLOWERS):
            stand.link(FIRST + n, params=HALF)
        stand.run(5)
        self.saved = b""

    def run(self) -> None:
        stand, pick = self.stand, self.pick
        stand.troubles.on = True
        end = stand.stage.now + STORM_S
        crash_at = stand.stage.now + pick.expovariate(1 / self.weather.crash_s)
        while stand.stage.now < end:
            stand.run(pick.expovariate(1 / 3))
            self.act()
            if stand.stage.now > crash_at:
                self.crash()
                crash_at = stand.stage.now + pick.expovariate(1 / self.weather.crash_s)
        stand.troubles.on = False
        stand.run(CALM_S)

    def act(self) -> None:
        stand, pick = self.stand, self.pick
        contract = pick.choice([DOGE, ETH])
        held = stand.bourse.held(LEADER, contract)
        roll = pick.random()
        if roll < 0.5:
            stand.trade(str(pick.choice([1, -1]) * pick.randint(1, 30)), contract)
        elif roll < 0.9 and held:
            stand.trade(str(-held if roll < 0.75 else -2 * held), contract)
        else:
            stand.streams.cut(name(pick.choice(list(stand.uids))), pick.uniform(1, 15))

    def crash(self) -> None:
        """The process dies; with power loss the journal is an instant behind what was sent."""
        stand, pick = self.stand, self.pick
        stand.journal.checkpoint()
        before = (stand.folder / "mtrade.db").read_bytes()
        stand.run(pick.choice([0.0, 0.02, 0.3]))
        stand.kill()
        if self.weather.power_loss:
            for file in stand.folder.iterdir():
                file.unlink()
            (stand.folder / "mtrade.db").write_bytes(before)
            stand.tools["lost"] = True
        stand.run(pick.uniform(0.1, 5.0))
        stand.begin()

    def wrong(self) -> list[str]:
        stand = self.stand
        texts = Counter(a.text for a in stand.bourse.arrivals if a.text.startswith("t-mt1"))
        found = [f"{text} arrived {times} times" for text, times in texts.items() if times > 1]
        for uid in range(FIRST, FIRST + FOLLOWERS):
            for contract in (DOGE, ETH):
                rules = stand.bourse.world.rooms[contract].instrument
                target = rules.conform_size(stand.bourse.held(LEADER, contract) / 2)
                owned, held = stand.owned(uid, contract), stand.held(uid, contract)
                if not owned == held == target:
                    found.append(f"{uid} {contract}: {owned} owned, {held} held, {target} wanted")
        return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weather", [DEFAULT, HOSTILE, POWER_LOSS], ids=["fair", "foul", "power"])
def test_nothing_is_lost_or_doubled(seed: int, weather: Weather, tmp_path: Path) -> None:
    storm = Storm(seed, tmp_path, weather)
    storm.run()
    assert storm.wrong() == []


@pytest.mark.full
@pytest.mark.parametrize("weather", [DEFAULT, HOSTILE, POWER_LOSS], ids=["fair", "foul", "power"])
def test_nothing_is_lost_or_doubled_in_many_storms(weather: Weather, tmp_path: Path) -> None:
    for seed in range(4, 104):
        folder = tmp_path / str(seed)
        folder.mkdir()
        storm = Storm(seed, folder, weather)
        storm.run()
        assert storm.wrong() == [], seed
        storm.stand.kill()
