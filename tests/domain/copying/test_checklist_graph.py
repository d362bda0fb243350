"""The checklist: which links may stand beside each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.copying.graph import check_place, circle
from mtrade.domain.copying.model import Link
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.errors import Conflict
from mtrade.domain.frozen import replace


def link(leader: str, follower: str, number: int = 0, **params: tuple[str, ...]) -> Link:
    return Link(
        id=number, leader_id=f"paper:{leader}", follower_id=f"paper:{follower}",
        params=CopyParams(**params),  # type: ignore[arg-type]
    )  # fmt: skip


def code(new: Link, *others: Link) -> str:
    rows = [replace(row, id=n) for n, row in enumerate(others, 1)]
    try:
        check_place(new, rows)
    except Conflict as refusal:
        return refusal.code
    return ""


def test_c34_two_links_on_one_follower_need_different_contracts() -> None:
    btc, eth = link("1", "9", allow=("BTC_USDT",)), link("2", "9", allow=("ETH_USDT",))
    assert code(eth, btc) == ""
    assert code(link("2", "9", allow=("BTC_USDT", "ETH_USDT")), btc) == "copy_conflict"
    assert code(link("2", "9"), btc) == "copy_conflict"
    assert code(link("2", "9", deny=("BTC_USDT",)), btc) == ""
    assert code(link("2", "8"), btc) == ""


def test_c34_one_leader_is_followed_once() -> None:
    assert code(link("1", "9", allow=("ETH_USDT",)), link("1", "9", allow=("BTC_USDT",))) == (
        "copy_conflict"
    )


def test_c34_another_settle_currency_is_another_contract() -> None:
    assert code(replace(link("2", "9"), settle="btc"), link("1", "9")) == ""


def test_c35_cycles_of_two_and_three_are_refused() -> None:
    assert code(link("2", "1"), link("1", "2")) == "copy_cycle"
    assert code(link("3", "1"), link("1", "2"), link("2", "3")) == "copy_cycle"
    assert code(link("1", "3"), link("1", "2"), link("2", "3")) == "copy_conflict"


def test_c35_the_refusal_names_the_ring() -> None:
    with pytest.raises(Conflict) as refusal:
        check_place(link("3", "1"), [link("1", "2", 1), link("2", "3", 2)])
    assert refusal.value.params["ring"] == "paper:3 → paper:1 → paper:2 → paper:3"


def test_c35_one_account_through_two_keys_is_one_account() -> None:
    """Accounts are named by Gate's user id, whatever key they came with."""
    assert code(link("1", "1")) == "copy_self"


def test_another_network_is_refused() -> None:
    assert code(replace(link("1", "2"), leader_id="testnet:1")) == "copy_network"


def test_a_link_does_not_stand_in_its_own_way() -> None:
    check_place(link("1", "2", 4), [link("1", "2", 4)])


nodes = st.integers(0, 7)


@given(edges=st.lists(st.tuples(nodes, nodes), max_size=25))
def test_links_added_one_by_one_never_form_a_ring(edges: list[tuple[int, int]]) -> None:
    kept: list[Link] = []
    for number, (leader, follower) in enumerate(edges, 1):
        wish = link(str(leader), str(follower), number)
        if leader != follower and not circle(wish, kept):
            kept.append(wish)
    order = {row.leader_id for row in kept} | {row.follower_id for row in kept}
    left = list(kept)
    while order:  # an acyclic graph always has somebody who follows nobody
        free = {name for name in order if all(row.follower_id != name for row in left)}
        assert free
        order -= free
        left = [row for row in left if row.leader_id not in free]
