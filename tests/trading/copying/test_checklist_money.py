"""The checklist: money that moves in or out of an account in the midst of an episode."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction
from pathlib import Path

import pytest

from mtrade.domain.copying.choices import SizeMode
from tests.trading.copying.follow import FIRST, LEADER, Follow

WALLET_S = 25.0  # wallets are read every ten seconds


def moved(stand: Follow, uid: int, change: str) -> None:
    """Somebody pays in or takes out; long enough ago for every wallet to have been read."""
    futures, now = stand.bourse.world.futures, stand.clock.now_ms()
    move = futures.deposit if D(change) > 0 else futures.withdraw
    move(uid, "usdt", abs(D(change)), now)
    stand.run(WALLET_S)


@pytest.mark.parametrize(
    ("uid", "change", "ratio"),
    [
        (FIRST, "100000", "2"),
        (FIRST, "-50000", "0.5"),
        (LEADER, "100000", "0.5"),
        (LEADER, "-50000", "2"),
    ],
)
def test_c27_money_moved_mid_episode_changes_only_the_next_one(
    tmp_path: Path, uid: int, change: str, ratio: str
) -> None:
    """k is fixed when the episode starts, for adds and reductions too; the next one is by the new
    equity (fees are the only difference)."""
    stand = Follow(tmp_path)
    stand.follow(size_mode=SizeMode.EQUITY)
    stand.run(WALLET_S)
    stand.trade("40")
    stand.run(3)
    before = stand.leg().episode
    assert before is not None
    assert (before.k, stand.owned()) == (Fraction(1), D(40))
    moved(stand, uid, change)
    for size, held in (("20", D(60)), ("-30", D(30))):
        stand.trade(size)
        stand.run(3)
        after = stand.leg().episode
        assert after is not None
        assert (after.k, after.k_eff, stand.owned()) == (Fraction(1), Fraction(1), held)
    stand.trade("-30")
    stand.run(WALLET_S)
    assert (stand.owned(), stand.leg().episode) == (D(0), None)
    stand.trade("1000")
    stand.run(3)
    fresh = stand.leg().episode
    assert fresh is not None
    assert fresh.k is not None
    assert abs(fresh.k / Fraction(ratio) - 1) < Fraction(1, 1000)
    assert abs(stand.owned() - 1000 * D(ratio)) <= 1
