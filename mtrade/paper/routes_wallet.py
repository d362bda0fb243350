"""Transfers, balances and fee rates over all wallets (Gate wallet docs).

Nobody here has sub-accounts: their lists are empty and they are never found. `ROUTES` holds the
account routes too.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import Instrument, InstrumentId, Market
from mtrade.domain.numbers import is_multiple, text
from mtrade.paper import routes_account
from mtrade.paper.catalogue import CURRENCIES
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import as_object, choice, number, word, wrong
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.spot import rules
from mtrade.paper.world import World
from mtrade.paper.worth import SETTLES, price_of, worth_of

_STEP = Decimal("0.00000001")
_WALLETS = ("spot", "futures")
_ACCOUNTS = ("spot", "margin", "futures", "delivery", "options")
_EMPTY_ACCOUNTS = ("delivery", "margin", "finance", "quant", "options", "payment")
_VALUED_IN = ("USDT", "USD", "BTC")


def transfer(world: World, call: Call) -> Reply:
    """POST /wallet/transfers: between spot and futures; other accounts do not exist here."""
    body = as_object(call.body)
    currency = word(body, "currency").upper()
    if currency not in {coin.symbol for coin in CURRENCIES}:
        raise GateFault("INVALID_CURRENCY", f"Invalid currency {currency}")
    source, target = (choice(body, end, _ACCOUNTS) for end in ("from", "to"))
    if source == target or {source, target} != set(_WALLETS):
        raise GateFault("INVALID_PARAM_VALUE", "transfers go between spot and futures")
    settle = word(body, "settle", currency).lower()
    if settle not in SETTLES or settle != currency.lower():
        raise GateFault("INVALID_CURRENCY", f"{currency} does not settle {settle} futures")
    amount = _amount(body)
    done = world.wallet.transfer(call.owner.uid, currency, amount, source, settle, call.now_ms)
    return Reply({"tx_id": done.id})


def get_transfer(world: World, call: Call) -> Reply:
    """GET /wallet/transfers?tx_id"""
    done = world.wallet.find(call.owner.uid, word(call.query, "tx_id"))
    return Reply(
        {
            "tx_id": str(done.id),
            "status": "success",
            "currency": done.currency,
            "amount": text(done.amount),
            "from_account": done.source,
            "to_account": done.target,
            "settle": done.settle,
            "currency_pair": "",
        }
    )


def order_status(world: World, call: Call) -> Reply:
    """GET /wallet/order_status: every transfer is finished when it is answered"""
    done = world.wallet.find(call.owner.uid, word(call.query, "tx_id"))
    return Reply({"tx_id": str(done.id), "status": "SUCCESS"})


def fee(world: World, call: Call) -> Reply:
    """GET /wallet/fee: the caller's own rates, spot (of a pair) and futures"""
    pair = word(call.query, "currency_pair", "BTC_USDT")
    instrument = rules.room_of(world, pair).instrument
    contract = _contract(world, call)
    return Reply(
        {
            "user_id": call.owner.uid,
            "taker_fee": text(instrument.taker_fee),
            "maker_fee": text(instrument.maker_fee),
            "rpi_maker_fee": text(instrument.maker_fee),
            "gt_discount": False,
            "gt_taker_fee": "0",
            "gt_maker_fee": "0",
            "loan_fee": "0.18",
            "point_type": "1",
            "futures_taker_fee": text(contract.taker_fee),
            "futures_maker_fee": text(contract.maker_fee),
            "futures_rpi_maker_fee": text(contract.maker_fee),
            "delivery_taker_fee": text(contract.taker_fee),
            "delivery_maker_fee": text(contract.maker_fee),
            "debit_fee": 3,
            "rpi_mm": 1,
        }
    )


def total_balance(world: World, call: Call) -> Reply:
    """GET /wallet/total_balance: at last prices, valued in USDT unless asked otherwise"""
    currency = word(call.query, "currency", "USDT").upper()
    if currency not in _VALUED_IN:
        raise GateFault("INVALID_CURRENCY", f"totals are valued in {', '.join(_VALUED_IN)}")
    worth = worth_of(world, call.owner.uid)
    rate = price_of(world, currency)
    zero = Decimal(0)
    details = {name: _valued(zero, zero, currency, rate) for name in _EMPTY_ACCOUNTS}
    details["spot"] = _valued(worth.spot, zero, currency, rate)
    details["futures"] = _valued(worth.futures, worth.unrealised, currency, rate)
    total = _valued(worth.total, worth.unrealised, currency, rate)
    return Reply({"total": {**total, "borrowed": "0"}, "details": details})


def nothing(world: World, call: Call) -> Reply:
    """The lists of an account without sub-accounts."""
    return Reply([])


def no_sub_account(world: World, call: Call) -> Reply:
    """Whatever one wants of a sub-account: there is none."""
    raise GateFault("SUB_ACCOUNT_NOT_FOUND", "Sub account not found")


def _amount(body: dict[str, Any]) -> Decimal:
    amount = number(body, "amount")
    if amount <= 0:
        raise wrong("amount")
    if not is_multiple(amount, _STEP):
        raise GateFault("INVALID_PRECISION", "amounts have at most 8 decimals")
    return amount


def _contract(world: World, call: Call) -> Instrument:
    settle = word(call.query, "settle", "usdt").lower()
    name = {"usdt": "BTC_USDT", "btc": "BTC_USD"}.get(settle, "")
    room = world.rooms.get(InstrumentId(Market.FUTURES, settle, name))
    if room is None:
        raise wrong("settle")
    return room.instrument


def _valued(amount: Decimal, profit: Decimal, currency: str, rate: Decimal) -> dict[str, str]:
    return {
        "currency": currency,
        "amount": text(round(amount / rate, 8)),
        "unrealised_pnl": text(round(profit / rate, 8)),
    }


def _get(path: str, handler: Any, bucket: str = "wallet") -> Route:
    return Route(method="GET", path=path, handler=handler, permission="wallet", bucket=bucket)


def _post(path: str, handler: Any) -> Route:
    return Route(method="POST", path=path, handler=handler, permission="wallet", bucket="wallet")


ROUTES: tuple[Route, ...] = (
    _post("/wallet/transfers", transfer),
    _get("/wallet/transfers", get_transfer),
    _get("/wallet/order_status", order_status),
    _get("/wallet/fee", fee, bucket="private"),
    _get("/wallet/total_balance", total_balance),
    _get("/wallet/deposits", nothing, bucket="private"),
    _get("/wallet/withdrawals", nothing, bucket="private"),
    _get("/wallet/withdraw_status", nothing, bucket="private"),
    _get("/wallet/saved_address", nothing, bucket="private"),
    _get("/wallet/deposit_address", routes_account.refused, bucket="private"),
    _post("/withdrawals", routes_account.refused),
    _get("/wallet/sub_account_transfers", nothing),
    _post("/wallet/sub_account_transfers", no_sub_account),
    _post("/wallet/sub_account_to_sub_account", no_sub_account),
    _get("/wallet/sub_account_balances", nothing),
    _get("/wallet/sub_account_margin_balances", nothing),
    _get("/wallet/sub_account_futures_balances", nothing),
    _get("/wallet/sub_account_cross_margin_balances", nothing),
    *routes_account.ROUTES,
)
