"""Orders: what we want, what we decided to send, what the exchange reports.

An *intent* is one order that mTrade decided to send: one journal row, one `text`, sent at most
once, ever. Its life cycle is the table `TRANSITIONS`; every change goes through `advance`.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from mtrade.domain.errors import Conflict
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.numbers import ZERO


class OrderType(StrEnum):
    """Limit rests at a price; market takes what the book offers."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """How long an order may rest. `poc` is post-only (Gate: pending or cancelled)."""

    GTC = "gtc"
    IOC = "ioc"
    POC = "poc"
    FOK = "fok"


class AutoSize(StrEnum):
    """Which hedge leg a full close means."""

    CLOSE_LONG = "close_long"
    CLOSE_SHORT = "close_short"


class IntentKind(StrEnum):
    """Who decided: the letter is part of the order text."""

    COPY = "copy"
    MANUAL = "manual"
    AUTO = "auto"
    FLATTEN = "flatten"


class OrderPath(StrEnum):
    """The way an order left: over the trading socket, or over REST."""

    WS = "ws"
    REST = "rest"


class OrderSocket(Struct, frozen=True, kw_only=True):
    """A trading socket: whether an order would leave over it now, and how long the last request
    took to be acknowledged and to be answered; None before there was one."""

    market: Market
    settle: str
    ready: bool
    ack_ms: int | None
    round_trip_ms: int | None


class IntentState(StrEnum):
    """Where an intent stands. See `TRANSITIONS`."""

    WAITING = "WAITING"
    SENDING = "SENDING"
    OPEN = "OPEN"
    UNKNOWN = "UNKNOWN"
    HOLD = "HOLD"
    DONE = "DONE"
    VOID = "VOID"


# WAITING: journalled, to be sent when its parent order has filled; what then provably never left
# waits again. OPEN only happens to resting orders and triggers. HOLD is an outcome whose evidence
# contradicts itself: late evidence or a human ends it. DONE and VOID are final.
TRANSITIONS: dict[IntentState, frozenset[IntentState]] = {
    IntentState.WAITING: frozenset({IntentState.SENDING, IntentState.VOID}),
    IntentState.SENDING: frozenset(
        {
            IntentState.OPEN,
            IntentState.DONE,
            IntentState.VOID,
            IntentState.UNKNOWN,
            IntentState.WAITING,
        }
    ),
    IntentState.OPEN: frozenset({IntentState.DONE, IntentState.UNKNOWN, IntentState.HOLD}),
    IntentState.UNKNOWN: frozenset(
        {IntentState.OPEN, IntentState.DONE, IntentState.VOID, IntentState.HOLD}
    ),
    IntentState.HOLD: frozenset(
        {IntentState.OPEN, IntentState.UNKNOWN, IntentState.DONE, IntentState.VOID}
    ),
    IntentState.DONE: frozenset(),
    IntentState.VOID: frozenset(),
}

FINAL_STATES = frozenset(state for state, after in TRANSITIONS.items() if not after)


class TriggerSource(StrEnum):
    """Which price a trigger watches."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class Trigger(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When an order is to be placed by the exchange itself: the watched price reaches `price`.

    `above` fires at or above it, otherwise at or below. After `expires_s` seconds it lapses.
    """

    price: Decimal
    above: bool
    source: TriggerSource = TriggerSource.LAST
    expires_s: int = 2_592_000


class OrderRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order, ready for the exchange.

    `size` is unsigned and in the instrument's unit, except that a spot market buy has its size in
    **quote** currency (`size_in_quote`), as Gate wants it. `price` is None for a market order.
    A full close of a futures position has size 0 and `close` (one-way) or `auto_size` (hedge).
    With a `trigger` the exchange keeps the order and places it itself when the trigger fires.
    """

    instrument: InstrumentId
    side: Side
    type: OrderType
    size: Decimal
    text: str
    price: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    close: bool = False
    auto_size: AutoSize | None = None
    trigger: Trigger | None = None

    @property
    def size_in_quote(self) -> bool:
        """Whether `size` is money to spend rather than coins."""
        return (
            self.instrument.market is Market.SPOT
            and self.type is OrderType.MARKET
            and self.side is Side.BUY
        )

    @property
    def signed_size(self) -> Decimal:
        """Size with Gate's futures sign: buy above 0, sell below 0."""
        return self.size * self.side.sign


