"""Private futures account of one settle currency: wallet, positions, margin, history."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from mtrade.domain.accounts import Fees, FuturesAccount, LedgerEntry, MarginMode, PositionMode
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg, Liquidation, Position, PositionClose
from mtrade.gate import confirm
from mtrade.gate import parse_futures as parse
from mtrade.gate.client import GateClient, Query, segment
from mtrade.gate.fields import rows
from mtrade.gate.paging import collect

T = TypeVar("T")
MOST_POSITIONS = 10_000


class FuturesAccountApi:
    """Everything below `/futures/{settle}` that is not an order.

    Calls about one contract exist twice at Gate, for one-way and for hedge mode; `dual` chooses.
    """

    def __init__(self, client: GateClient, settle: str) -> None:
        self._client = client
        self._settle = settle
        self._root = f"/futures/{segment(settle)}"

    def account(self) -> FuturesAccount:
        """The wallet and the position mode."""
        return self._read("accounts", self._account)

    def fees(self, contract: str) -> Fees:
        """The account's own rates of a contract."""
        return self._read("fee", lambda raw: parse.fees(raw, contract), {"contract": contract})

    def positions(self) -> tuple[Position, ...]:
        """Every position that is not flat; in hedge mode each leg is a row."""
        return self._paged(
            "positions", {"holding": True}, lambda raw: parse.position(raw, self._settle)
        )

    def position(self, contract: str, *, dual: bool) -> tuple[Position, ...]:
        """The position of one contract, also when flat; both legs in hedge mode."""
        name = f"{_prefix(dual)}positions/{segment(contract)}"
        return self._client.read(
            f"{self._root}/{name}",
            lambda raw: self._positions(raw, contract),
            bucket=f"/futures/{_prefix(dual)}positions/",
        )

    def set_leverage(
        self, contract: str, leverage: Decimal, mode: MarginMode, *, dual: bool
    ) -> tuple[Position, ...]:
        """Isolated margin at `leverage`, or cross margin with it as the limit."""
        isolated = mode is MarginMode.ISOLATED
        query: Query = (
            {"leverage": leverage}
            if isolated
            else {"leverage": ZERO, "cross_leverage_limit": leverage}
        )
        return self._position_call(contract, "leverage", query, dual=dual)

    def set_margin_mode(
        self, contract: str, mode: MarginMode, *, dual: bool
    ) -> tuple[Position, ...]:
        """Switch between isolated and cross margin and keep the leverage."""
        return self._client.change(
            "POST",
            f"{self._root}/{_prefix(dual)}positions/cross_mode",
            lambda raw: self._positions(raw, contract),
            bucket="/futures/positions/cross_mode",
            body={"contract": contract, "mode": mode.value.upper()},
        )

    def change_margin(self, contract: str, change: Decimal, leg: Leg) -> tuple[Position, ...]:
        """Add margin to an isolated position or leg, or take some out with a negative change."""
        dual = leg is not Leg.NET
        query: Query = {"change": change, "dual_side": leg.value if dual else None}
        return self._position_call(contract, "margin", query, dual=dual)

    def set_risk_limit(self, contract: str, limit: Decimal, *, dual: bool) -> tuple[Position, ...]:
        """Choose a risk tier by its limit; without effect under dynamic tiers."""
        return self._position_call(contract, "risk_limit", {"risk_limit": limit}, dual=dual)

    def set_position_mode(self, mode: PositionMode) -> FuturesAccount:
        """Switch the whole account; it must have no position and no order."""
        if mode is PositionMode.SPLIT:
            name, query = "set_position_mode", {"position_mode": mode.value}
        else:
            dual = "true" if mode is PositionMode.DUAL else "false"
            name, query = "dual_mode", {"dual_mode": dual}
        return self._client.change(
            "POST",
            f"{self._root}/{name}",
            self._account,
            bucket="/futures/dual_mode",
            query=query,
        )

    def position_closes(self, limit: int, contract: str | None = None) -> tuple[PositionClose, ...]:
        """Finished positions, newest first."""
        return self._paged(
            "position_close",
            {"contract": contract},
            lambda raw: parse.position_close(raw, self._settle),
            limit,
        )

    def liquidations(self, limit: int, contract: str | None = None) -> tuple[Liquidation, ...]:
        """Forced closes, newest first."""
        return self._paged(
            "liquidates",
            {"contract": contract},
            lambda raw: parse.liquidation(raw, self._settle),
            limit,
        )

    def account_book(
        self, *, kind: str, limit: int, contract: str | None = None
    ) -> tuple[LedgerEntry, ...]:
        """Lines of the account book, newest first; `kind` is Gate's type, e.g. `fund`."""
        return self._paged(
            "account_book",
            {"type": kind or None, "contract": contract},
            lambda raw: parse.ledger_entry(raw, self._settle),
            limit,
        )

    def _position_call(
        self, contract: str, action: str, query: Query, *, dual: bool
    ) -> tuple[Position, ...]:
        """These calls take their values in the query and have no body (gate-notes, traps)."""
        return self._client.change(
            "POST",
            f"{self._root}/{_prefix(dual)}positions/{segment(contract)}/{action}",
            lambda raw: self._positions(raw, contract),
            bucket=f"/futures/positions/{action}",
            query=query,
        )

    def _account(self, raw: Any) -> FuturesAccount:
        return parse.account(raw, self._settle)

    def _positions(self, raw: Any, contract: str) -> tuple[Position, ...]:
        return confirm.of_contract(parse.positions(raw, self._settle), contract)

    def _read(self, name: str, parser: Callable[[Any], T], query: Query | None = None) -> T:
        return self._client.read(f"{self._root}/{name}", parser, query, bucket=f"/futures/{name}")

    def _paged(
        self, name: str, query: Query, parser: Callable[[Any], T], limit: int = MOST_POSITIONS
    ) -> tuple[T, ...]:
        return collect(
            lambda index, size: self._read(
                name,
                lambda raw: rows(raw, parser, name),
                {**query, "limit": size, "offset": index * size},
            ),
            limit,
        )


def _prefix(dual: bool) -> str:
    return "dual_comp/" if dual else ""
