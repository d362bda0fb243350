"""The table of all API routes: the checks, the documents and the tests come from it."""

from __future__ import annotations

from mtrade.web import events
from mtrade.web.api import (
    accounts,
    auth,
    balance,
    fills,
    market,
    mode,
    orders,
    positions,
    server,
    snapshot,
    trade,
    triggers,
    ui,
)
from mtrade.web.buckets import Bucket
from mtrade.web.forms import (
    AccountChange,
    AccountForm,
    ActiveForm,
    ElevateForm,
    KeyTestForm,
    LoginForm,
    ModeForm,
    PasswordForm,
    PowerForm,
    RemoveForm,
    SetupForm,
    TransferForm,
    UiForm,
)
from mtrade.web.order_forms import (
    AmendForm,
    CancelAllForm,
    CloseForm,
    LeverageForm,
    MarginForm,
    OrderForm,
    PositionModeForm,
    PreviewForm,
    ProtectForm,
    ResolveForm,
    TriggerForm,
)
from mtrade.web.ports import Role
from mtrade.web.queries import (
    BalanceQuery,
    BookQuery,
    CandlesQuery,
    EventsQuery,
    FillsQuery,
    FundingQuery,
    IntentsQuery,
    MarketQuery,
    ObjectQuery,
    OrdersQuery,
    SettleQuery,
    SnapshotQuery,
    TradesQuery,
)
from mtrade.web.route import Elevation, Route

VIEWER, TRADER, OWNER = Role.VIEWER, Role.TRADER, Role.OWNER
SMALL = 1024
SECRETS = ("key", "secret")


def _get(path: str, handler: object, **rest: object) -> Route:
    return _row("GET", path, handler, **{"role": VIEWER, **rest})


def _row(method: str, path: str, handler: object, **rest: object) -> Route:
    return Route(method=method, path=path, handler=handler, **rest)  # type: ignore[arg-type]


