"""What a link would do: the same decision as the engine's, on facts of a link that is armed now.

On the caller's thread. A link that is followed already is judged by what the engine knows; one that
is not is read from the exchange for this.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal

from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.episodes import equity
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.ladder import ladder
from mtrade.domain.copying.model import CopyLeg, LegStatus, Link, LinkState
from mtrade.domain.copying.step import Outcome
from mtrade.domain.errors import MTradeError
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, InstrumentId, Side, futures
from mtrade.domain.numbers import ONE, ZERO
from mtrade.domain.orders import OrderRequest, OrderType
from mtrade.domain.positions import Leg
from mtrade.trading.accounts import AccountManager
from mtrade.trading.copying.book import Book
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.market import Markets, Quote
from mtrade.trading.copying.memory import Memory, Settings
from mtrade.trading.copying.pairing import sides
from mtrade.trading.copying.rates import Rates
from mtrade.trading.copying.views import LinkPlan, PlannedOrder, PlanRow, Sizing, TicketRow
from mtrade.trading.copying.world import Pass, World, network_of
from mtrade.trading.state import LiveState

EXAMPLE = futures("BTC_USDT")  # sizes are shown in it while the leader holds nothing
LAST = 1 << 62  # a leg that does not exist yet comes after those that do
KNOWN_MS = 10_000  # before now: two reads that both miss a row


class Foresight:
    """Thread-safe; changes nothing."""

    def __init__(self, core: Core, accounts: AccountManager, state: LiveState) -> None:
        self._core = core
        self._accounts = accounts
        self._state = state

    def of_link(self, link: Link) -> LinkPlan:
        """An existing link, armed now."""
        core = self._core
        leader = core.memory.sight(link.leader_id, link.settle)
        follower = core.memory.sight(link.follower_id, link.settle)
        if leader is None or follower is None or not leader.read_ms or follower.wallet is None:
            return self.of_wish(link)
        plan = self._plan(link, core.world, core.memory, core.book)
        if plan.sizing is None:
            with suppress(MTradeError):  # the orders are what counts
                plan = replace(plan, sizing=self.of_wish(link).sizing)
        return plan

    def of_wish(self, link: Link) -> LinkPlan:
        """A link that nobody follows yet. Raises ExchangeError when something cannot be read."""
        memory, markets, book = Memory(), Markets(), Book()
        book.links[link.id] = link
        memory.keep([(link.leader_id, link.settle), (link.follower_id, link.settle)])
        for account_id in (link.leader_id, link.follower_id):
            self._read(memory, account_id, link.settle)
        held = _contracts(memory, link)
        for instrument in held:
            self._read_contract(memory, markets, link, instrument)
        if not held:
            with suppress(MTradeError):  # it only shows sizes
                self._read_contract(memory, markets, link, EXAMPLE)
        world = World(
            memory, markets, book, Rates(), dict, self._core.gates.brake, self._core.gates.gate
        )
        return self._plan(link, world, memory, book)

    def ticket(
        self, account_id: str, instrument: InstrumentId, side: Side, size: Decimal
    ) -> tuple[TicketRow, ...]:
        """What each follower would do with an order of its leader."""
        rows = []
        for link in self._core.active():
            if link.leader_id == account_id and link.settle == instrument.settle:
                rows.append(self._ticket_row(link, instrument, size * side.sign))
        return tuple(rows)

    def _ticket_row(self, link: Link, instrument: InstrumentId, change: Decimal) -> TicketRow:
        core = self._core
        name = self._name(link.follower_id)
        follower = core.memory.sight(link.follower_id, link.settle)
        if follower is None or follower.wallet is None:
            why = Reason(Code.NOT_RECONCILED)
            return TicketRow(link_id=link.id, follower_name=name, order=None, reason=why)
        side = sides(follower.wallet.mode, change, link.params.inverse)
        leg = core.book.leg(link.id, instrument, side) or _new(link, instrument, side)
        at = core.fresh_pass()
        facts = core.world.facts(link, replace(leg, pending=None), at)
        if facts is None:
            why = Reason(Code.NOT_LIVE)
            return TicketRow(link_id=link.id, follower_name=name, order=None, reason=why)
        leader = replace(
            facts.leader, size=facts.leader.size + change, update_id=facts.leader.update_id + 1,
            increase_price=facts.market.mark, increase_ms=facts.now_ms, order_id="",
            order_open=False,
        )  # fmt: skip
        outcome = self._outcome(leg, replace(facts, leader=leader))
        order = _planned(outcome, facts.market.rules, facts.market.mark)
        return TicketRow(link_id=link.id, follower_name=name, order=order, reason=outcome.why)

    def _plan(self, link: Link, world: World, memory: Memory, book: Book) -> LinkPlan:
        now = self._core.now_ms(network_of(link.follower_id))
        link = replace(link, state=LinkState.ON, armed_ms=now, leaving=None)
        at = self._core.fresh_pass()
        self._core.gates.refresh()
        fault = self._core.gates.clock_fault(network_of(link.follower_id))
        rows, problems = [], [fault] if fault is not None else []
        for leg in _legs(link, memory, book):
            facts = world.facts(link, leg, at)
            if facts is None:
                problems.append(Reason(Code.NOT_LIVE))
                continue
            outcome = self._outcome(leg, facts)
            if outcome.order is not None and not outcome.order.reducing:
                world.grows(link, leg, outcome.order.order.size, facts.market, at)
            rows.append(_row(leg, facts, outcome))
        rows.sort(key=lambda row: (row.instrument, row.side))
        values = [row.order.value for row in rows if row.order and row.order.value is not None]
        return LinkPlan(
            rows=tuple(rows),
            total_value=sum(values, ZERO),
            problems=tuple({problem.code: problem for problem in problems}.values()),
            sizing=self._sizing(link, world, memory, at),
        )

    def _sizing(self, link: Link, world: World, memory: Memory, at: Pass) -> Sizing | None:
        """The size settings in numbers of a contract that the leader holds, else of the example."""
        instrument = next(iter(_contracts(memory, link)), EXAMPLE)
        leader = memory.sights[(link.leader_id, link.settle)]
        wallet = memory.sights[(link.follower_id, link.settle)].wallet
        leg = _new(
            link, instrument, sides(wallet.mode, ONE, link.params.inverse) if wallet else Leg.NET
        )
        facts = world.facts(link, leg, at)
        rules = None if facts is None else facts.market.rules
        if facts is None or rules is None or leader.wallet is None or wallet is None:
            return None
        rungs = ladder(leg, facts)
        base = link.params.equity_base
        return (
            Sizing(
                instrument=instrument,
                coin=rules.base,
                coins=None if rules.inverse else rules.multiplier,
                leader_equity=equity(leader.wallet, base),
                follower_equity=equity(wallet, base),
                free_margin=wallet.available,
                rungs=rungs,
            )
            if rungs
            else None
        )

    def _outcome(self, leg: CopyLeg, facts: Facts) -> Outcome:
        """The decision, as if leverage were set already."""
        leg = replace(leg, pending=None)
        outcome = self._core.tools.step(leg, facts)
        if outcome.setting is None:
            return outcome
        follower = replace(
            facts.follower,
            leverage=outcome.setting.leverage,
            margin_mode=outcome.setting.margin_mode,
        )
        return self._core.tools.step(outcome.leg, replace(facts, follower=follower))

    def _read(self, memory: Memory, account_id: str, settle: str) -> None:
        now = self._core.now_ms(network_of(account_id))
        sight = memory.sights[(account_id, settle)]
        sight.wallet = self._state.futures_account(account_id, settle).account
        sight.wallet_ms = now
        memory.rows((account_id, settle), self._state.positions(account_id, settle).value, now)
        sight.first_read_ms = now - KNOWN_MS
        sight.trades_from_ms = sight.live_from_ms = now

    def _read_contract(
        self, memory: Memory, markets: Markets, link: Link, instrument: InstrumentId
    ) -> None:
        network = network_of(link.follower_id)
        now = self._core.now_ms(network)
        rows = self._state.contract_settings(link.follower_id, instrument)
        memory.settings((link.follower_id, link.settle), instrument, Settings(rows, now))
        markets.rules[(network, instrument)] = self._state.instrument(network, instrument)
        ticker = self._state.ticker(network, instrument).value
        markets.quotes[(network, instrument)] = Quote(
            mark=ticker.mark or ticker.last, bid=ticker.bid, ask=ticker.ask,
            volume_24h=ticker.volume_quote, at_ms=now,
        )  # fmt: skip
        markets.tiers[(network, instrument)] = self._state.risk_tiers(network, instrument)

    def _name(self, account_id: str) -> str:
        return self._accounts.get(account_id).name


def _row(leg: CopyLeg, facts: Facts, outcome: Outcome) -> PlanRow:
    return PlanRow(
        instrument=leg.instrument,
        side=leg.side,
        leader=facts.leader.size,
        target=target_of(outcome.leg, facts.market.rules),
        owned=leg.owned,
        order=_planned(outcome, facts.market.rules, facts.market.mark),
        reason=outcome.why,
    )


def target_of(leg: CopyLeg, rules: Instrument | None) -> Decimal | None:
    """What a leg should hold, on the contract's grid."""
    if rules is None or leg.episode is None:
        return None if rules is None else ZERO
    exact = leg.episode.exact
    return rules.conform_size(Decimal(exact.numerator) / Decimal(exact.denominator))


