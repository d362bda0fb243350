"""A leader who trades at random, straight at the exchange, by a client that is not mTrade."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from decimal import Decimal
from math import inf

from tests.chaos.gate_user import Contract, GateUser

UNITS = {"BTC_USDT": Decimal(20), "ETH_USDT": Decimal(2), "DOGE_USDT": Decimal(20)}
MOST_UNITS = 60
MOST_ENTRIES, ENTRIES_S = 20, 60.0  # a follower may make thirty a minute, second tries included


class Leader:
    """Opens, adds, reduces (also in quick parts), closes and turns around until `close`, every
    `pace_s` on average; what followers are not allowed to copy so quickly is left out.

    What is held is never less than a unit, so that no follower's share rounds to nothing while the
    leader is in.
    """

    def __init__(self, user: GateUser, contracts: list[Contract], seed: int, pace_s: float) -> None:
        self.acts: Counter[str] = Counter()
        self.acted = threading.Event()  # set after each act, for who waits for the next one
        self._user = user
        self._contracts = contracts
        self._pick = random.Random(seed)
        self._pace_s = pace_s
        self._stop = threading.Event()
        self._fault: BaseException | None = None
        self._entries: deque[float] = deque([-inf] * MOST_ENTRIES, MOST_ENTRIES)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to trade."""
        self._thread.start()

    def close(self) -> None:
        """Stop trading; what is held stays. Raises what made the leader fail."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(60)
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._pick.expovariate(1 / self._pace_s)):
                self._act()
                self.acted.set()
        except BaseException as fault:
            self._fault = fault
            raise

    def _act(self) -> None:
        contract = self._pick.choice(self._contracts)
        row = self._user.positions().get((contract.name, "single"))
        held = Decimal(0) if row is None else Decimal(row["size"])
        unit, roll = UNITS[contract.name], self._pick.random()
        if not held:
            self._trade("open", contract, self._size(unit) * self._pick.choice([1, -1]))
        elif roll < 0.35 and abs(held) < MOST_UNITS * unit:
            self._trade("add", contract, self._size(unit) * _sign(held))
        elif roll < 0.65 and abs(held) > unit:
            self._reduce(contract, held, unit)
        elif roll < 0.8:
            self._trade("close", contract, -held, reduce_only=True)
        else:
            self._trade("flip", contract, -held - self._size(unit) * _sign(held))

    def _size(self, unit: Decimal) -> Decimal:
        return unit * self._pick.randint(1, 20)

    def _reduce(self, contract: Contract, held: Decimal, unit: Decimal) -> None:
        """In one to three quick parts."""
        steps = int((abs(held) - unit) / contract.step)
        parts = min(self._pick.choice([1, 1, 2, 3]), steps)
        for _ in range(parts):
            size = contract.step * self._pick.randint(1, steps // parts)
            self._trade("reduce", contract, -size * _sign(held), reduce_only=True)

    def _trade(
        self, act: str, contract: Contract, size: Decimal, *, reduce_only: bool = False
    ) -> None:
        if not reduce_only:
            if time.monotonic() < self._entries[0] + ENTRIES_S:
                return
            self._entries.append(time.monotonic())
        self._user.order(contract.name, size, reduce_only=reduce_only)
        self.acts[act] += 1


def _sign(size: Decimal) -> int:
    return 1 if size > 0 else -1