class VenueOrder(Struct, frozen=True, kw_only=True):
    """An order as the exchange reports it.

    `filled` is unsigned, in the instrument's unit (base coins on spot, also for a market buy);
    `left` is in the unit of the request. `average` is None without a fill. `finish_as` is the
    exchange's own word for the end, empty while open.
    """

    instrument: InstrumentId
    order_id: str
    text: str
    side: Side
    type: OrderType
    size: Decimal
    left: Decimal
    filled: Decimal
    price: Decimal | None
    average: Decimal | None
    tif: TimeInForce
    open: bool
    finish_as: str
    reduce_only: bool = False
    close: bool = False
    created_ms: int = 0
    updated_ms: int = 0
    fee: Decimal = ZERO
    fee_currency: str = ""


class Fill(Struct, frozen=True, kw_only=True):
    """One execution of an own order. `size` is unsigned; `fee` is paid (negative: rebate)."""

    trade_id: str
    order_id: str
    instrument: InstrumentId
    time_ms: int
    side: Side
    size: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    role: str
    text: str
    close_size: Decimal = ZERO


AccountFill = tuple[str, Fill]  # and the id of the account it is on


class OwnFill(Struct, frozen=True, kw_only=True):
    """A stored fill. `id` is the row's and serves paging; `account_id` says whose it is."""

    id: int
    account_id: str
    fill: Fill


class VenueTrigger(Struct, frozen=True, kw_only=True):
    """A trigger order as the exchange reports it; `order.trigger` is set.

    `fired_order_id` is the id of the order it placed, a different one.
    """

    trigger_id: str
    order: OrderRequest
    status: str
    reason: str = ""
    fired_order_id: str = ""
    created_ms: int = 0
    finished_ms: int | None = None


class Intent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A journal row: an order decided, and what is proven about it so far.

    `filled` is unsigned. `expires_ms` is the exchange-clock deadline sent as X-Gate-Exptime: a
    request that arrives later has no effect. `evidence` says what proved the present state.
    `parent` is the order text of the entry whose fill a WAITING intent waits for. `plan_position`
    is the signed position of the leg when the order was planned, a witness for the resolver; None
    when it was not read. `digest` identifies what `request_id` asked for, empty when nobody asked.
    `path` is the way the order left; None while that is not known, or when it never did.
    `leg_id` is the copy leg it trades for; None for every other order.
    """

    id: int
    account_id: str
    kind: IntentKind
    request_id: str
    order: OrderRequest
    expires_ms: int
    state: IntentState
    planned_ms: int
    sent_ms: int | None = None
    order_id: str = ""
    filled: Decimal = ZERO
    average: Decimal | None = None
    label: str = ""
    evidence: str = ""
    closed_ms: int | None = None
    parent: str = ""
    plan_position: Decimal | None = None
    digest: str = ""
    path: OrderPath | None = None
    leg_id: int | None = None

    @property
    def final(self) -> bool:
        """Whether nothing more can be learned."""
        return self.state in FINAL_STATES

    def advance(self, state: IntentState, **proven: object) -> Intent:
        """This intent in a new state, or Conflict when the table does not allow the step.

        Staying in the same non-final state with better knowledge is allowed.
        """
        same = state is self.state and not self.final
        if not same and state not in TRANSITIONS[self.state]:
            raise Conflict(
                f"intent {self.id} cannot go from {self.state} to {state}",
                code="intent_state",
                params={"from": self.state, "to": state},
            )
        return replace(self, state=state, **proven)  # type: ignore[arg-type]
