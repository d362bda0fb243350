"""The checklist: the exchange delists a contract or changes its steps while it is copied."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Market
from tests.trading.copying.follow import Follow
from tests.trading.copying.stand import DOGE, ETH, FIRST, LEADER, SECOND, name

REFRESH_S = 310.0  # longer than any rules are kept without asking again


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    """A follower that owns half of the leader's 40."""
    stand = Follow(tmp_path, 2)
    stand.follow(multiplier=D("0.5"))
    stand.trade("40")
    stand.run(30)
    assert stand.held() == D(20)
    stand.bodies.clear()
    return stand


def change(stand: Follow, **rules: Any) -> None:
    """The exchange has other rules from now on."""
    room = stand.bourse.world.rooms[DOGE]
    room.instrument = replace(room.instrument, **rules)


def sizes(stand: Follow) -> list[str]:
    return [body["size"] for body in stand.bodies]


def refused(stand: Follow) -> list[str]:
    return [arrival.label for arrival in stand.bourse.arrivals if arrival.label]


def is_on(stand: Follow) -> bool:
    return all(link.state is LinkState.ON for link in stand.store.load().links)


def test_c39_a_delisted_contract_takes_no_entry_and_lets_exits_out(stand: Follow) -> None:
    """One refusal is enough to look the rules up; the link goes on with everything else."""
    stand.trade("20")
    change(stand, tradable=False)
    stand.run(20)
    assert refused(stand) == ["CONTRACT_IN_DELISTING"]
    why = stand.why()
    assert why is not None
    assert why.code is Code.CONTRACT_STATUS
    assert [row.act for row in stand.told(Code.CONTRACT_STATUS)] == [Act.DELAYED]
    stand.trade("10", ETH)
    stand.run(5)
    assert stand.held(contract=ETH) == D(5)
    for size, left in (("-40", 10), ("-20", 0)):
        stand.bourse.market(LEADER, DOGE, D(size), reduce=True)
        stand.run(20)
        assert stand.owned() == stand.held() == left
    assert is_on(stand)


def test_c39_a_contract_that_is_no_longer_listed_takes_no_entry_either(stand: Follow) -> None:
    line: Any = stand.lines[name(LEADER)]
    every = line.instruments

    def without(market: Market, settle: str = "") -> Any:
        return tuple(row for row in every(market, settle) if row.id != DOGE)

    line.instruments = without
    stand.run(REFRESH_S)
    stand.trade("20")
    stand.run(20)
    assert (stand.bodies, stand.held()) == ([], D(20))
    why = stand.why()
    assert why is not None
    assert why.code is Code.CONTRACT_STATUS
    stand.trade("-30")
    stand.run(20)
    assert stand.owned() == stand.held() == D(15)


def test_c39_a_contract_that_is_settled_ends_the_episode_and_is_told(stand: Follow) -> None:
    """The exchange closes everybody's position by itself."""
    change(stand, tradable=False)
    stand.forced(LEADER, "-40", "clear")
    stand.forced(FIRST, "-20", "clear")
    stand.run(60)
    assert (stand.owned(), stand.held()) == (D(0), D(0))
    assert stand.leg().episode is None
    assert {"LEADER_LIQUIDATED", "FOLLOWER_OUT"} & set(stand.alarms())


@pytest.mark.parametrize(
    ("rules", "label", "first", "second"),
    [
        ({"size_step": D(4), "min_size": D(4)}, "INVALID_PARAM_VALUE", 24, 28),
        ({"min_size": D(8)}, "SIZE_TOO_SMALL", 20, 30),
    ],
)
def test_c39_changed_sizes_are_looked_up_after_one_refusal(
    stand: Follow, rules: dict[str, D], label: str, first: int, second: int
) -> None:
    """The leader goes to 52 and 60: what is less than one order waits for more."""
    stand.trade("12")
    change(stand, **rules)
    stand.run(20)
    assert refused(stand) == [label]
    assert stand.owned() == stand.held() == first
    stand.trade("8")
    stand.run(20)
    assert stand.owned() == stand.held() == second
    assert refused(stand) == [label]
    assert is_on(stand)
    stand.trade("-60")
    stand.run(40)
    assert (stand.owned(), stand.held()) == (D(0), D(0))


def test_c39_a_larger_least_order_closes_nothing_while_the_leader_stays(stand: Follow) -> None:
    change(stand, min_size=D(50))
    stand.run(REFRESH_S)
    assert (stand.bodies, stand.owned(), stand.held()) == ([], D(20), D(20))
    stand.trade("-50")
    stand.run(40)
    assert (stand.owned(), stand.held()) == (D(0), D(0))


def test_c39_what_no_longer_fits_the_step_goes_in_whole_steps_and_then_by_a_full_close(
    stand: Follow,
) -> None:
    change(stand, size_step=D(8), min_size=D(8))
    stand.run(REFRESH_S)
    stand.trade("-40")
    stand.run(40)
    assert (stand.owned(), stand.held()) == (D(0), D(0))
    assert sizes(stand)[0] == "-16"
    assert stand.bodies[-1].get("close") is True


def test_c39_beside_a_foreign_part_what_no_longer_fits_stays_and_is_shown(stand: Follow) -> None:
    stand.trade("3", uid=FIRST)
    change(stand, size_step=D(8), min_size=D(8))
    stand.run(REFRESH_S)
    stand.trade("-40")
    stand.run(40)
    assert (stand.owned(), stand.held()) == (D(4), D(7))
    why = stand.why()
    assert why is not None
    assert why.code is Code.DUST


def test_c39_a_step_that_becomes_finer_is_used_from_the_next_refresh(stand: Follow) -> None:
    change(stand, size_step=D("0.1"), min_size=D("0.1"))
    stand.run(REFRESH_S)
    stand.trade("1.3")
    stand.run(10)
    assert stand.owned() == stand.held() == D("20.6")
    assert sizes(stand) == ["0.6"]
    stand.trade("-41.3")
    stand.run(10)
    assert (stand.owned(), stand.held()) == (D(0), D(0))


def test_c39_rules_that_cannot_be_read_are_asked_for_soon_again(stand: Follow) -> None:
    """Entries wait meanwhile, also those of other followers; exits do not."""
    stand.follow(SECOND, multiplier=D("0.5"))
    line: Any = stand.lines[name(LEADER)]
    every = line.instruments

    def down(market: Market, settle: str = "") -> Any:
        raise ExchangeUnavailable("no answer")

    stand.run(10)
    line.instruments = down
    stand.trade("3")
    change(stand, min_size=D(3))
    stand.run(30)
    asked = len(refused(stand))
    assert asked <= 2
    stand.trade("-10")
    stand.run(5)
    assert stand.owned() < D(20)
    line.instruments = every
    stand.run(10)
    assert len(refused(stand)) == asked
    assert is_on(stand)
