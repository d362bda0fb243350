"""Faults through real sockets and real HTTP: what the client sees, and what truly happened."""

from __future__ import annotations

import asyncio
import json
import time
from decimal import Decimal

import aiohttp
import pytest

from mtrade.domain.numbers import loads
from mtrade.paper.faultplan import FaultPlan, Kind, Rule
from tests.paper.ws.live import MARKET, Live, live, run

ORDER = {**MARKET, "text": "t-f"}
PATH = "/futures/usdt/orders"


def faulty(*rules: Rule, **options: object):
    return live(tick_s=3600, faults=FaultPlan(1, list(rules)), **options)


def api(kind: Kind, **more: object) -> Rule:
    return Rule(kind=kind, match="futures.order_place", count=1, **more)  # type: ignore[arg-type]


def rest(kind: Kind, **more: object) -> Rule:
    fixed = {"surface": "rest", "match": f"*{PATH}", "method": "POST", "count": 1}
    return Rule(kind=kind, **{**fixed, **more})  # type: ignore[arg-type]


async def placed(exchange: Live) -> int:
    return len(await exchange.orders("t-f"))


@pytest.mark.parametrize(
    ("kind", "executed", "sees"),
    [
        (Kind.DROP_REQUEST, 0, "nothing"),
        (Kind.LOSE_ANSWER, 1, "nothing"),
        (Kind.CLOSE_BEFORE, 0, "closed"),
        (Kind.CLOSE_BEFORE_ACK, 1, "closed"),
        (Kind.CLOSE_BEFORE_FINAL, 1, "ack closed"),
        (Kind.CLOSE_MID_FRAME, 1, "ack closed"),
        (Kind.NO_ACK, 1, "final"),
        (Kind.REPEAT_ANSWER, 1, "ack final final"),
        (Kind.SERVER_ERROR, 0, "502"),
        (Kind.SERVER_ERROR_AFTER, 1, "502"),
        (Kind.RATE_LIMIT, 0, "429"),
    ],
)
def test_trading_frames(kind, executed, sees):
    async def work() -> None:
        async with faulty(api(kind, seconds=Decimal(2))) as exchange:
            socket = await exchange.socket()
            await socket.login()
            await socket.ask("futures.order_place", ORDER)
            for word in sees.split():
                if word == "nothing":
                    assert await socket.quiet()
                elif word == "closed":
                    await socket.closed()
                else:
                    frame = await socket.next()
                    status = frame["header"]["status"]
                    expected = {"ack": (True, "200"), "final": (False, "200")}
                    assert (frame["ack"], status) == expected.get(word, (False, word))
            assert await placed(exchange) == executed

    run(work)


def test_a_late_request_and_a_late_answer():
    async def work() -> None:
        late = api(Kind.DELAY_REQUEST, seconds=Decimal("0.3"))
        async with faulty(late, api(Kind.DELAY_ANSWER, seconds=Decimal("0.3"))) as exchange:
            socket = await exchange.socket()
            await socket.login()
            due = str(int(time.time() * 1000) + 100)
            await socket.ask("futures.order_place", ORDER, req_header={"x-gate-exptime": due})
            assert await socket.quiet(0.2)
            final = await socket.final()
            assert final["data"]["errs"]["label"] == "REQUEST_EXPIRED"
            await socket.ask("futures.order_place", ORDER)
            assert (await socket.next())["ack"] is True
            assert await placed(exchange) == 1
            assert (await socket.final())["header"]["status"] == "200"

    run(work)


def test_an_answer_that_is_cut_or_a_web_page():
    async def work() -> None:
        async with faulty(api(Kind.TRUNCATE), api(Kind.HTML)) as exchange:
            socket = await exchange.socket()
            await socket.login()
            for starts in ('{"request_id":"q","ack":false', "<html>"):
                await socket.ask("futures.order_place", ORDER)
                assert (await socket.next())["ack"] is True
                text = (await socket.socket.receive()).data
                assert text.startswith(starts)
                with pytest.raises(json.JSONDecodeError):
                    json.loads(text)
            assert await placed(exchange) == 2

    run(work)


