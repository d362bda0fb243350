"""A slow trickle of orders of two accounts over the server's API."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import requests

from tests.servers import Script

PAUSE_S = 2.0
CANCEL_EVERY = 12
ALLOWED = {201, 400, 409, 422, 429, 502, 503, 504}  # the crowd uses up the limit of orders


def order(pick: random.Random, account: str) -> dict[str, Any]:
    """A small order; some rest far from the market, the others are filled at once or refused."""
    side = pick.choice(["buy", "sell"])
    body: dict[str, Any] = {
        "request_id": uuid.uuid4().hex,
        "account": account,
        "market": pick.choice(["spot", "futures", "futures"]),
        "instrument": "BTC_USDT",
        "side": side,
        "type": "market",
        "size": "0.0005",
        "unit": "base",
    }
    if pick.random() < 0.6:
        price = 60_000 if side == "buy" else 68_000
        body |= {"type": "limit", "price": str(price), "tif": pick.choice(["gtc", "ioc"])}
    return body


class Trickle:
    """One order every two seconds; now and then everything that rests is cancelled."""

    def __init__(self, script: Script, accounts: Sequence[str], seed: int) -> None:
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._script = script
        self._accounts = accounts
        self._pick = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(PAUSE_S):
            account = self._accounts[number % len(self._accounts)]
            number += 1
            self._post("/api/trade", order(self._pick, account))
            if number % CANCEL_EVERY == 0:
                market = self._pick.choice(["spot", "futures"])
                self._post("/api/orders/cancel_all", {"account": account, "market": market})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        try:
            answer = self._script.post(path, body)
        except requests.RequestException as fault:
            self.wrong.append(f"{path}: {type(fault).__name__}")
            return
        self.answers[f"{path.rsplit('/', 1)[-1]} {answer.status_code}"] += 1
        if answer.status_code not in ALLOWED | {200}:
            self.wrong.append(f"{path}: {answer.status_code} {answer.text[:300]}")
