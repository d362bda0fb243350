"""The product's side of the benchmark of copying, in a process of its own: see `copying.py`.

Reads the lines `peer_copy.py` reads; the followers of `arm NAME COUNT` are NAME-0, NAME-1 ... It is
the server as `bootstrap.build` makes it, without a listener for browsers: accounts with their
sealed keys, streams and warm sockets, the engine with its journal, armed links.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mtrade.bootstrap import build
from mtrade.config.settings import load
from mtrade.domain.accounts import Network, Secret
from mtrade.domain.copying.model import LinkState
from mtrade.process.server import calm_collector
from mtrade.store import accounts as stored
from mtrade.trading import accounts as managed
from mtrade.trading.copying.views import LinkWish
from mtrade.trading.desk import Desk
from tests.web.fakes import Control

PATIENCE_S = 60.0
SETTLE_S = 6.0  # followers that are new: what is read of them, and who else trades there
# A link and an account have a budget of entries a minute, and every other round is one.
ROUND_S = 60.0 / 30 / 2 * 1.1
PARAMS = {"max_entries_per_min": 30}


class Ours:
    """The server, and what a person does to make it copy."""

    def __init__(self, rest: str, folder: Path) -> None:
        environ = {"MTRADE_KEY_FILE": str(folder / "machine.key"), "MTRADE_PAPER_URL": rest}
        home = folder / "home"
        settings = load({"home": str(home)}, environ=environ)
        self._stack = ExitStack()
        control: Any = Control(home=home)
        app: Any = self._stack.enter_context(build(settings, control))
        self._desk: Desk = app.extensions["mtrade"].desk
        self._copying: Any = self._desk.copying
        self._leader = ""
        self._followers: list[str] = []
        self._next_round = 0.0

    def arm(self, name: str, count: int) -> None:
        """So many followers, and all of them ready for the leader's next fill."""
        if not self._leader:
            self._leader = self._opened(f"leader-{name}")
            self._copying.switch_mode("copy", None)
        fresh = [f"{name}-{number}" for number in range(len(self._followers), count)]
        for key in fresh:
            follower = self._opened(key)
            self._followers.append(follower)
            wish = LinkWish(leader_id=self._leader, follower_id=follower, params=PARAMS)
            link = self._copying.create(wish).link.id
            self._copying.set_state(link, LinkState.ON, True)
        if fresh:
            _until(self._ready, "the leader is not seen, or a socket never logged in")
            time.sleep(SETTLE_S)
            calm_collector()  # as a server does that has just started with these accounts
        time.sleep(max(0.0, self._next_round - time.monotonic()))
        self._next_round = time.monotonic() + ROUND_S

    def finish(self) -> None:
        """Every order was answered and booked."""
        _until(lambda: not self._desk.engine.unfinished(), "some orders were never answered")

    def close(self) -> None:
        self._stack.close()

    def _opened(self, key: str) -> str:
        return self._desk.accounts.add(Network.PAPER, key, key, Secret("secret")).id

    def _ready(self) -> bool:
        sockets = {name for name, row in self._desk.accounts.order_sockets() if row.ready}
        return sockets.issuperset(self._followers) and self._copying.link(1).leader_live


def _until(found: Callable[[], bool], fault: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not found():
        if time.monotonic() > deadline:
            raise SystemExit(fault)
        time.sleep(0.02)


def main() -> None:
    # A person keeps at most 50 accounts; what is measured must hold beyond that.
    stored.MAX_ACCOUNTS = managed.MAX_ACCOUNTS = 1_000
    ours = Ours(sys.argv[1], Path(sys.argv[2]))
    for line in sys.stdin:
        match line.split():
            case ["arm", name, count]:
                ours.arm(name, int(count))
            case ["done"]:
                ours.finish()
        print("1", flush=True)
    ours.close()


if __name__ == "__main__":
    main()
