"""Private spot endpoints of one account (Gate spot docs). Sizes as in OrderRequest."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mtrade.domain.accounts import Fees, SpotBalance
from mtrade.domain.errors import ExchangeError
from mtrade.domain.numbers import text
from mtrade.domain.orders import (
    Fill,
    OrderRequest,
    VenueOrder,
    VenueTrigger,
)
from mtrade.gate import bodies, confirm, triggers
from mtrade.gate import parse_spot as parse
from mtrade.gate.client import GateClient, Query, segment
from mtrade.gate.fields import rows
from mtrade.gate.paging import collect
from mtrade.gate.paths import Change, Paths

OPEN_PAGE = 100
TRADES_KEPT_MS = 30 * 86_400_000 - 60_000


class SpotApi:
    """`/spot` for the owner of the client's key."""

    def __init__(self, client: GateClient, paths: Paths | None = None) -> None:
        self._client, self._paths = client, paths or Paths(client)

    def balances(self) -> tuple[SpotBalance, ...]:
        """Every currency the account has touched."""
        return self._client.read(
            "/spot/accounts",
            lambda raw: rows(raw, parse.balance, "balances"),
            bucket="/spot/accounts",
        )

    def fees(self, pair: str) -> Fees:
        """The account's own rates."""
        return self._client.read(
            "/spot/fee", parse.fees, {"currency_pair": pair}, bucket="/spot/fee"
        )

    def placing(self, order: OrderRequest, *, expires_ms: int) -> Change[VenueOrder]:
        """The call that places an order; the answer is compared with the request."""
        body = bodies.spot_order(order)
        return Change(
            method="POST",
            path="/spot/orders",
            parse=lambda raw: confirm.placed(parse.order(raw), order),
            bucket=_place_bucket(order.instrument.name),
            body=body,
            expires_ms=expires_ms,
            channel="spot.order_place",
            param=body,
        )

    def create_batch(
        self, orders: Sequence[OrderRequest], *, expires_ms: int
    ) -> tuple[confirm.Outcome, ...]:
        """Place up to ten orders of a pair; for each the order, or the error that refused it."""
        body = [bodies.spot_order(order) for order in orders]
        return self._paths.change(
            Change(
                method="POST",
                path="/spot/batch_orders",
                parse=lambda raw: confirm.batch(raw, orders, parse.order),
                bucket=_place_bucket(orders[0].instrument.name),
                body=body,
                expires_ms=expires_ms,
                channel="spot.order_place",
                param=body,
            )
        )

    def get(self, pair: str, reference: str) -> VenueOrder:
        """One order by id or, while it is open, by text."""
        return self._client.read(
            f"/spot/orders/{segment(reference)}",
            lambda raw: confirm.addressed(parse.order(raw), reference),
            {"currency_pair": pair, "account": bodies.SPOT_ACCOUNT},
            bucket="/spot/orders/",
        )

    def open_orders(self, pair: str | None = None) -> tuple[VenueOrder, ...]:
        """Open orders of one pair, or of all."""
        if pair is not None:
            return self._orders(pair, "open", None, limit=10_000, size=OPEN_PAGE)
        found: dict[str, VenueOrder] = {}
        page = 1
        while True:
            groups = self._open_page(page)
            fresh = {o.order_id: o for group in groups for o in group if o.order_id not in found}
            found |= fresh
            if not fresh or all(len(group) < OPEN_PAGE for group in groups):
                return tuple(found.values())
            page += 1

    def finished_orders(self, pair: str, since_ms: int, limit: int) -> tuple[VenueOrder, ...]:
        """Finished orders created since then, newest first."""
        return self._orders(pair, "finished", since_ms // 1000, limit=limit)

    def amend(
        self,
        pair: str,
        reference: str,
        *,
        price: Decimal | None,
        size: Decimal | None,
        expires_ms: int,
    ) -> VenueOrder:
        """Change price, or the total size including what is filled."""
        body: bodies.Fields = {}
        if price is not None:
            body["price"] = text(price)
        if size is not None:
            body["amount"] = text(size)
        where = {"currency_pair": pair, "account": bodies.SPOT_ACCOUNT}
        return self._paths.change(
            Change(
                method="PATCH",
                path=f"/spot/orders/{segment(reference)}",
                parse=lambda raw: confirm.amended(parse.order(raw), reference, price, size),
                bucket=_place_bucket(pair),
                query=where,
                body=body,
                expires_ms=expires_ms,
                channel="spot.order_amend",
                param={"order_id": reference, **where, **body},
            )
        )

    def cancel(self, pair: str, reference: str) -> VenueOrder:
        """Cancel one open order by id or text."""
        where = {"currency_pair": pair, "account": bodies.SPOT_ACCOUNT}
        return self._paths.change(
            Change(
                method="DELETE",
                path=f"/spot/orders/{segment(reference)}",
                parse=lambda raw: confirm.addressed(parse.order(raw), reference),
                bucket="/spot/cancel",
                query=where,
                urgent=True,
                channel="spot.order_cancel",
                param={"order_id": reference, **where},
            )
        )

    def cancel_all(self, pair: str | None = None) -> tuple[VenueOrder, ...]:
        """Cancel every open order of one pair, or of all; returns those cancelled."""
        return self._client.change(
            "DELETE",
            "/spot/orders",
            lambda raw: confirm.all_cancelled(raw, parse.order),
            bucket="/spot/cancel",
            query={"currency_pair": pair, "account": bodies.SPOT_ACCOUNT},
            urgent=True,
        )

    def cancel_batch(self, pair: str, order_ids: Sequence[str]) -> tuple[ExchangeError | None, ...]:
        """Cancel up to twenty orders; for each None, or why it failed."""
        body = [{"currency_pair": pair, "id": order_id} for order_id in order_ids]
        return self._paths.change(
            Change(
                method="POST",
                path="/spot/cancel_batch_orders",
                parse=lambda raw: confirm.batch_cancelled(raw, len(order_ids)),
                bucket="/spot/cancel",
                body=body,
                urgent=True,
                channel="spot.order_cancel_ids",
                param=body,
            )
        )

    def fills(
        self,
        pair: str | None,
        *,
        since_ms: int | None,
        order_id: str,
        limit: int,
    ) -> tuple[Fill, ...]:
        """Own trades, newest first; without `since_ms` those of the last seven days."""
        query: Query = {
            "currency_pair": pair,
            "order_id": order_id or None,
            "from": self._trades_from(since_ms),
        }
        return collect(
            lambda index, size: self._client.read(
                "/spot/my_trades",
                lambda raw: rows(raw, parse.fill, "trades"),
                {**query, "limit": size, "page": index + 1},
                bucket="/spot/my_trades",
            ),
            limit,
        )

    def create_trigger(self, order: OrderRequest) -> str:
        """Place a price order; returns its id."""
        return self._client.change(
            "POST",
            "/spot/price_orders",
            triggers.parse_id,
            bucket="/spot/price_orders",
            body=triggers.spot_body(order),
        )

    def triggers(self, *, open: bool) -> tuple[VenueTrigger, ...]:
        """All waiting price orders, or the latest finished ones."""
        return triggers.listed(self._client, "/spot", triggers.parse_spot_trigger, open=open)

    def trigger(self, trigger_id: str) -> VenueTrigger:
        """One price order."""
        return self._client.read(
            f"/spot/price_orders/{segment(trigger_id)}",
            triggers.parse_spot_trigger,
            bucket="/spot/price_orders/",
        )

    def cancel_trigger(self, trigger_id: str) -> VenueTrigger:
        """Cancel one price order."""
        return self._client.change(
            "DELETE",
            f"/spot/price_orders/{segment(trigger_id)}",
            triggers.parse_spot_trigger,
            bucket="/spot/price_orders cancel",
            urgent=True,
        )

    def cancel_triggers(self, pair: str | None = None) -> tuple[VenueTrigger, ...]:
        """Cancel every price order of one pair, or of all."""
        return self._client.change(
            "DELETE",
            "/spot/price_orders",
            lambda raw: rows(raw, triggers.parse_spot_trigger, "price orders"),
            bucket="/spot/price_orders cancel",
            query={"market": pair},
            urgent=True,
        )

    def countdown_cancel_all(self, timeout_s: int, pair: str | None = None) -> int:
        """Cancel everything in `timeout_s` seconds unless called again; 0 stops it. UTC ms."""
        return self._client.change(
            "POST",
            "/spot/countdown_cancel_all",
            bodies.countdown_time,
            bucket="/spot/countdown_cancel_all",
            body={"timeout": timeout_s} | ({"currency_pair": pair} if pair else {}),
            urgent=True,
        )

    def _trades_from(self, since_ms: int | None) -> int | None:
        """Gate gives out at most thirty days of trades (Gate spot docs)."""
        if since_ms is None:
            return None
        return max(since_ms, self._client.clock.now_ms() - TRADES_KEPT_MS) // 1000

    def _orders(
        self, pair: str, status: str, since_s: int | None, *, limit: int, size: int = 500
    ) -> tuple[VenueOrder, ...]:
        query: Query = {
            "currency_pair": pair,
            "status": status,
            "account": bodies.SPOT_ACCOUNT,
            "from": since_s,
        }
        return collect(
            lambda index, count: self._client.read(
                "/spot/orders",
                lambda raw: rows(raw, parse.order, "orders"),
                {**query, "page": index + 1, "limit": count},
                bucket="/spot/orders",
            ),
            limit,
            size,
        )

    def _open_page(self, page: int) -> tuple[tuple[VenueOrder, ...], ...]:
        return self._client.read(
            "/spot/open_orders",
            parse.grouped_orders,
            {"page": page, "limit": OPEN_PAGE, "account": bodies.SPOT_ACCOUNT},
            bucket="/spot/open_orders",
        )


def _place_bucket(pair: str) -> str:
    """Placing, batch placing and amending share a budget per pair (gate-notes, rate limits)."""
    return f"/spot/place {pair}"