def test_an_answer_that_contradicts_or_belongs_to_nobody():
    async def work() -> None:
        rules = (api(Kind.CONTRADICT), api(Kind.FOREIGN_ANSWER), rest(Kind.CONTRADICT))
        async with faulty(*rules) as exchange:
            socket = await exchange.socket()
            await socket.login()
            await socket.ask("futures.order_place", ORDER)
            assert (await socket.final())["data"]["result"]["text"] == "t-somebody-elses"
            await socket.ask("futures.order_place", ORDER)
            assert (await socket.next())["request_id"] == "q"
            assert (await socket.next())["request_id"] == "nobodys"
            _, body = await exchange.rest("POST", PATH, "", ORDER)
            assert loads(body)["text"] == "t-somebody-elses"
            assert await placed(exchange) == 3

    run(work)


def test_subscriptions_are_refused_or_never_acknowledged():
    async def work() -> None:
        refuse = Rule(kind=Kind.REFUSE, match="futures.orders", count=1)
        mute = Rule(kind=Kind.NO_ACK, match="futures.tickers", count=1)
        async with faulty(refuse, mute) as exchange:
            socket = await exchange.socket()
            await socket.subscribe("futures.orders", ["42", "!all"], key="ann")
            assert (await socket.next())["error"]["code"] == 3
            await socket.joined("futures.orders", ["42", "!all"], key="ann")
            await socket.subscribe("futures.tickers", ["BTC_USDT"])
            assert (await socket.next())["event"] == "update"

    run(work)


def test_pushes_are_lost_doubled_and_swapped():
    async def work() -> None:
        rules = (
            Rule(kind=Kind.DROP_PUSH, match="futures.positions"),
            Rule(kind=Kind.REPEAT_PUSH, match="futures.usertrades"),
            Rule(kind=Kind.SWAP_PUSH, match="futures.orders", uid=42),
        )
        async with faulty(*rules) as exchange:
            socket = await exchange.socket()
            for channel in ("futures.positions", "futures.usertrades", "futures.orders"):
                await socket.joined(channel, ["42", "!all"], key="ann")
            await socket.joined("futures.balances", ["42"], key="ann")
            await exchange.rest("POST", PATH, "", ORDER)
            names = [(await socket.next())["channel"].partition(".")[2] for _ in range(4)]
            assert names == ["usertrades", "usertrades", "balances", "orders"]

    run(work)


def test_a_silenced_socket_stays_open_and_can_be_woken():
    async def work() -> None:
        plan = FaultPlan(1, [Rule(kind=Kind.SILENCE)])
        async with live(tick_s=3600, faults=plan) as exchange:
            socket = await exchange.socket()
            await socket.say({"time": 1, "channel": "futures.ping"})
            assert await socket.quiet()
            plan.clear()
            await socket.say({"time": 1, "channel": "futures.ping"})
            assert (await socket.next())["channel"] == "futures.pong"

    run(work)


@pytest.mark.parametrize(
    ("kind", "executed", "sees"),
    [
        (Kind.DROP_REQUEST, 0, None),
        (Kind.LOSE_ANSWER, 1, None),
        (Kind.CLOSE_MID_FRAME, 1, None),
        (Kind.SERVER_ERROR, 0, 502),
        (Kind.SERVER_ERROR_AFTER, 1, 502),
        (Kind.RATE_LIMIT, 0, 429),
        (Kind.TRUNCATE, 1, 201),
        (Kind.HTML, 1, 200),
        (Kind.DELAY_ANSWER, 1, 201),
        (Kind.DELAY_REQUEST, 1, 201),
    ],
)
def test_rest_calls(kind, executed, sees):
    async def work() -> None:
        async with faulty(rest(kind, seconds=Decimal("0.2"))) as exchange:
            if sees is None:
                with pytest.raises(aiohttp.ClientError):
                    await exchange.rest("POST", PATH, "", ORDER)
            else:
                status, body = await exchange.rest("POST", PATH, "", ORDER)
                assert status == sees
                if kind in (Kind.TRUNCATE, Kind.HTML, Kind.SERVER_ERROR):
                    with pytest.raises(json.JSONDecodeError):
                        loads(body)
            assert await placed(exchange) == executed

    run(work)


