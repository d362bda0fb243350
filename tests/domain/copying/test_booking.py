"""What news of a leg's own order does to its ledger."""

from __future__ import annotations

from decimal import Decimal as D

from mtrade.domain.copying.booking import taken_in
from mtrade.domain.copying.model import CopyLeg, Episode, LegStatus
from mtrade.domain.copying.step import booked
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side
from mtrade.domain.orders import (
    Intent,
    IntentKind,
    IntentState,
    OrderRequest,
    OrderType,
    TimeInForce,
)
from mtrade.domain.positions import Leg
from tests.domain.copying.facts import BTC, NOW

LEG = CopyLeg(
    id=1, link_id=1, follower_id="paper:2", instrument=BTC, side=Leg.NET, owned=D(-4), pending=7
)
SENT = Intent(
    id=7,
    account_id="paper:2",
    kind=IntentKind.COPY,
    request_id="",
    order=OrderRequest(
        instrument=BTC, side=Side.SELL, type=OrderType.LIMIT, size=D(6), text="t-mt1cN",
        price=D(60_000), tif=TimeInForce.IOC,
    ),
    expires_ms=NOW + 3_000,
    state=IntentState.SENDING,
    planned_ms=NOW,
    leg_id=1,
)  # fmt: skip


def test_a_fill_that_is_told_in_parts_is_booked_once() -> None:
    """Found open with a part filled, cancelled, read again: the parts never add up to more."""
    open_ = SENT.advance(IntentState.UNKNOWN, filled=D(2), average=D(60_000))
    done = open_.advance(IntentState.DONE, filled=D(5), average=D(60_000), closed_ms=NOW)
    part = booked(LEG, SENT, open_, None).leg
    assert (part.owned, part.pending) == (D(-6), 7)
    whole = booked(part, open_, done, None).leg
    assert (whole.owned, whole.pending) == (D(-9), None)


def test_an_order_without_effect_leaves_the_ledger_alone() -> None:
    void = SENT.advance(IntentState.VOID, label="NOT_SENT", closed_ms=NOW)
    assert booked(LEG, SENT, void, None).leg == replace(LEG, pending=None)


def test_a_lost_order_after_a_closed_copy_begins_the_next_one() -> None:
    over = Episode(number=1, sign=1, started_ms=5, joined="open", anchor=D(40), over=True)
    closed = replace(LEG, owned=D(0), pending=None, episode=over, status=LegStatus.PARKED, tries=2)
    leg = taken_in(closed, D(60))
    assert (leg.owned, leg.episode, leg.status, leg.tries) == (60, None, LegStatus.ACTIVE, 0)


def test_the_time_in_which_an_order_was_lost_is_no_time_of_retrying() -> None:
    """What the lost order gave back is bought again by the rules of an entry, not given up."""
    tried = Episode(number=1, sign=1, started_ms=5, joined="open", anchor=D(40), retry_until_ms=NOW)
    leg = taken_in(replace(LEG, owned=D(40), pending=None, episode=tried), D(-30))
    assert (leg.owned, leg.episode) == (D(10), replace(tried, retry_until_ms=None))


def test_a_lost_order_of_a_copy_that_goes_on_only_moves_its_ledger() -> None:
    goes_on = Episode(number=1, sign=1, started_ms=5, joined="open", anchor=D(40))
    for owned, episode in ((D(0), goes_on), (D(5), replace(goes_on, over=True)), (D(0), None)):
        leg = replace(LEG, owned=owned, pending=None, episode=episode)
        assert taken_in(leg, D(-3)) == replace(leg, owned=owned - 3)
