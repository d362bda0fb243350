"""Wallet and account routes: transfers move money once, identities are exact, subs do not exist."""

from __future__ import annotations

import pytest

from mtrade.domain.instruments import Side
from tests.paper.bench import NOW, PAIR, Bench


@pytest.fixture
def bench():
    return Bench()


def move(source, target, amount, currency="USDT", **more):
    return {"currency": currency, "from": source, "to": target, "amount": amount, **more}


def test_a_transfer_moves_money_and_can_be_looked_up(bench):
    body = move("spot", "futures", "250.5", settle="usdt")
    done = bench.call("POST", "/wallet/transfers", "", body)
    assert bench.held(1, "USDT") == ("9749.5", "0")
    assert bench.world.futures.worth(1, "usdt")[0] == 10_250.5
    found = bench.call("GET", "/wallet/transfers", f"tx_id={done['tx_id']}")
    assert (found["status"], found["amount"], found["from_account"]) == ("success", "250.5", "spot")
    status = bench.call("GET", "/wallet/order_status", f"tx_id={done['tx_id']}")
    assert status == {"tx_id": str(done["tx_id"]), "status": "SUCCESS"}
    assert bench.refused("GET", "/wallet/transfers", f"tx_id={done['tx_id']}", who="bob")[0] == 400
    bench.call("POST", "/wallet/transfers", "", move("futures", "spot", "10250.5"))
    assert bench.held(1, "USDT") == ("20000", "0")


@pytest.mark.parametrize(
    ("body", "label"),
    [
        (move("spot", "futures", "20000"), "BALANCE_NOT_ENOUGH"),
        (move("futures", "spot", "20000"), "FUTURES_BALANCE_NOT_ENOUGH"),
        (move("spot", "futures", "1", "NOPE"), "INVALID_CURRENCY"),
        (move("spot", "futures", "1", "ETH"), "INVALID_CURRENCY"),
        (move("spot", "futures", "1", settle="btc"), "INVALID_CURRENCY"),
        (move("spot", "spot", "1"), "INVALID_PARAM_VALUE"),
        (move("spot", "margin", "1"), "INVALID_PARAM_VALUE"),
        (move("spot", "futures", "-1"), "INVALID_PARAM_VALUE"),
        (move("spot", "futures", "0.000000001"), "INVALID_PRECISION"),
        ({"currency": "USDT"}, "MISSING_REQUIRED_PARAM"),
    ],
)
def test_refused_transfers_move_nothing(bench, body, label):
    assert bench.refused("POST", "/wallet/transfers", "", body) == (400, label)
    assert bench.held(1, "USDT") == ("10000", "0")
    assert bench.world.futures.worth(1, "usdt")[0] == 10_000


def test_the_total_counts_both_wallets(bench):
    price = bench.world.rooms[next(iter(bench.world.rooms))].last
    total = bench.call("GET", "/wallet/total_balance")
    assert total["total"]["amount"] == f"{20_000 + 2 * price}"
    assert total["details"]["futures"]["amount"] == f"{10_000 + price}"
    in_btc = bench.call("GET", "/wallet/total_balance", "currency=BTC")
    assert float(in_btc["total"]["amount"]) == pytest.approx(2 + 20_000 / float(price))
    assert bench.refused("GET", "/wallet/total_balance", "currency=DOGE")[0] == 400


def test_fees_are_the_users_own(bench):
    assert bench.call("GET", "/wallet/fee")["futures_taker_fee"] == "0.0005"
    assert bench.call("GET", "/spot/fee", "currency_pair=ETH_USDT")["taker_fee"] == "0.002"
    fees = bench.call("GET", "/spot/batch_fee", "currency_pairs=BTC_USDT%2CETH_USDT")
    assert set(fees) == {"BTC_USDT", "ETH_USDT"}


def test_the_identity(bench):
    bench.add("lead", 9, copy_role=1, ip_whitelist=("127.0.0.1",), name="desk")
    detail = bench.call("GET", "/account/detail", who="lead")
    assert detail == {
        "user_id": 9,
        "ip_whitelist": ["127.0.0.1"],
        "currency_pairs": [],
        "tier": 0,
        "key": {"mode": 1},
        "copy_trading_role": 1,
    }
    keys = bench.call("GET", "/account/main_keys", who="lead")
    assert keys["name"] == "desk"
    assert {"name": "futures", "read_only": False} in keys["perms"]


def test_there_are_no_sub_accounts_and_no_unified_wallet(bench):
    for path in ("/sub_accounts", "/wallet/sub_account_balances", "/account/stp_groups"):
        assert bench.call("GET", path) == []
    assert bench.refused("GET", "/sub_accounts/5/keys") == (404, "SUB_ACCOUNT_NOT_FOUND")
    assert bench.refused("GET", "/unified/accounts") == (403, "FORBIDDEN")
    assert bench.call("GET", "/unified/unified_mode")["mode"] == "classic"
    assert bench.call("GET", "/account/debit_fee") == {"enabled": False}
    assert bench.refused("POST", "/account/debit_fee", "", {"enabled": True})[0] == 400


def test_nothing_comes_in_from_outside_and_nothing_leaves(bench):
    for name in ("deposits", "withdrawals", "withdraw_status", "saved_address"):
        assert bench.call("GET", f"/wallet/{name}", "currency=USDT") == []
    asked = bench.refused("GET", "/wallet/deposit_address", "currency=USDT")
    assert asked == (403, "FORBIDDEN")
    order = {"currency": "USDT", "amount": "1", "address": "0x0", "chain": "ETH"}
    assert bench.refused("POST", "/withdrawals", "", order) == (403, "FORBIDDEN")


def test_trades_and_ledger_tell_what_happened(bench):
    bench.quote(Side.SELL, "60000", "1")
    order = bench.place("buy", "0.01", "60000", text="t-l")
    (trade,) = bench.call("GET", "/spot/my_trades", f"currency_pair={PAIR}&order_id={order['id']}")
    assert (trade["role"], trade["amount"], trade["price"]) == ("taker", "0.01", "60000")
    assert (trade["fee"], trade["fee_currency"], trade["text"]) == ("0.00002", "BTC", "t-l")
    assert trade["create_time_ms"] == f"{NOW}.000000"
    lines = bench.call("GET", "/spot/account_book", "currency=BTC")
    assert [(line["type"], line["change"]) for line in lines] == [
        ("trade-fee-deduct", "-0.00002"),
        ("order-match", "0.01"),
        ("deposit", "1"),
    ]
    assert lines[0]["balance"] == "1.00998"
    assert bench.call("GET", "/spot/account_book", "type=deposit&limit=1&page=2") != []
    assert bench.call("GET", "/spot/my_trades", who="bob") == []
    assert bench.refused("GET", "/spot/my_trades", "order_id=1")[0] == 400
    month = NOW // 1000 - 31 * 86_400
    assert bench.refused("GET", "/spot/my_trades", f"from={month}")[0] == 400
    bench.clock.ms += 8 * 86_400_000
    assert bench.call("GET", "/spot/my_trades") == []
