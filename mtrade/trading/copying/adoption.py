"""Before copying may add risk: what was under way is resolved, orders the journal lost are found
again, and no second mTrade trades on a follower.

An order is known by its text: our prefix, our installation's name. What fills under such a text
without being in the journal was sent by a run whose last writes are gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from mtrade.domain.copying.booking import NOT_THROUGH, taken_in
from mtrade.domain.copying.caps import ACCOUNT_RATE
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import CopyChange, CopyEvent, CopyLeg, Link
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import ZERO, text
from mtrade.domain.orders import (
    Fill,
    Intent,
    IntentKind,
    IntentState,
    OrderRequest,
    OrderType,
    TimeInForce,
)
from mtrade.domain.positions import Leg
from mtrade.domain.risk import is_reducing
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.rates import WINDOW_MS
from mtrade.trading.copying.sightings import PositionsSeen, Sighting, TradesSeen
from mtrade.trading.copying.world import network_of
from mtrade.trading.intents import EXPIRES_MS, PREFIX, born_ms
from mtrade.trading.resolver import SETTLE_MS

DAY_MS = 86_400_000
BACK_MS = 600_000
ASK_S = 2.0
KIND_AT, SIDE_AT = len(PREFIX), len(PREFIX) + 1
INSTANCE_AT, NOISE_AT = len(PREFIX) + 2, len(PREFIX) + 6
SIDES = {"N": Leg.NET, "L": Leg.LONG, "S": Leg.SHORT}


class Adoption:
    """Engine thread only."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._started: dict[str, int] = {}  # exchange time of the start, by account
        self._asked: dict[str, float] = {}
        self._scanned: set[str] = set()

    def begin(self) -> None:
        """The journal is loaded: nobody is proven yet."""
        self._take_in(lost=self._core.tools.lost)
        self._recall()

    def run(self) -> None:
        """Ask for what is still missing; let go of accounts that are proven."""
        core = self._core
        self._take_in(lost=False)
        now = core.tools.clock.monotonic()
        for account_id in sorted(core.gates.unproven):
            self._prove(account_id)
            self._scan(account_id)
        for account_id in sorted(core.gates.blind):
            if now < self._asked.get(account_id, 0.0) or not self._settled(account_id):
                continue
            self._asked[account_id] = now + ASK_S
            since = self._started[account_id] - DAY_MS
            core.scout.ask_trades(account_id, self._settle(account_id), since)

    def seen(self, seen: Sighting) -> None:
        """A list of executions, or positions."""
        if not isinstance(seen, TradesSeen | PositionsSeen) or seen.error is not None:
            return
        account_id = seen.account_id
        if isinstance(seen, TradesSeen):
            self._listed(seen)
            self.strangers(account_id, seen.trades)
        if account_id in self._core.gates.unproven:
            self._prove(account_id)

    def _listed(self, seen: TradesSeen) -> None:
        core, account_id = self._core, seen.account_id
        if account_id not in core.gates.blind or not self._is_late(account_id, seen.read_ms):
            return
        if self._adopt(account_id, seen.trades):
            core.gates.blind.discard(account_id)
            core.touch_account(account_id)

    def _recall(self) -> None:
        """The entries of the last minute count, also those of an earlier run."""
        core, found = self._core, []
        for leg in core.book.legs.values():
            since = core.now_ms(network_of(leg.follower_id)) - WINDOW_MS
            if leg.planned_ms <= since:
                continue
            for intent in core.tools.shelf.leg_intents(leg.id, None, ACCOUNT_RATE * 4):
                counts = not is_reducing(intent.order) and intent.label not in NOT_THROUGH
                if counts and born_ms(intent) > since:
                    found.append((born_ms(intent), leg.link_id, leg.follower_id))
        for at, link_id, account_id in sorted(found):
            core.rates.entered(link_id, account_id, at)

    def strangers(self, account_id: str, fills: Iterable[Fill]) -> None:
        """Is another mTrade trading on this follower?"""
        core = self._core
        if account_id not in core.book.of_follower or account_id in core.gates.second:
            return
        oldest = core.now_ms(network_of(account_id)) - DAY_MS
        oldest = max(oldest, core.gates.alone_ms.get(account_id, 0))
        own = {core.tools.instance, *core.tools.former}
        for fill in fills:
            named = fill.text[INSTANCE_AT:NOISE_AT]
            ours = fill.text.startswith(PREFIX) and len(fill.text) > NOISE_AT
            if ours and named not in own and fill.time_ms >= oldest:
                self._second(account_id)
                return

    def _second(self, account_id: str) -> None:
        core, why = self._core, Reason(Code.SECOND_INSTANCE, human=True)
        core.gates.second.add(account_id)
        links = [core.book.links[key] for key in core.book.of_follower.get(account_id, ())]
        events = tuple(core.alarm(link, why) for link in links)
        core.launch((), CopyChange(events=events))

    def _take_in(self, *, lost: bool) -> None:
        """Followers that were not known before have to be proven first."""
        core = self._core
        for link in core.active():
            account_id = link.follower_id
            if account_id in self._started:
                continue
            self._started[account_id] = core.now_ms(network_of(account_id))
            core.causes.since_ms = core.causes.since_ms or self._started[account_id]
            core.gates.meet((link,))
            if lost:
                core.gates.blind.add(account_id)

    def _prove(self, account_id: str) -> None:
        """Resolved, and its positions were read since the start."""
        core = self._core
        sight = core.memory.sight(account_id, self._settle(account_id))
        before = self._started.get(account_id)
        if before is None or account_id in core.gates.blind:
            return
        if sight is None or sight.read_ms < before:
            return
        old = (
            intent.account_id == account_id and intent.kind is IntentKind.COPY
            and intent.state is not IntentState.SENDING and intent.expires_ms < before + EXPIRES_MS
            for intent in core.live().values()
        )  # fmt: skip
        if not any(old):
            core.gates.unproven.discard(account_id)
            core.touch_account(account_id)

    def _scan(self, account_id: str) -> None:
        """Once after a start: the executions of a day, for orders of another mTrade."""
        if account_id not in self._scanned:
            self._scanned.add(account_id)
            since = self._started[account_id] - DAY_MS
            self._core.scout.ask_trades(account_id, self._settle(account_id), since)

    def _settled(self, account_id: str) -> bool:
        """Whether nothing that an earlier run sent can still come to light."""
        now = self._core.now_ms(network_of(account_id))
        return self._is_late(account_id, now)

    def _is_late(self, account_id: str, at_ms: int) -> bool:
        return at_ms >= self._started[account_id] + EXPIRES_MS + SETTLE_MS

    def _settle(self, account_id: str) -> str:
        links = self._core.book.of_follower.get(account_id, ())
        return self._core.book.links[links[0]].settle if links else "usdt"

    def _adopt(self, account_id: str, trades: Iterable[Fill]) -> bool:
        """Book what the journal does not know into the legs it names; False when that failed."""
        core = self._core
        own = {core.tools.instance, *core.tools.former}
        found: dict[str, list[Fill]] = {}
        for fill in trades:
            copied = fill.text.startswith(f"{PREFIX}c") and fill.text[SIDE_AT] in SIDES
            if copied and fill.text[INSTANCE_AT:NOISE_AT] in own:
                found.setdefault(fill.text, []).append(fill)
        lost = {
            name: fills for name, fills in found.items()
            if core.tools.known_text(account_id, name) is None
        }  # fmt: skip
        in_order = sorted(lost.items(), key=_first)
        return all(self._book(account_id, name, fills) for name, fills in in_order)

    def _book(self, account_id: str, name: str, fills: list[Fill]) -> bool:
        core = self._core
        leg = self._leg(account_id, fills[0].instrument, SIDES[name[SIDE_AT]])
        if leg is None:
            return True
        link = core.book.links[leg.link_id]
        size = sum((fill.size * fill.side.sign for fill in fills), ZERO)
        owned = taken_in(leg, size)
        now = core.now_ms(network_of(account_id))
        numbers = {"before": text(leg.owned), "after": text(owned.owned)}
        told = CopyEvent(
            time_ms=now, link_id=link.id, act=Act.HAND, code=Code.NOT_RECONCILED,
            instrument=leg.instrument, side=leg.side, numbers=numbers,
        )  # fmt: skip
        intent = _found(core.tools.next_id(), account_id, leg, name, fills, now)
        change = CopyChange(legs=(owned,), events=(told,))
        return core.launch_ended((intent,), change)

    def _leg(self, account_id: str, instrument: InstrumentId, side: Leg) -> CopyLeg | None:
        """The leg that a lost order belongs to: the one that holds, else the only link's."""
        core = self._core
        links: list[Link] = [core.book.links[k] for k in core.book.of_follower.get(account_id, ())]
        legs = [core.book.leg(link.id, instrument, side) for link in links]
        known = [leg for leg in legs if leg is not None]
        holding = [leg for leg in known if not leg.owned.is_zero() or leg.episode is not None]
        if holding or known:
            return (holding or known)[0]
        return core.book.fresh_leg(links[0], instrument, side) if len(links) == 1 else None


def _first(order: tuple[str, list[Fill]]) -> tuple[int, str]:
    """When an order was executed; what closed a copy comes before what began the next."""
    name, fills = order
    return min(fill.time_ms for fill in fills), name


def _found(
    number: int, account_id: str, leg: CopyLeg, name: str, fills: list[Fill], now: int
) -> Intent:
    size = sum((fill.size for fill in fills), ZERO)
    money = sum((fill.size * fill.price for fill in fills), Decimal(0))
    order = OrderRequest(
        instrument=leg.instrument,
        side=fills[0].side,
        type=OrderType.LIMIT,
        size=size,
        text=name,
        price=fills[0].price,
        tif=TimeInForce.IOC,
    )
    return Intent(
        id=number,
        account_id=account_id,
        kind=IntentKind.COPY,
        request_id="",
        order=order,
        expires_ms=fills[0].time_ms + EXPIRES_MS,
        state=IntentState.DONE,
        planned_ms=now,
        order_id=fills[0].order_id,
        filled=size,
        average=money / size,
        evidence="found at the exchange after a start; the journal had lost it",
        closed_ms=now,
        leg_id=leg.id,
    )
