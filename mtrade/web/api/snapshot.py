"""All that one trade screen shows, in one answer. What cannot be read is null and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mtrade.domain.accounts import Account
from mtrade.domain.errors import MTradeError
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.trading.views import Aged
from mtrade.web import codec, codec_market
from mtrade.web.api.orders import orders_json
from mtrade.web.api.positions import positions_json
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.queries import SnapshotQuery

T = TypeVar("T")

PRINTS = 50
JOURNAL_ROWS = 50


class Collector:
    """Reads part after part; a part that fails leaves a named error and the others go on."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.errors: list[Json] = []
        self.ages: dict[str, int] = {}

    def part(self, name: str, read: Callable[[], T]) -> T | None:
        """What `read` gives, or None with an entry in `errors`."""
        try:
            return read()
        except MTradeError as fault:
            message = self._call.text(f"errors.{fault.code}", fault.message, fault.params)
            self.errors.append({"part": name, "code": fault.code, "message": message})
            return None

    def aged(self, kind: str, read: Callable[[], Aged[T]]) -> T:
        """The value, noting the largest age of its kind."""
        found = read()
        self.ages[kind] = max(self.ages.get(kind, 0), found.age_ms)
        return found.value


def show(call: Call, form: SnapshotQuery) -> Json:
    """The whole trade screen of one instrument and account."""
    account = call.desk.accounts.get(form.account)
    wanted = form.instrument_id()
    rules = call.desk.state.instrument(account.network, wanted)
    collector = Collector(call)
    control = call.context.control
    server = {
        "pid": control.pid,
        "started_ms": control.started_ms,
        "version": control.version,
        "instance": control.instance,
        "build": call.context.assets.build,
    }
    return {
        "now_ms": call.now_ms,
        "account": account.id,
        "network": account.network,
        "mode": call.desk.engine.mode(),
        "instrument": codec_market.instrument(rules),
        **_market(call, collector, account, wanted, form.depth),
        **_account(call, collector, account, form),
        "age_ms": {
            "market": collector.ages.get("market"),
            "account": collector.ages.get("account"),
        },
        "errors": collector.errors,
        "server": server,
    }


def _market(
    call: Call, collector: Collector, account: Account, wanted: InstrumentId, depth: int
) -> Json:
    state, network = call.desk.state, account.network

    def ticker() -> Json:
        aged = collector.aged("market", lambda: state.ticker(network, wanted))
        return codec_market.ticker(aged)

    def book() -> Json:
        aged = state.book(network, wanted, depth)
        return codec_market.book(collector.aged("market", lambda: aged), aged.age_ms)

    def trades() -> list[Json]:
        rows = collector.aged("market", lambda: state.trades(network, wanted, PRINTS))
        return [codec_market.trade(row) for row in rows]

    readers: dict[str, Callable[[], object]] = {"ticker": ticker, "book": book, "trades": trades}
    return {name: collector.part(name, read) for name, read in readers.items()}


def _account(call: Call, collector: Collector, account: Account, form: SnapshotQuery) -> Json:
    """Orders of the market shown, positions of the settle currency and their triggers."""
    state, market = call.desk.state, form.market
    settle = form.instrument_id().settle

    def orders() -> list[Json]:
        rows = collector.aged("account", lambda: state.open_orders(account.id, market, settle))
        return orders_json(call, account.id, rows)

    def triggers() -> list[Json]:
        rows = collector.aged("account", lambda: state.triggers(account.id, market, settle))
        if market is Market.SPOT:  # the positions shown beside have their protection on futures
            of_futures = state.triggers(account.id, Market.FUTURES, form.settle)
            rows = (*rows, *collector.aged("account", lambda: of_futures))
        return [codec.trigger(row) for row in rows]

    def positions() -> list[Json]:
        rows = collector.aged("account", lambda: state.positions(account.id, form.settle))
        return positions_json(call, account, rows)

    def position_mode() -> str:
        return state.position_mode(account.id, form.settle)

    def balance() -> Json:
        return codec.balance(state.balance(account.id))

    def intents() -> list[Json]:
        return [codec.intent(r) for r in call.desk.engine.intents(account.id, None, JOURNAL_ROWS)]

    readers: dict[str, Callable[[], object]] = {
        "orders": orders,
        "triggers": triggers,
        "positions": positions,
        "position_mode": position_mode,
        "balance": balance,
        "intents": intents,
    }
    return {name: collector.part(name, read) for name, read in readers.items()}
