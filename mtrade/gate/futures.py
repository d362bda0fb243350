"""Private futures orders of one account (Gate futures docs). Sizes are signed on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mtrade.domain.errors import ExchangeError
from mtrade.domain.numbers import text
from mtrade.domain.orders import (
    Fill,
    OrderRequest,
    VenueOrder,
    VenueTrigger,
)
from mtrade.domain.risk import is_reducing
from mtrade.gate import bodies, confirm, order_text, triggers
from mtrade.gate import parse_futures as parse
from mtrade.gate.client import GateClient, Query, segment
from mtrade.gate.fields import rows
from mtrade.gate.paging import collect
from mtrade.gate.paths import Change, Paths

PLACE = "/futures/place"  # placing, batch placing and amending share one budget
CANCEL = "/futures/cancel"
MOST_OPEN = 10_000


class FuturesApi:
    """Orders, trades and price orders below `/futures/{settle}`."""

    def __init__(self, client: GateClient, settle: str, paths: Paths | None = None) -> None:
        self._client = client
        self._paths = paths or Paths(client)
        self._settle = settle
        self._root = f"/futures/{segment(settle)}"

    def placing(self, order: OrderRequest, *, expires_ms: int) -> Change[VenueOrder]:
        """The call that places an order; the answer is compared with the request."""
        body = bodies.futures_order(order)
        return Change(
            method="POST",
            path=f"{self._root}/orders",
            parse=lambda raw: confirm.placed(self._order(raw), order),
            quick=lambda text: order_text.placed(text, order, body),
            bucket=PLACE,
            body=body,
            expires_ms=expires_ms,
            urgent=is_reducing(order),
            channel="futures.order_place",
            settle=self._settle,
            param=body,
        )

    def create_batch(
        self, orders: Sequence[OrderRequest], *, expires_ms: int
    ) -> tuple[confirm.Outcome, ...]:
        """Place up to ten orders; for each the order, or the error that refused it."""
        body = [bodies.futures_order(order) for order in orders]
        return self._paths.change(
            Change(
                method="POST",
                path=f"{self._root}/batch_orders",
                parse=lambda raw: confirm.batch(raw, orders, self._order),
                bucket=PLACE,
                body=body,
                expires_ms=expires_ms,
                channel="futures.order_batch_place",
                settle=self._settle,
                param=body,
            )
        )

    def get(self, reference: str) -> VenueOrder:
        """One order by id or text; an order without a fill is forgotten soon after its end."""
        return self._client.read(
            f"{self._root}/orders/{segment(reference)}",
            lambda raw: confirm.addressed(self._order(raw), reference),
            bucket="/futures/orders/",
        )

    def open_orders(self, contract: str | None = None) -> tuple[VenueOrder, ...]:
        """Open orders of one contract, or of all."""
        return self._paged("orders", {"status": "open", "contract": contract}, MOST_OPEN)

    def finished_orders(self, contract: str, since_ms: int, limit: int) -> tuple[VenueOrder, ...]:
        """Orders finished since then, newest first."""
        query: Query = {"contract": contract, "from": since_ms // 1000}
        return self._paged("orders_timerange", query, limit)

    def amend(
        self,
        reference: str,
        *,
        price: Decimal | None,
        signed_size: Decimal | None,
        expires_ms: int,
    ) -> VenueOrder:
        """Change price, or the total signed size including what is filled."""
        body: bodies.Fields = {}
        if price is not None:
            body["price"] = text(price)
        if signed_size is not None:
            body["size"] = text(signed_size)
        size = None if signed_size is None else abs(signed_size)
        return self._paths.change(
            Change(
                method="PUT",
                path=f"{self._root}/orders/{segment(reference)}",
                parse=lambda raw: confirm.amended(self._order(raw), reference, price, size),
                bucket=PLACE,
                body=body,
                expires_ms=expires_ms,
                channel="futures.order_amend",
                settle=self._settle,
                param={"order_id": reference, **body},
            )
        )

    def cancel(self, reference: str) -> VenueOrder:
        """Cancel one open order by id or text."""
        return self._paths.change(
            Change(
                method="DELETE",
                path=f"{self._root}/orders/{segment(reference)}",
                parse=lambda raw: confirm.addressed(self._order(raw), reference),
                bucket=CANCEL,
                urgent=True,
                channel="futures.order_cancel",
                settle=self._settle,
                param={"order_id": reference},
            )
        )

    def cancel_all(self, contract: str | None = None) -> tuple[VenueOrder, ...]:
        """Cancel every open order of one contract, or of all; returns those cancelled."""
        return self._client.change(
            "DELETE",
            f"{self._root}/orders",
            lambda raw: confirm.all_cancelled(raw, self._order),
            bucket=CANCEL,
            query={"contract": contract},
            urgent=True,
        )

    def cancel_batch(self, order_ids: Sequence[str]) -> tuple[ExchangeError | None, ...]:
        """Cancel up to twenty orders; for each None, or why it failed."""
        return self._paths.change(
            Change(
                method="POST",
                path=f"{self._root}/batch_cancel_orders",
                parse=lambda raw: confirm.batch_cancelled(raw, len(order_ids)),
                bucket=CANCEL,
                body=list(order_ids),
                urgent=True,
                channel="futures.order_cancel_ids",
                settle=self._settle,
                param=list(order_ids),
            )
        )

    def fills(
        self,
        contract: str | None,
        *,
        since_ms: int | None,
        order_id: str,
        limit: int,
    ) -> tuple[Fill, ...]:
        """Own trades, newest first. Gate filters by order or by time, never by both."""
        name = "my_trades" if order_id or since_ms is None else "my_trades_timerange"
        by: Query = (
            {"order": order_id or None}
            if name == "my_trades"
            else {"from": (since_ms or 0) // 1000}
        )
        return collect(
            lambda index, size: self._client.read(
                f"{self._root}/{name}",
                lambda raw: rows(raw, lambda item: parse.fill(item, self._settle), "trades"),
                {"contract": contract, **by, "limit": size, "offset": index * size},
                bucket=f"/futures/{name}",
            ),
            limit,
        )

    def create_trigger(self, order: OrderRequest) -> str:
        """Place a price order; returns its id."""
        return self._client.change(
            "POST",
            f"{self._root}/price_orders",
            triggers.parse_id,
            bucket="/futures/price_orders create",
            body=triggers.futures_body(order),
            urgent=is_reducing(order),
        )

    def triggers(self, *, open: bool) -> tuple[VenueTrigger, ...]:
        """All waiting price orders, or the latest finished ones."""
        return triggers.listed(self._client, self._root, self._trigger, open=open)

    def trigger(self, trigger_id: str) -> VenueTrigger:
        """One price order."""
        return self._client.read(
            f"{self._root}/price_orders/{segment(trigger_id)}",
            self._trigger,
            bucket="/futures/price_orders/",
        )

    def cancel_trigger(self, trigger_id: str) -> VenueTrigger:
        """Cancel one price order."""
        return self._client.change(
            "DELETE",
            f"{self._root}/price_orders/{segment(trigger_id)}",
            self._trigger,
            bucket="/futures/price_orders cancel",
            urgent=True,
        )

    def cancel_triggers(self, contract: str | None = None) -> tuple[VenueTrigger, ...]:
        """Cancel every price order of one contract, or of all."""
        return self._client.change(
            "DELETE",
            f"{self._root}/price_orders",
            lambda raw: rows(raw, self._trigger, "price orders"),
            bucket="/futures/price_orders cancel",
            query={"contract": contract},
            urgent=True,
        )

    def countdown_cancel_all(self, timeout_s: int, contract: str | None = None) -> int:
        """Cancel everything in `timeout_s` seconds unless called again; 0 stops it. UTC ms."""
        return self._client.change(
            "POST",
            f"{self._root}/countdown_cancel_all",
            bodies.countdown_time,
            bucket="/futures/countdown_cancel_all",
            body={"timeout": timeout_s} | ({"contract": contract} if contract else {}),
            urgent=True,
        )

    def _order(self, raw: object) -> VenueOrder:
        return parse.order(raw, self._settle)

    def _trigger(self, raw: object) -> VenueTrigger:
        return triggers.parse_futures_trigger(raw, self._settle)

    def _paged(self, name: str, query: Query, limit: int) -> tuple[VenueOrder, ...]:
        return collect(
            lambda index, size: self._client.read(
                f"{self._root}/{name}",
                lambda raw: rows(raw, self._order, "orders"),
                {**query, "limit": size, "offset": index * size},
                bucket=f"/futures/{name}",
            ),
            limit,
        )
