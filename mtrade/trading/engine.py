"""What a person can do: order, close, protect, amend, cancel, set leverage, move money.

The facade that the web layer calls, from any thread. Reads happen in the caller's thread; decisions
about orders happen in the pipeline. Cancels and closes are never held back by a gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from mtrade.domain.accounts import FuturesAccount, MarginMode, PositionMode
from mtrade.domain.errors import InvalidRequest, NotFound
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import (
    Intent,
    IntentKind,
    IntentState,
    OrderRequest,
    VenueOrder,
    VenueTrigger,
)
from mtrade.domain.ports import Clock
from mtrade.domain.positions import Leg, Position
from mtrade.domain.risk import RiskLimits, check_leverage
from mtrade.trading.accounts import AccountManager
from mtrade.trading.drafts import Drafter
from mtrade.trading.intents import EXPIRES_MS, told
from mtrade.trading.pipeline import Pipeline
from mtrade.trading.planner import Plan, Planner
from mtrade.trading.ports import Choices, FillJournal
from mtrade.trading.preview import Previewer
from mtrade.trading.state import LiveState
from mtrade.trading.views import Health, Preview, Problem, Submission
from mtrade.trading.wishes import CloseWish, OrderWish, ProtectWish

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

        Raises OrderDenied before anything is written, OrderRejected and ExchangeUnavailable when
        it had no effect, OutcomeUnknown while that is being found out (params: intent).
        """
        known = self._journal.by_request(wish.account_id, wish.request_id)
        if known is not None:
            return Submission(told(known))
        plan = self._planner.plan(wish)
        self._set_leverage_for(wish, plan)
        stored = self._send(plan, wish.request_id)
        return Submission(told(stored[0]), stored[1:])

    def preview(self, wish: OrderWish) -> Preview:
        """What the order would do; never writes or sends."""
        return self._previewer.preview(wish)

    def close_position(self, wish: CloseWish) -> Intent:
        """Close a part or all of a position. Errors as `submit`."""
        known = self._journal.by_request(wish.account_id, wish.request_id)
        if known is not None:
            return told(known)
        return told(self._send(self._planner.close(wish), wish.request_id)[0])

    def protect(self, wish: ProtectWish) -> tuple[Intent, ...]:
        """Place take profit and stop loss for an open position. Errors as `submit`."""
        plans = self._planner.protect(wish)
        sent = []
        for number, plan in enumerate(plans):
            sent.append(told(self._send(plan, f"{wish.request_id}.{number}")[0]))
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
        """Change price or size of a resting order."""
        account = self._accounts.get(account_id)
        rules = self._state.instrument(account.network, instrument)
        if price is None and size is None:
            raise InvalidRequest("give a price or a size", fields={"price": "is missing"})
        if price is not None:
            rules.check_price(price)
        if size is not None:
            rules.check_size(size)
        order = self._accounts.exchange(account.id).amend(
            instrument, order_id, price=price, size=size, expires_ms=self._deadline(account.id)
        )
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

    def _send(self, plan: Plan, request_id: str) -> tuple[Intent, ...]:
        drafts = self._drafts(plan, request_id)
        stored = self._pipeline.commit(drafts, ANSWER_S)
        self._state.forget(plan.account.id)
        return stored

    def _drafts(self, plan: Plan, request_id: str) -> Sequence[Intent]:
        lead = self._draft(plan, plan.order, request_id, IntentState.SENDING, "")
        children = [
            self._draft(plan, order, f"{request_id}.{n}", IntentState.WAITING, lead.order.text)
            for n, order in enumerate(plan.protection)
        ]
        return [lead, *children]

    def _draft(
        self, plan: Plan, order: OrderRequest, request_id: str, state: IntentState, parent: str
    ) -> Intent:
        return self._drafter.draft(
            account_id=plan.account.id,
            kind=IntentKind.MANUAL,
            order=order,
            leg=plan.leg,
            request_id=request_id,
            expires_ms=self._deadline(plan.account.id),
            state=state,
            parent=parent,
            plan_position=plan.plan_position,
        )

    def _set_leverage_for(self, wish: OrderWish, plan: Plan) -> None:
        """Before an entry: the leverage and margin mode its ticket shows, if they differ."""
        if wish.instrument.market is not Market.FUTURES or wish.reduce_only or plan.order.close:
            return
        rows = self._state.contract_settings(plan.account.id, wish.instrument)
        now = rows[0] if rows else None
        mode = wish.margin_mode or (now.margin_mode if now else MarginMode.ISOLATED)
        leverage = wish.leverage or (now.leverage if now else ZERO)
        same = now is not None and now.margin_mode is mode and now.leverage == leverage
        if not same and leverage > 0:
            self.set_leverage(plan.account.id, wish.instrument, leverage, mode)

    def _deadline(self, account_id: str) -> int:
        network = self._accounts.get(account_id).network
        return self._accounts.clock(network).now_ms() + EXPIRES_MS

    def _after(self, account_id: str, order_id: str, order: VenueOrder | None) -> None:
        self._pipeline.look(account_id, order_id, order)
        self._state.forget(account_id)