ROUTES: tuple[Route, ...] = (
    # Access
    _get("/api/health", server.health, role=None),
    _row("POST", "/api/setup", auth.setup, role=None, form=SetupForm, status=201, max_body=SMALL),
    _row("POST", "/api/auth/login", auth.login, role=None, form=LoginForm, max_body=SMALL),
    _get("/api/auth/session", auth.session),
    _row("POST", "/api/auth/elevate", auth.elevate, role=VIEWER, form=ElevateForm, max_body=SMALL),
    _row("POST", "/api/auth/logout", auth.logout, role=VIEWER, status=204, act="logout",
         bucket=Bucket.NONE),
    _row("POST", "/api/auth/password", auth.password, role=OWNER, form=PasswordForm, status=204,
         elevation=Elevation.ALWAYS, act="password.change", max_body=SMALL * 2),
    _get("/api/auth/sessions", auth.sessions, role=OWNER),
    _row("DELETE", "/api/auth/sessions/{session_id}", auth.end_session, role=OWNER, status=204,
         elevation=Elevation.ALWAYS, act="session.end"),
    # Server
    _get("/api/server/status", server.status, role=None),
    _row("POST", "/api/server/restart", server.restart, role=OWNER, form=PowerForm, status=202,
         elevation=Elevation.ALWAYS, bucket=Bucket.POWER, act="server.restart"),
    _row("POST", "/api/server/shutdown", server.shutdown, role=OWNER, form=PowerForm, status=202,
         elevation=Elevation.ALWAYS, bucket=Bucket.POWER, act="server.shutdown"),
    _get("/api/ping", server.ping),
    _get("/api/mode", mode.show),
    _row("POST", "/api/mode", mode.switch, role=TRADER, form=ModeForm, act="mode"),
    _get("/api/ui/state", ui.show),
    _row("PATCH", "/api/ui/state", ui.change, role=VIEWER, form=UiForm),
    # Accounts
    _get("/api/accounts", accounts.listing),
    _row("POST", "/api/accounts", accounts.add, role=OWNER, form=AccountForm, status=201,
         elevation=Elevation.UNLESS_PAPER, secrets=SECRETS, act="account.add"),
    _row("POST", "/api/accounts/test", accounts.test, role=OWNER, form=KeyTestForm,
         elevation=Elevation.ALWAYS, secrets=SECRETS, bucket=Bucket.KEY_TEST, act="account.test"),
    _row("POST", "/api/accounts/active", accounts.activate, role=TRADER, form=ActiveForm,
         act="account.active"),
    _row("PATCH", "/api/accounts/{account_id}", accounts.change, role=OWNER, form=AccountChange,
         act="account.change"),
    _row("DELETE", "/api/accounts/{account_id}", accounts.remove, role=OWNER, form=RemoveForm,
         status=204, elevation=Elevation.ALWAYS, act="account.remove"),
    _get("/api/balance", balance.listing, form=BalanceQuery),
    _row("POST", "/api/transfer", balance.transfer, role=TRADER, form=TransferForm,
         bucket=Bucket.ORDERS, act="transfer"),
    # Trading
    _row("POST", "/api/trade", trade.submit, role=TRADER, form=OrderForm, status=201,
         bucket=Bucket.ORDERS, act="order.submit"),
    _row("POST", "/api/trade/preview", trade.preview, role=VIEWER, form=PreviewForm),
    _get("/api/trade", trade.listing, form=IntentsQuery),
    _get("/api/trade/{intent_id}", trade.show),
    _row("POST", "/api/trade/{intent_id}/resolve", trade.resolve, role=OWNER, form=ResolveForm,
         elevation=Elevation.ALWAYS, act="order.resolve"),
    _get("/api/orders", orders.listing, form=OrdersQuery),
    _row("PATCH", "/api/orders/{order_id}", orders.amend, role=TRADER, form=AmendForm,
         bucket=Bucket.ORDERS, act="order.amend"),
    _row("DELETE", "/api/orders/{order_id}", orders.cancel, role=TRADER, form=ObjectQuery,
         in_query=True, bucket=Bucket.NONE, act="order.cancel", essential=True),
    _row("POST", "/api/orders/cancel_all", orders.cancel_all, role=TRADER, form=CancelAllForm,
         bucket=Bucket.NONE, act="order.cancel_all", essential=True),
    _get("/api/triggers", triggers.listing, form=OrdersQuery),
    _row("POST", "/api/triggers", triggers.place, role=TRADER, form=TriggerForm, status=201,
         bucket=Bucket.ORDERS, act="trigger.place"),
    _row("DELETE", "/api/triggers/{trigger_id}", triggers.cancel, role=TRADER, form=ObjectQuery,
         in_query=True, bucket=Bucket.NONE, act="trigger.cancel", essential=True),
    _get("/api/positions", positions.listing, form=SettleQuery),
    _row("POST", "/api/positions/close", positions.close, role=TRADER, form=CloseForm, status=201,
         bucket=Bucket.NONE, act="position.close", essential=True),
    _row("POST", "/api/positions/protect", positions.protect, role=TRADER, form=ProtectForm,
         status=201, bucket=Bucket.ORDERS, act="position.protect"),
    _row("POST", "/api/positions/leverage", positions.leverage, role=TRADER, form=LeverageForm,
         bucket=Bucket.ORDERS, act="position.leverage"),
    _row("POST", "/api/positions/margin", positions.margin, role=TRADER, form=MarginForm,
         bucket=Bucket.ORDERS, act="position.margin"),
    _row("POST", "/api/positions/mode", positions.mode, role=TRADER, form=PositionModeForm,
         bucket=Bucket.ORDERS, act="position.mode"),
    _get("/api/positions/closed", positions.closed, form=SettleQuery),
    _get("/api/fills", fills.listing, form=FillsQuery),
    # Market data
    _get("/api/market/instruments", market.instruments, form=MarketQuery),
    _get("/api/market/tickers", market.tickers, form=MarketQuery),
    _get("/api/market/book", market.book, form=BookQuery),
    _get("/api/market/trades", market.trades, form=TradesQuery),
    _get("/api/market/candles", market.candles, form=CandlesQuery),
    _get("/api/market/funding", market.funding, form=FundingQuery),
    _get("/api/snapshot", snapshot.show, form=SnapshotQuery),
    _get("/api/events", events.listen, form=EventsQuery),
)  # fmt: skip
