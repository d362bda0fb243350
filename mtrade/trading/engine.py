"""What a person can do: order, close, protect, amend, cancel, set leverage, move money.

The facade that the web layer calls, from any thread. Reads happen in the caller's thread; decisions
about orders happen in the pipeline. Cancels and closes are never held back by a gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from mtrade.domain.accounts import FuturesAccount, MarginMode, PositionMode
from mtrade.domain.errors import (
    Conflict,
    ExchangeUnavailable,
    InvalidRequest,
    MTradeError,
    NotFound,
    OrderRejected,
    OutcomeUnknown,
)
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.orders import Intent, IntentKind, VenueOrder, VenueTrigger
from mtrade.domain.ports import Clock
from mtrade.domain.positions import Leg, Position
from mtrade.domain.risk import RiskLimits, check_leverage, is_reducing
from mtrade.trading.accounts import AccountManager
from mtrade.trading.drafts import Drafter
from mtrade.trading.intents import EXPIRES_MS, told
from mtrade.trading.leverage import wanted_setting
from mtrade.trading.pipeline import Pipeline
from mtrade.trading.planner import Plan, Planner
from mtrade.trading.ports import Choices, FillJournal
from mtrade.trading.preview import Previewer
from mtrade.trading.state import LiveState
from mtrade.trading.times import trusted_ms
from mtrade.trading.views import Health, Preview, Problem, Submission
from mtrade.trading.wishes import CloseWish, OrderWish, ProtectWish, digest

ANSWER_S = 6.0
MODE = "mode"
MODES = ("normal", "copy")


class TradingEngine:
    """Thread-safe. Raises the errors of `mtrade.domain.errors`; see each method."""

    def __init__(
        self,
        *,
        accounts: AccountManager,
        state: LiveState,
        planner: Planner,
        previewer: Previewer,
        pipeline: Pipeline,
        drafter: Drafter,
        journal: FillJournal,
        choices: Choices,
        clock: Clock,
        limits: Callable[[], RiskLimits],
        notices: Callable[[], tuple[Problem, ...]] = tuple,
    ) -> None:
        self._accounts = accounts
        self._state = state
        self._planner = planner
        self._previewer = previewer
        self._pipeline = pipeline
        self._drafter = drafter
        self._journal = journal
        self._choices = choices
        self._clock = clock
        self._limits = limits
        self._notices = notices

    def submit(self, wish: OrderWish) -> Submission:
        """Send one order (or conditional order), once per `request_id`.

        Raises OrderDenied before anything is written, Conflict(request_id_reused) when the id was
        another order's, OrderRejected and ExchangeUnavailable when it had no effect, OutcomeUnknown
        while that is being found out (params: intent).
        """
        asked = digest(wish)
        known = self._known(wish.account_id, wish.request_id, asked)
        if known is not None:
            return Submission(told(known))
        plan = self._planner.plan(wish)
        self._set_leverage_for(wish, plan)
        stored = self._send(plan, wish.request_id, asked)
        return Submission(told(stored[0]), stored[1:])

    def preview(self, wish: OrderWish) -> Preview:
        """What the order would do; never writes or sends."""
        return self._previewer.preview(wish)

    def close_position(self, wish: CloseWish) -> Intent:
        """Close a part or all of a position. Errors as `submit`."""
        asked = digest(wish)
        known = self._known(wish.account_id, wish.request_id, asked)
        if known is not None:
            return told(known)
        return told(self._send(self._planner.close(wish), wish.request_id, asked)[0])

    def protect(self, wish: ProtectWish) -> tuple[Intent, ...]:
        """Place take profit and stop loss for an open position. Errors as `submit`.

        Each is sent whatever becomes of the other; then the first failure is raised.
        """
        asked, sent, faults = digest(wish), [], []
        for number, plan in enumerate(self._planner.protect(wish)):
            try:
                sent.append(told(self._send(plan, f"{wish.request_id}.{number}", asked)[0]))
            except MTradeError as fault:
                faults.append(fault)
        if faults:
            raise faults[0]
        return tuple(sent)

    def amend(
        self,
        account_id: str,
        instrument: InstrumentId,
        order_id: str,
        *,
        price: Decimal | None,
        size: Decimal | None,
    ) -> VenueOrder:
        """Change price or size of a resting order; one that adds risk passes the gates anew."""
        account = self._accounts.get(account_id)
        exchange = self._accounts.exchange(account.id)
        present = exchange.find(instrument, order_id)
        if present is None:
            raise OrderRejected("there is no such order", label="ORDER_NOT_FOUND")
        reducing = self._planner.check_amend(account, present, price, size)
        expires_ms = self._deadline(account.id, reducing=reducing)
        order = exchange.amend(instrument, order_id, price=price, size=size, expires_ms=expires_ms)
        self._after(account.id, order_id, order)
        return order

    def cancel(self, account_id: str, instrument: InstrumentId, order_id: str) -> VenueOrder:
        """Cancel an order; one that had ended is returned as it ended."""
        order = self._accounts.exchange(account_id).cancel(instrument, order_id)
        self._after(account_id, order_id, order)
        return order

    def cancel_all(
        self, account_id: str, market: Market, settle: str, instrument: InstrumentId | None
    ) -> tuple[VenueOrder, ...]:
        """Cancel all resting orders of a market, or of one instrument."""
        orders = self._accounts.exchange(account_id).cancel_all(market, settle, instrument)
        for order in orders:
            self._pipeline.look(account_id, order.order_id)
        self._state.forget(account_id)
        return orders

    def cancel_trigger(
        self, account_id: str, instrument: InstrumentId, trigger_id: str
    ) -> VenueTrigger:
        """Withdraw a conditional order."""
        trigger = self._accounts.exchange(account_id).cancel_trigger(instrument, trigger_id)
        self._after(account_id, trigger_id, None)
        return trigger

    def set_leverage(
        self, account_id: str, instrument: InstrumentId, leverage: Decimal, mode: MarginMode
    ) -> tuple[Position, ...]:
        """Set leverage and margin mode of a contract within the owner's limit."""
        account = self._accounts.get(account_id)
        rules = self._state.instrument(account.network, instrument)
        check_leverage(leverage, rules, self._limits())
        if leverage < rules.leverage_min:
            reason = f"minimum is {rules.leverage_min}"
            raise InvalidRequest(f"leverage {reason}", fields={"leverage": reason})
        rows = self._accounts.exchange(account.id).set_leverage(instrument, leverage, mode)
        self._state.forget(account.id)
        return rows

    def change_margin(
        self, account_id: str, instrument: InstrumentId, leg: Leg, change: Decimal
    ) -> tuple[Position, ...]:
        """Add (above 0) or take out (below 0) isolated margin."""
        rows = self._accounts.exchange(account_id).change_margin(instrument, change, leg)
        self._state.forget(account_id)
        return rows

    def set_position_mode(self, account_id: str, settle: str, mode: PositionMode) -> FuturesAccount:
        """Switch between one-way and hedge; the exchange wants no position and no order."""
        changed = self._accounts.exchange(account_id).set_position_mode(settle, mode)
        self._state.forget(account_id)
        return changed

    def transfer(
        self, account_id: str, currency: str, amount: Decimal, source: str, target: str
    ) -> str:
        """Move money between the account's own wallets; returns the exchange's transfer id."""
        if amount <= 0:
            raise InvalidRequest("amount must be above 0", fields={"amount": "must be above 0"})
        if source == target:
            raise InvalidRequest("source and target are the same", fields={"target": "is source"})
        done = self._accounts.exchange(account_id).transfer(currency, amount, source, target)
        self._state.forget(account_id)
        return done

    def intent(self, intent_id: int) -> Intent:
        """One journalled order. Raises NotFound(unknown_intent)."""
        found = self._journal.get(intent_id)
        if found is None:
            raise NotFound("there is no such order in the journal", code="unknown_intent")
        return found

    def intents(
        self, account_id: str | None, before_id: int | None, limit: int
    ) -> tuple[Intent, ...]:
        """The journal of orders, newest first."""
        return self._journal.recent(account_id, before_id=before_id, limit=limit)

    def source_of(self, account_id: str, texts: Iterable[str]) -> dict[str, Intent]:
        """The own intents among orders of these texts; the others were placed elsewhere."""
        found = {text: self._journal.by_text(account_id, text) for text in set(texts)}
        return {text: intent for text, intent in found.items() if intent is not None}

    def resolve_by_hand(self, intent_id: int, reason: str) -> Intent:
        """End an order on HOLD as void, because a human has checked it."""
        return self._pipeline.override(intent_id, reason)

    def mode(self) -> str:
        """`normal` or `copy`."""
        chosen = self._choices.get(MODE)
        return chosen if chosen in MODES else MODES[0]

    def set_mode(self, mode: str) -> str:
        """Switch between manual trading only and copying allowed."""
        if mode not in MODES:
            raise InvalidRequest("mode is normal or copy", fields={"mode": "normal or copy"})
        self._choices.set(MODE, mode)
        return mode

    def health(self) -> Health:
        """Whether the engine, its journal and the files are whole."""
        problems = (*self._pipeline.problems(), *self._notices())
        return Health(not problems, problems)

    def unfinished(self) -> int:
        """How many orders are not proven finished."""
        return self._pipeline.unfinished()

    def _known(self, account_id: str, request_id: str, asked: str) -> Intent | None:
        known = self._journal.by_request(account_id, request_id)
        return None if known is None else _the_same(known, account_id, asked)

    def _send(self, plan: Plan, request_id: str, asked: str) -> tuple[Intent, ...]:
        account_id = plan.account.id
        drafts = self._drafter.family(
            plan,
            IntentKind.MANUAL,
            request_id=request_id,
            digest=asked,
            expires_ms=self._deadline(account_id, reducing=is_reducing(plan.order)),
        )
        stored = self._pipeline.commit(drafts, ANSWER_S)
        self._state.forget(account_id)
        _the_same(stored[0], account_id, asked)
        return stored

    def _set_leverage_for(self, wish: OrderWish, plan: Plan) -> None:
        """Before an entry: the leverage and margin mode its ticket shows, if they differ."""
        if wish.leverage is None and wish.margin_mode is None:
            return
        rows = self._state.contract_settings(plan.account.id, wish.instrument)
        wanted = wanted_setting(wish, plan.leg, rows)
        if wanted is None:
            return
        try:
            self.set_leverage(plan.account.id, wish.instrument, *wanted)
        except OutcomeUnknown as fault:
            raise ExchangeUnavailable(
                f"the leverage could not be confirmed, so the order was not sent: {fault.message}",
                code="leverage_unconfirmed",
            ) from fault

    def _deadline(self, account_id: str, *, reducing: bool) -> int:
        network = self._accounts.get(account_id).network
        return trusted_ms(self._accounts.clock(network), reducing=reducing) + EXPIRES_MS

    def _after(self, account_id: str, order_id: str, order: VenueOrder | None) -> None:
        self._pipeline.look(account_id, order_id, order)
        self._state.forget(account_id)


def _the_same(known: Intent, account_id: str, asked: str) -> Intent:
    """`known`, unless its request asked for something else. Orders of old versions tell nothing."""
    if known.account_id == account_id and known.digest in ("", asked):
        return known
    raise Conflict(
        "this request_id belongs to another order; nothing was sent",
        code="request_id_reused",
        params={"intent": str(known.id)},
    )
