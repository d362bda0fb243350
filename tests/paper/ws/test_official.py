"""Gate's own socket package (gate-ws), which nobody here wrote, trades on the paper exchange."""

from __future__ import annotations

import asyncio
import warnings

import pytest

from tests.paper.ws.live import live, run

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of names it uses of its own library
    from gate_ws import Configuration, Connection
    from gate_ws import futures as gate_futures
    from gate_ws import spot as gate_spot


class Ear:
    """Collects the responses of one client by channel and event."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.queues: dict[str, asyncio.Queue] = {}

    async def hear(self, connection, response) -> None:
        self.queues.setdefault(response.channel, asyncio.Queue()).put_nowait(response)

    async def next(self, channel: str, event: str | None = "update"):
        queue = self.queues.setdefault(channel, asyncio.Queue())
        while True:
            response = await asyncio.wait_for(queue.get(), 20)
            if response.event == event:
                return response


def client(exchange, app: str, host: str) -> Ear:
    config = Configuration(
        app=app,
        host=host,
        api_key="ann",
        api_secret="ann-secret",
        ping_interval=1,
        event_loop=asyncio.get_running_loop(),
    )
    ear = Ear(Connection(config))
    config.default_callback = ear.hear
    return ear


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_futures_market_data_orders_and_private_pushes():
    async def work() -> None:
        async with live(tick_s=0.2) as exchange:
            ear = client(exchange, "futures", exchange.addresses.ws_futures_usdt)
            connection = ear.connection
            running = asyncio.create_task(connection.run())
            gate_futures.FuturesTickerChannel(connection).subscribe(["BTC_USDT"])
            gate_futures.FuturesOrderBookUpdateChannel(connection).subscribe(["BTC_USDT", "100ms"])
            gate_futures.FuturesOrderChannel(connection).subscribe(["42", "!all"])
            gate_futures.FuturesUserTradesChannel(connection).subscribe(["42", "BTC_USDT"])
            assert (await ear.next("futures.tickers", "subscribe")).error is None
            assert (await ear.next("futures.orders", "subscribe")).error is None
            assert (await ear.next("futures.tickers")).result[0]["contract"] == "BTC_USDT"
            assert (await ear.next("futures.order_book_update")).result["s"] == "BTC_USDT"
            order = {"contract": "BTC_USDT", "size": 2, "price": "0", "tif": "ioc", "text": "t-g"}
            place = gate_futures.FuturesOrderPlaceChannel(connection)
            place.api_request(order, "header", "req-1")
            first = await ear.next("futures.order_place", None)
            final = await ear.next("futures.order_place", None)
            assert first.result["req_param"] == order
            assert final.result["finish_as"] == "filled"
            assert final.result["size"] == 2
            pushed = await ear.next("futures.orders")
            assert (pushed.result[0]["id"], pushed.result[0]["size"]) == (final.result["id"], 2)
            trade = await ear.next("futures.usertrades")
            assert trade.result[0]["order_id"] == str(final.result["id"])
            assert (await ear.next("futures.pong", "")).error is None
            connection.close()
            await asyncio.wait_for(running, 20)

    run(work)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_spot_and_a_refused_subscription():
    async def work() -> None:
        async with live(tick_s=0.2) as exchange:
            ear = client(exchange, "spot", exchange.addresses.ws_spot)
            connection = ear.connection
            running = asyncio.create_task(connection.run())
            gate_spot.SpotTickerChannel(connection).subscribe(["FOO_BAR"])
            refused = await ear.next("spot.tickers", "subscribe")
            assert (refused.error.code, refused.error.message) == (
                2,
                "unknown currency pair: FOO_BAR",
            )
            gate_spot.SpotBalanceChannel(connection).subscribe()
            assert (await ear.next("spot.balances", "subscribe")).error is None
            order = {
                "currency_pair": "BTC_USDT",
                "side": "buy",
                "amount": "0.001",
                "price": "60000",
            }
            gate_spot.SpotOrderPlaceChannel(connection).api_request(order, "", "r")
            assert (await ear.next("spot.order_place", None)).result["req_param"] == order
            placed = (await ear.next("spot.order_place", None)).result
            assert placed["status"] == "open"
            assert (await ear.next("spot.balances")).result[0]["change_type"] == "order-create"
            cancel = {"order_id": placed["id"], "currency_pair": "BTC_USDT"}
            gate_spot.SpotOrderCancelChannel(connection).api_request(cancel, "", "c")
            gone = (await ear.next("spot.order_cancel", None)).result
            assert gone["status"] == "cancelled"
            connection.close()
            await asyncio.wait_for(running, 20)

    run(work)