def test_a_thin_book_fills_in_part():
    async def work() -> None:
        thin = (api(Kind.THIN_BOOK, size=Decimal(2)), rest(Kind.THIN_BOOK, size=Decimal(3)))
        async with faulty(*thin) as exchange:
            socket = await exchange.socket()
            await socket.login()
            await socket.ask("futures.order_place", {**ORDER, "size": 10})
            order = (await socket.final())["data"]["result"]
            assert (order["finish_as"], order["left"]) == ("ioc", "8")
            sell = {**ORDER, "size": "-10"}
            _, body = await exchange.rest("POST", PATH, "", sell)
            assert (loads(body)["finish_as"], loads(body)["left"]) == ("ioc", "-7")

    run(work)


def test_the_test_paths_of_an_exchange_with_control():
    async def work() -> None:
        async with live(tick_s=3600, control=True) as exchange:
            url = exchange.addresses.rest.replace("/api/v4", "/paper/v1/fault")

            async def post(body: object) -> int:
                async with exchange.session.post(url, json=body) as answer:
                    return answer.status

            socket = await exchange.socket()
            for channel in ("futures.liquidates", "futures.orders"):
                await socket.joined(channel, ["42", "!all"], key="ann")
            await exchange.rest("POST", PATH, "", ORDER)
            await socket.next()
            assert await post({"kind": "liquidate", "uid": 42, "contract": "BTC_USDT"}) == 200
            order = await socket.next()
            assert order["result"][0]["finish_as"] == "liquidated"
            assert (await socket.next())["channel"] == "futures.liquidates"
            assert await post({"kind": "upgrade"}) == 200
            notice = await socket.next()
            assert notice["channel"] == "futures.system"
            assert notice["result"]["type"] == "upgrade"
            assert (
                await post([{"kind": "server_error", "surface": "rest", "match": "*orders"}]) == 200
            )
            assert (await exchange.rest("POST", PATH, "", ORDER))[0] == 502
            async with exchange.session.get(url) as answer:
                (row,) = await answer.json()
            assert (row["kind"], row["hits"]) == ("server_error", 1)
            async with exchange.session.delete(url) as answer:
                assert answer.status == 200
            assert (await exchange.rest("POST", PATH, "", ORDER))[0] == 201
            assert await post({"kind": "dance"}) == 400
            assert await post({"kind": "break", "market": "futures"}) == 200
            await socket.closed()

    run(work)


def test_without_control_there_is_no_plan_and_no_path():
    async def work() -> None:
        async with live(tick_s=3600) as exchange:
            url = exchange.addresses.rest.replace("/api/v4", "/paper/v1/fault")
            async with exchange.session.post(url, json={"kind": "silence"}) as answer:
                assert answer.status == 404
            assert exchange.exchange._server._trouble is None

    run(work)


def test_a_lost_answer_is_still_told_on_the_private_stream():
    async def work() -> None:
        async with faulty(api(Kind.CLOSE_BEFORE_ACK)) as exchange:
            hearing, trading = await exchange.socket(), await exchange.socket()
            await hearing.joined("futures.orders", ["42", "!all"], key="ann")
            await trading.login()
            await trading.ask("futures.order_place", ORDER)
            await trading.closed()
            push = await asyncio.wait_for(hearing.next(), 5)
            assert push["result"][0]["text"] == "t-f"

    run(work)
