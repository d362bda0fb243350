"""The judge of the chaos of copying tells right histories from wrong ones."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal as D
from fractions import Fraction
from pathlib import Path

import pytest

from mtrade.domain.frozen import replace
from tests.chaos.gate_user import Contract
from tests.chaos.rules import Copy, Rule, differences
from tests.sim.copying.judge import Trade

ETH = Contract(name="ETH_USDT", step=D("0.1"), worth=D("0.01"))
SCHEMA = """
CREATE TABLE copy_link(id INTEGER, follower_id TEXT);
CREATE TABLE copy_leg(follower_id TEXT, instrument TEXT, side TEXT, owned TEXT, episode TEXT);
CREATE TABLE copy_event(link_id INTEGER, instrument TEXT, side TEXT, time_ms INTEGER, act TEXT,
    code TEXT, numbers TEXT);
INSERT INTO copy_link VALUES(1, 'paper:2');
"""


def fills(*parts: tuple[int, str], text: str = "api") -> list[Trade]:
    """Executions as (time in seconds, signed size)."""
    return [Trade(at * 1000, D(size), D(3200), text) for at, size in parts]


def copy(rule: Rule, leader: list[Trade], own: list[Trade], side: str = "single") -> Copy:
    return Copy(
        account="paper:2", side=side, rule=rule, contract=ETH, leader=leader, own=own,
        position=sum((trade.size for trade in own), D(0)), leverage=D(5),
        equity=(Fraction(36, 100), Fraction(37, 100)),
    )  # fmt: skip


def found(
    home: Path, leg: Copy, k: str, *, fell: str = "", told: tuple[object, ...] = (),
    died: tuple[int, ...] = (),
) -> list[str]:  # fmt: skip
    """What the judge says when the journal claims this ratio and tells that."""
    home.mkdir(exist_ok=True)
    file = home / "journal.db"
    with closing(sqlite3.connect(file)) as db:
        db.executescript(SCHEMA)
        episode = json.dumps({"k": k, "k_eff": fell or k}) if k else None
        row = (leg.account, ETH.name, leg.side, str(leg.position), episode)
        db.execute("INSERT INTO copy_leg VALUES(?,?,?,?,?)", row)
        if told:
            db.execute("INSERT INTO copy_event VALUES(1,?,?,?,?,?,'{}')",
                       (ETH.name, leg.side, *told))  # fmt: skip
        db.commit()
    return list(differences(file, [leg], died))


MINE, SHORT = "t-mt1cNaaaa", "t-mt1cSaaaa"
RATIO = Rule(mode="ratio", value=D("0.35"))
FIXED = Rule(mode="fixed_contracts", value=D(50))


def test_the_share_is_demanded_to_the_last_step(tmp_path: Path) -> None:
    leader = fills((10, "20"), (30, "-3"))  # 17 x 0.35 = 5.95
    right = copy(RATIO, leader, fills((11, "7"), (31, "-1.1"), text=MINE))
    short = copy(RATIO, leader, fills((11, "7"), (31, "-1.2"), text=MINE))
    assert found(tmp_path, right, "7/20") == []
    assert "target 5.9, owned 5.8" in found(tmp_path / "a", short, "7/20")[0]


@pytest.mark.parametrize(("k", "wrong"), [("5/2", 0), ("50/24", 0), ("50/30", 1)])
def test_a_fixed_ratio_must_be_one_that_the_leader_had_before_the_first_order(
    tmp_path: Path, k: str, wrong: int
) -> None:
    """20 or 24 until the follower's first fill, 30 only after it."""
    leader = fills((10, "20"), (12, "4"), (20, "6"))
    size = int(Fraction(k) * 30 * 10) / D(10)
    own = fills((13, "50"), (21, str(size - 50)), text=MINE)
    assert len(found(tmp_path, copy(FIXED, leader, own), k)) == wrong


def test_of_an_earlier_position_of_the_leader_no_ratio_is_left(tmp_path: Path) -> None:
    leader = fills((10, "20"), (20, "-20"), (30, "25"))
    own = fills((11, "50"), (21, "-50"), (31, "62.5"), text=MINE)
    assert "the ratio is 2.5" in found(tmp_path, copy(FIXED, leader, own), "5/2")[0]


def test_a_ratio_of_wallets_stays_within_what_they_had(tmp_path: Path) -> None:
    leader = fills((10, "100"))
    rule = Rule(mode="equity")
    inside = copy(rule, leader, fills((11, "36.5"), text=MINE))
    outside = copy(rule, leader, fills((11, "38"), text=MINE))
    assert found(tmp_path, inside, "365/1000") == []
    assert "the ratio is 0.38" in found(tmp_path / "a", outside, "38/100")[0]


def test_an_inverse_leg_of_a_hedge_account(tmp_path: Path) -> None:
    rule, leader = replace(RATIO, inverse=True), fills((10, "20"))
    right = copy(rule, leader, fills((11, "-7"), text=SHORT), "dual_short")
    other = copy(rule, leader, fills((11, "7"), text=SHORT), "dual_long")
    assert found(tmp_path, right, "7/20") == []
    assert "although the leader is flat" in found(tmp_path / "a", other, "7/20")[0]


def test_what_fell_short_or_was_not_followed_is_named(tmp_path: Path) -> None:
    leader = fills((10, "20"))
    leg = copy(RATIO, leader, fills((11, "7"), text=MINE))
    assert "the ratio fell" in found(tmp_path, leg, "7/20", fell="6/20")[0]
    assert "nothing is followed" in found(tmp_path / "a", copy(RATIO, leader, []), "")[0]


@pytest.mark.parametrize(
    ("act", "code", "died", "own", "wrong"),
    [
        ("skipped", "NOT_LIVE", 15_000, [], 0),
        ("skipped", "NOT_LIVE", 25_000, [], 1),  # death came after the leader had left
        ("skipped", "PRICE_RAN", 15_000, [], 1),
        ("failed", "NOT_LIVE", 15_000, [], 1),
        ("skipped", "NOT_LIVE", 15_000, [(17, "7"), (21, "-7")], 1),  # it was copied
    ],
)
def test_only_a_death_excuses_what_was_missed(
    tmp_path: Path, act: str, code: str, died: int, own: list[tuple[int, str]], wrong: int
) -> None:
    """The leader was in from 16 to 20 s."""
    leg = copy(RATIO, fills((16, "20"), (20, "-20")), fills(*own, text=MINE))
    told = (24_000, act, code)
    assert len(found(tmp_path, leg, "", told=told, died=(died,))) == wrong


@pytest.mark.parametrize(("own", "wrong"), [([], 0), ([(17, "1.7"), (21, "-1.7")], 1)])
def test_what_was_added_and_taken_back_around_a_death_may_be_missing(
    tmp_path: Path, own: list[tuple[int, str]], wrong: int
) -> None:
    leader = fills((10, "20"), (16, "5"), (20, "-5"))
    leg = copy(RATIO, leader, fills((11, "7"), *own, text=MINE))
    told = (24_000, "skipped", "NOT_RECONCILED")
    assert len(found(tmp_path, leg, "7/20", told=told, died=(15_000,))) == wrong