def _contracts(memory: Memory, link: Link) -> list[InstrumentId]:
    leader = memory.sights[(link.leader_id, link.settle)]
    return sorted({key[0] for key, held in leader.positions.items() if held.size})


def _legs(link: Link, memory: Memory, book: Book) -> Iterable[CopyLeg]:
    """The legs of a link when it is armed: those it has, and those the leader's positions need, in
    the order in which they are decided."""
    found = {(leg.instrument, leg.side): _as_armed(leg) for leg in book.legs_of(link.id)}
    leader = memory.sights[(link.leader_id, link.settle)]
    wallet = memory.sights[(link.follower_id, link.settle)].wallet
    for (instrument, _), held in list(leader.positions.items()):
        if wallet is None or held.size.is_zero():
            continue
        side = sides(wallet.mode, held.size, link.params.inverse)
        found.setdefault((instrument, side), _new(link, instrument, side))
    return [found[key] for key in sorted(found, key=lambda key: (found[key].id or LAST, key))]


def _as_armed(leg: CopyLeg) -> CopyLeg:
    leg = replace(leg, shadow=ZERO, status=LegStatus.ACTIVE, reason=None)
    return replace(leg, episode=None) if leg.owned.is_zero() and leg.pending is None else leg


def _new(link: Link, instrument: InstrumentId, side: Leg) -> CopyLeg:
    return CopyLeg(
        id=0, link_id=link.id, follower_id=link.follower_id, instrument=instrument, side=side
    )


def _planned(
    outcome: Outcome, rules: Instrument | None, mark: Decimal | None
) -> PlannedOrder | None:
    if outcome.order is None:
        return None
    order: OrderRequest = outcome.order.order
    market = order.type is OrderType.MARKET or not order.price
    price = None if market else order.price
    at = price or mark
    return PlannedOrder(
        side=order.side,
        size=order.size,
        price=price,
        reduce_only=order.reduce_only,
        value=None if rules is None or at is None else rules.value(order.size, at),
    )
