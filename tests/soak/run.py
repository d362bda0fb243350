"""A server under faults for a long time: what it holds must not grow, and all must come back.

A real exchange with its test paths open, a real server on it, two accounts, three open pages, a
trickle of orders, and every five seconds another fault. After a warm-up, which ends with a crowd so
that every pool is full, the faults pause, and what the server holds at rest is the measure; at the
end they stop and it is measured again.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from tests.servers import Paper, Script, Server
from tests.soak.gauges import Gauge, Holding, growth
from tests.soak.reader import PageReader
from tests.soak.trickle import Trickle, order
from tests.soak.weather import faults

WARM_UP_S = 180.0
FAULT_EVERY_S = 5.0
SAMPLE_EVERY_S = 10.0
FORGET_EVERY = 9  # faults; by then the longest one is over
CALM_S = 90.0
CROWD = 16
REST = (16, 3.0)  # looks, seconds between; each kept connection is looked after meanwhile
KEYS = ("soak-one", "soak-two")
SHORT = "market:paper:usdt:BTC_USDT,candles:paper:usdt:BTC_USDT:1m"
OTHER = "market:paper:usdt:ETH_USDT,market:paper:spot:BTC_USDT,candles:paper:spot:BTC_USDT:5m"
FINAL = {"DONE", "VOID"}


class Soak:
    """Everything started; `close` ends it."""

    def __init__(self, home: Path, seed: int) -> None:
        self.began = time.monotonic()
        deposits = "USDT=1000000,BTC=50"
        self.paper = Paper(*(f"{key}:{key}-secret:{4242 + n}:{deposits}"
                             for n, key in enumerate(KEYS)))  # fmt: skip
        self.server = Server(home, MTRADE_PAPER_URL=self.paper.rest)
        self.server.start()
        self.server.admin("set-password", "--stdin", given="seven grey geese over the harbour\n")
        token = self.server.admin("token", "add", "soak", "--role", "owner")
        self.script = Script(self.server, token)
        self.accounts = [self._account(key) for key in KEYS]
        one, two = (f"account:{account}" for account in self.accounts)
        places = ((f"{SHORT},{one},server", f"{OTHER},{one}"), (f"{SHORT},{two}", f"{OTHER},{two}"))
        self.readers = [
            PageReader(self.server.port, token, place, stay_s)
            for place, stay_s in ((places[0], 60.0), (places[1], 100.0), (places[0][:1], 1e9))
        ]
        self.trickle = Trickle(self.script, self.accounts, seed)
        assert self.server.process is not None
        self.gauge = Gauge(self.server.process.pid)
        self.exchange_gauge = Gauge(self.paper.process.pid)
        self.weather = faults(seed)
        self.fell: Counter[str] = Counter()

    def say(self, words: str) -> None:
        """One line with the minute it is of."""
        print(f"{(time.monotonic() - self.began) / 60:6.1f} min  {words}", flush=True)

    def run_until(self, at: float) -> list[Holding]:
        """A fault every five seconds; what the server held every ten."""
        samples, steps, due = [], 0, time.monotonic()
        while time.monotonic() < at:
            if steps % FORGET_EVERY == FORGET_EVERY - 1:
                self._fault("DELETE")
            self._fault("POST", next(self.weather))
            if steps % round(SAMPLE_EVERY_S / FAULT_EVERY_S) == 0:
                samples.append(self.gauge.look())
            if steps % 12 == 0:
                self.say(f"{samples[-1]}  | exchange {self.exchange_gauge.look()}")
            steps += 1
            due += FAULT_EVERY_S
            time.sleep(max(0.0, due - time.monotonic()))
        return samples

    def crowd(self) -> None:
        """Make every pool as large as it gets, so that what grows later is a leak: slow answers,
        lost orders, broken sockets, and more calls at once than there are threads for them."""
        for _ in range(2):
            self._fault("POST", {"kind": "delay_answer", "surface": "rest", "seconds": "3",
                                 "count": 300})  # fmt: skip
            self._fault("POST", {"kind": "lose_answer", "match": "*order_place", "count": CROWD})
            self._fault("POST", {"kind": "break"})
            with ThreadPoolExecutor(CROWD) as callers:
                list(callers.map(self._call_in_crowd, range(2 * CROWD)))
            self._fault("DELETE")
            time.sleep(5.0)

    def _call_in_crowd(self, number: int) -> None:
        session = requests.Session()
        session.trust_env = False
        session.headers.update(self.script.session.headers)
        body = order(random.Random(number), self.accounts[number % 2])
        session.post(f"{self.server.base}/api/trade", json=body, timeout=60)
        session.get(f"{self.server.base}/api/snapshot?market=spot&instrument=ETH_USDT", timeout=60)
        session.close()

    def calm(self) -> list[str]:
        """End the faults and wait until all is live; what is not after a minute and a half."""
        self._fault("DELETE")
        deadline = time.monotonic() + CALM_S
        while (found := self.amiss()) and time.monotonic() < deadline:
            time.sleep(1.0)
        return found

    def amiss(self) -> list[str]:
        """Streams that are not live, problems the server tells of, pages that hear nothing."""
        status = self.script.get("/api/server/status")
        found = [
            f"{s['market']} {s['settle']} stream of {s['account']} is {s['status']}: {s['reason']}"
            for s in status["streams"]
            if s["status"] != "live"
        ]
        found += [f"problem {p['code']}: {p['message']}" for p in status["health"]["problems"]]
        silent = [r for r in self.readers if time.monotonic() - r.heard_at > 3.0]
        return found + [f"{len(silent)} pages hear nothing"] * bool(silent)

    def unfinished(self) -> list[str]:
        """Cancel what rests, and wait until every order of the journal is final."""
        deadline = time.monotonic() + CALM_S
        while True:
            for account in self.accounts:
                for market in ("spot", "futures"):
                    body = {"account": account, "market": market}
                    self.script.post("/api/orders/cancel_all", body)
            states = Counter(row["state"] for row in self.journal())
            if states.keys() <= FINAL or time.monotonic() > deadline:
                self.say(f"journal: {dict(states)}")
                return [f"{n} orders are {state}" for state, n in states.items()
                        if state not in FINAL]  # fmt: skip
            time.sleep(2.0)

    def journal(self) -> list[dict[str, Any]]:
        """Every intent of both accounts."""
        rows: list[dict[str, Any]] = []
        for account in self.accounts:
            query = {"account": account, "limit": "1000"}
            while True:
                page = self.script.get("/api/trade", **query)
                rows += page["items"]
                if page["next"] is None:
                    break
                query["before"] = str(page["next"])
        return rows

    def sent_twice(self) -> list[str]:
        """Orders that reached the exchange more than once, by its own list."""
        reached = Counter(row["text"] for row in self.paper.arrivals())
        return [f"{text} was sent {times} times" for text, times in reached.items() if times > 1]

    def close(self) -> int:
        for reader in self.readers:
            reader.close()
        self.trickle.close()
        try:
            return self.server.stop()
        finally:
            self.paper.close()

    def _account(self, key: str) -> str:
        body = {"network": "paper", "name": key, "key": key, "secret": f"{key}-secret"}
        answer = self.script.post("/api/accounts", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def _fault(self, method: str, body: dict[str, Any] | None = None) -> None:
        if body is not None:
            self.fell[body["kind"]] += 1
        url = f"{self.paper.base}/paper/v1/fault"
        requests.request(method, url, json=body, timeout=20).raise_for_status()


def soak(home: Path, minutes: float, seed: int) -> list[str]:
    """Run it; everything that is wrong, empty when nothing is."""
    run = Soak(home, seed)
    try:
        wrong = _course(run, minutes * 60)
        wrong += run.trickle.wrong
    finally:
        code = run.close()
    return wrong + [f"the server ended with {code}"] * bool(code)


def _course(run: Soak, length_s: float) -> list[str]:
    warm_up_s = min(WARM_UP_S, length_s / 4)
    run.run_until(time.monotonic() + warm_up_s)
    run.crowd()
    wrong = run.calm()
    before, names = run.gauge.rest(*REST), run.gauge.names()
    run.say(f"at rest after the warm-up: {before}")
    cpu, since = run.gauge.cpu_s(), time.monotonic()
    samples = run.run_until(time.monotonic() + length_s - warm_up_s)
    used = (run.gauge.cpu_s() - cpu) / (time.monotonic() - since)
    wrong += run.calm()
    run.trickle.close()
    wrong += run.unfinished()
    after = run.gauge.rest(*REST)
    run.say(f"at rest in the end:        {after}")
    run.say(f"most of {len(samples)} samples: threads {max(s.threads for s in samples)}, "
            f"fds {max(s.files for s in samples)}, rss {max(s.mb for s in samples):.1f} MB; "
            f"processor {used:.0%}")  # fmt: skip
    run.say(f"faults {sum(run.fell.values())}: {dict(sorted(run.fell.items()))}")
    run.say(f"orders: {dict(sorted(run.trickle.answers.items()))}")
    run.say(f"pages: opened {[r.opened for r in run.readers]}, "
            f"{sum(r.bytes for r in run.readers) / 2**20:.0f} MB")  # fmt: skip
    grown = growth(before, after)
    if any("files" in line for line in grown):
        run.say(f"then: {names}\nnow: {run.gauge.names()}")
    return wrong + grown + run.amiss() + run.sent_twice()
