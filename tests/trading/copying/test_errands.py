"""How often the exchange is asked: more rarely when many accounts follow."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mtrade.trading.copying import errands
from tests.trading.copying.stand import FIRST, LEADER, Stand, name

FOLLOWERS = 4


def asked(stand: Stand, seconds: float) -> Counter[tuple[str, str]]:
    """Reads by kind and account while nothing happens."""
    seen: Counter[tuple[str, str]] = Counter()
    scout: Any = stand.core.scout
    for kind in ("positions", "wallet"):
        real = getattr(scout, f"ask_{kind}")

        def ask(account_id: str, settle: str, kind: str = kind, real: Any = real) -> bool:
            seen[kind, account_id] += 1
            return bool(real(account_id, settle))

        setattr(scout, f"ask_{kind}", ask)
    stand.run(seconds)
    return seen


@pytest.mark.parametrize(("gladly", "slowdown"), [(FOLLOWERS + 1, 1), (1, errands.MOST_SLOWDOWN)])
def test_followers_share_the_reads_that_so_many_may_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gladly: int, slowdown: float
) -> None:
    monkeypatch.setattr(errands, "FULL_PACE", gladly)
    stand = Stand(tmp_path, followers=FOLLOWERS)
    for follower in range(FIRST, FIRST + FOLLOWERS):
        stand.link(follower)
    stand.run(40)
    seen = asked(stand, 60)
    assert seen["positions", name(LEADER)] == pytest.approx(60 / errands.LEADER_S, abs=1)
    assert seen["wallet", name(LEADER)] == pytest.approx(60 / errands.WALLET_S, abs=1)
    for follower in range(FIRST, FIRST + FOLLOWERS):
        positions = 60 / errands.FOLLOWER_S / slowdown
        assert seen["positions", name(follower)] == pytest.approx(positions, abs=1)
        wallets = 60 / errands.WALLET_S / slowdown
        assert seen["wallet", name(follower)] == pytest.approx(wallets, abs=1)
