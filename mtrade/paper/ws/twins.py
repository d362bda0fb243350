"""Which REST request a trading frame stands for (Gate WebSocket docs, trading API)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from mtrade.domain.instruments import Market
from mtrade.domain.numbers import text
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import word
from mtrade.paper.routing import PREFIX


class Twin(NamedTuple):
    """A REST request. `path` and `query` are percent-encoded, `body` is parsed JSON."""

    method: str
    path: str
    query: str = ""
    body: object = None


class _Wish(NamedTuple):
    """What a frame asks for: the parsed `req_param`, and where."""

    base: str
    param: Any

    def fields(self) -> Mapping[str, Any]:
        if not isinstance(self.param, dict):
            raise GateFault("INVALID_ARGUMENT", "req_param must be an object")
        return self.param

    def one(self, method: str, *, body: bool = False) -> Twin:
        """A request about one order."""
        fields = self.fields()
        path = f"{self.base}/orders/{quote(word(fields, 'order_id'), safe='')}"
        if body:
            return Twin(method, path, "", fields)
        return Twin(method, path, _query(fields, without="order_id"))

    def some(self, method: str) -> Twin:
        """A request about all orders that match."""
        return Twin(method, f"{self.base}/orders", _query(self.fields()))

    def post(self, name: str) -> Twin:
        """A request whose body is the parameter as it was sent."""
        return Twin("POST", f"{self.base}/{name}", "", self.param)


def _place(wish: _Wish) -> Twin:
    return wish.post("batch_orders" if isinstance(wish.param, list) else "orders")


_COMMON: Mapping[str, Callable[[_Wish], Twin]] = {
    "order_place": _place,
    "order_cancel": lambda wish: wish.one("DELETE"),
    "order_cancel_cp": lambda wish: wish.some("DELETE"),
    "order_status": lambda wish: wish.one("GET"),
    "order_list": lambda wish: wish.some("GET"),
}
_TWINS: Mapping[Market, Mapping[str, Callable[[_Wish], Twin]]] = {
    Market.SPOT: {
        **_COMMON,
        "order_amend": lambda wish: wish.one("PATCH", body=True),
        "order_cancel_ids": lambda wish: wish.post("cancel_batch_orders"),
    },
    Market.FUTURES: {
        **_COMMON,
        "order_amend": lambda wish: wish.one("PUT", body=True),
        "order_batch_place": lambda wish: wish.post("batch_orders"),
        "order_cancel_ids": lambda wish: wish.post("batch_cancel_orders"),
    },
}


def twin_of(subject: str, market: Market, settle: str, param: Any) -> Twin:
    """The REST request of a channel without its market, e.g. `order_place`.

    Raises GateFault when there is no such channel or the parameter does not fit.
    """
    build = _TWINS[market].get(subject)
    if build is None:
        raise GateFault("INVALID_ARGUMENT", f"unknown channel {market}.{subject}"[:200])
    base = f"{PREFIX}/spot" if market is Market.SPOT else f"{PREFIX}/futures/{settle}"
    return build(_Wish(base, param))


def _query(fields: Mapping[str, Any], without: str = "") -> str:
    """Scalars as a query string; clients leak all sorts of other members."""
    return urlencode(
        {
            name: _plain(value)
            for name, value in fields.items()
            if name != without and _scalar(value)
        }
    )


def _scalar(value: object) -> bool:
    return value is not None and not isinstance(value, dict | list)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        value if isinstance(value, str) else str(value) if isinstance(value, int) else text(value)
    )
