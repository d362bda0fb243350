"""An account goes, or is not to be used any more: what becomes of its links. Thread-safe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from contextlib import suppress
from functools import partial
from typing import Any

from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.errors import Conflict
from mtrade.trading.copying.commands import NOTHING_SENT, Commands
from mtrade.trading.copying.core import Core

GONE_S = 5.0  # how long a removal waits for orders that end its links
LOOK_S = 0.05

Do = Callable[[Callable[[], Any]], Any]


class Parting:
    """`do` runs a step on the engine's thread, `wait` is how a caller waits."""

    def __init__(
        self, core: Core, commands: Commands, do: Do, wait: Callable[[Future[Any], float], Any]
    ) -> None:
        self._core = core
        self._commands = commands
        self._do = do
        self._wait = wait

    def leave(self, account_id: str, positions: OnUnfollow | None) -> None:
        """An account is about to be removed: its links go with it; `positions` is what becomes of
        what they own. Its key is needed until that is done.

        Raises Conflict: copied_positions when that is not said, account_leaving when it takes
        longer than a moment; then the links go by themselves and the removal may be asked again.
        """
        keys = [
            link.id for link in self._core.book.links.values()
            if account_id in (link.follower_id, link.leader_id)
        ]  # fmt: skip
        holding = any(link.id in keys for link in self._commands.holding())
        if holding and positions is None:
            raise Conflict("copied positions are open on this account", code="copied_positions")
        for key in keys:
            how = positions or OnUnfollow.KEEP
            self._do(partial(self._commands.remove, key, how))
        if positions is not OnUnfollow.WIND_DOWN:
            self._wait_for(keys)
        if self._left(keys):
            raise Conflict(
                "its links end first; remove the account then", code="account_leaving"
            )  # fmt: skip

    def check_unused(self, account_id: str) -> None:
        """An account is about to be disabled, and then not even exits could be sent for it. Raises
        Conflict(account_follows)."""
        links = self._core.book.links.values()
        if any(x.follower_id == account_id and x.state not in NOTHING_SENT for x in links):
            raise Conflict(
                "this account follows another one: switch its links off first",
                code="account_follows",
            )

    def _left(self, keys: Iterable[int]) -> bool:
        return any(key in self._core.book.links for key in keys)

    def _wait_for(self, keys: Iterable[int]) -> None:
        for _ in range(round(GONE_S / LOOK_S)):
            if not self._left(keys):
                return
            with suppress(Late):
                self._wait(Future(), LOOK_S)
