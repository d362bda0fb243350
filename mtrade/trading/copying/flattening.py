"""Flattens accounts: the venue's close for all they hold at once, then what that has missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from contextlib import suppress
from functools import partial
from typing import Any

from mtrade.domain.accounts import PositionMode
from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.errors import MTradeError
from mtrade.domain.positions import Position
from mtrade.trading.accounts import AccountManager
from mtrade.trading.copying.braking import Braking
from mtrade.trading.copying.commands import Commands
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.parting import Do

CLOSED_S = 5.0  # how long answers are waited for, before a halt follows
SHOWN_S = 1.0  # how long a close may take to be seen in the positions
LOOK_S = 0.05

Row = tuple[str, Position, PositionMode]


class Flattening:
    """On the caller's thread. `do` runs a step on the engine's, `wait` is how a caller waits."""

    def __init__(
        self,
        core: Core,
        accounts: AccountManager,
        commands: Commands,
        braking: Braking,
        do: Do,
        wait: Callable[[Future[Any], float], Any],
    ) -> None:
        self._core = core
        self._accounts = accounts
        self._commands = commands
        self._braking = braking
        self._do = do
        self._wait = wait

    def run(self, account_ids: Sequence[str], *, whole: bool) -> list[MTradeError]:
        """Close what each account holds; one that cannot be read or closed holds up no other.
        `whole`: come back when all is closed, as far as that takes only a moment.

        What copying owns and the close has missed, because it was on its way or the exchange could
        not be reached, leaves by the ordinary way, which never gives up.
        """
        rows, faults = self._read(account_ids)
        sent = self._do(partial(self._braking.close_all, rows)) if rows else []
        ids = {intent.id for intent in sent}
        self._until(lambda: not any(key in self._core.live() for key in ids), CLOSED_S)
        if ids:
            self._until(lambda: not self._left(account_ids), SHOWN_S)
        left = {leg.link_id for leg in self._left(account_ids)}
        if left:
            self._do(partial(self._commands.close_legs, sorted(left)))
        if whole:
            self._until(lambda: not self._left(account_ids), CLOSED_S)
        return faults

    def _left(self, account_ids: Iterable[str]) -> list[CopyLeg]:
        """The legs that may still have something open."""
        book, found = self._core.book, []
        for account_id in account_ids:
            for link_id in book.of_follower.get(account_id, ()):
                found += [leg for leg in book.legs_of(link_id) if self._stands(leg)]
        return found

    def _stands(self, leg: CopyLeg) -> bool:
        link = self._core.book.links.get(leg.link_id)
        if link is None or leg.pending is not None:
            return link is not None
        return not leg.owned.is_zero() and self._core.world.position(link, leg) != 0

    def _read(self, account_ids: Iterable[str]) -> tuple[list[Row], list[MTradeError]]:
        rows: list[Row] = []
        faults: list[MTradeError] = []
        for account_id in account_ids:
            try:
                rows += self._positions(account_id)
            except MTradeError as fault:
                faults.append(fault)
        return rows, faults

    def _positions(self, account_id: str) -> list[Row]:
        line = self._accounts.line(account_id)
        settles = {link.settle for link in self._core.active()} or {"usdt"}
        found = []
        for settle in sorted(settles):
            rows = line.positions(settle)
            mode = line.futures_account(settle).mode
            found += [(account_id, row, mode) for row in rows if not row.size.is_zero()]
        return found

    def _until(self, over: Callable[[], bool], longest_s: float) -> None:
        for _ in range(round(longest_s / LOOK_S)):
            if over():
                return
            with suppress(Late):
                self._wait(Future(), LOOK_S)
