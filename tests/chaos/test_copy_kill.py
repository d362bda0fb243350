"""SIGKILL at random moments while a leader trades and five followers copy.

The exchange runs alone; the leader trades straight at it and never stops for mTrade. Afterwards the
exchange's records are held against the journal's file: every leg stands where its link's rules put
it, nothing was sent twice or without being written down first, nothing is unknown. Nobody helps
mTrade after a start: copying has to go on by itself.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests import checker
from tests.chaos.company import Company, accounts
from tests.chaos.leader import Leader
from tests.chaos.rules import differences
from tests.servers import Paper, Script, Server
from tests.sim.copying.judge import OWN, breaches

# Quiet for longer than mTrade may take to see that a leader is out whose close no stream told: for
# five seconds after the opening a missing row means nothing, then two reads have to say the same, a
# second apart.
CALM_S, QUIET_S = 60.0, 8.0
RECOVERED_S = 60.0  # even on a slow machine; a leg that stopped never comes back
START_S, ALIVE_S = 2.5, 2.0  # about what a start takes; alive for so long on a slow machine
FORGOTTEN = {"filled": Decimal(0), "open": False}  # of what ended without a fill


@pytest.fixture
def paper() -> Iterator[Paper]:
    exchange = Paper(*accounts())
    yield exchange
    exchange.close()


def prepare(server: Server, company: Company) -> Script:
    """First start: password, an owner's token, accounts, links."""
    server.start()
    server.admin("set-password", "--stdin", given="correct horse battery\n")
    script = Script(server, server.admin("token", "add", "chaos", "--role", "owner"))
    company.link(script)
    deadline = time.monotonic() + CALM_S
    while late := behind(script):  # a follower is compared with the exchange before its first entry
        assert time.monotonic() < deadline, late
        threading.Event().wait(0.2)
    return script


def storm(
    server: Server, leader: Leader, pick: random.Random, *, kills: int, seconds: float
) -> list[int]:
    """Kill and start again while the leader trades; the times of death in exchange time."""
    ends, died = time.monotonic() + seconds, []
    for number in range(kills):
        share = (ends - time.monotonic()) / (kills - number)
        threading.Event().wait(pick.uniform(0.0, 2 * max(share - START_S, ALIVE_S)))
        if pick.random() < 0.5:  # with orders on their way
            leader.acted.clear()
            leader.acted.wait(5.0)
            threading.Event().wait(pick.uniform(0.0, 0.05))
        server.kill()
        died.append(time.time_ns() // 1_000_000)
        server.start()
    threading.Event().wait(max(0.0, ends - time.monotonic()))
    return died


def wait_until_calm(script: Script, company: Company) -> None:
    """Until every contract says it is in sync and nobody's position has moved for a while."""
    deadline, since, held = time.monotonic() + CALM_S, time.monotonic(), company.held()
    while time.monotonic() < deadline:
        threading.Event().wait(0.5)
        now, late = company.held(), behind(script)
        if late or now != held:
            since, held = time.monotonic(), now
        elif time.monotonic() - since >= QUIET_S:
            return
    raise AssertionError(f"not in sync after {CALM_S:.0f} s: {late}")


def behind(script: Script) -> list[Any]:
    """What is not as it should be, as mTrade tells it itself."""
    told = script.get("/api/copy")
    assert told["mode"] == "copy"
    wrong = [row for row in told["sync"] if not row["in_sync"]]
    wrong += [row for row in told["links"] if row["state"] != "on" or row["warnings"]]
    return [*wrong, *script.get("/api/server/status")["health"]["problems"]]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was wrong, and how it went."""

    wrong: Sequence[str]
    summary: str
    slowest_s: float
    journal: Sequence[Mapping[str, Any]]


def judge(server: Server, paper: Paper, company: Company, died: Sequence[int]) -> Verdict:
    """All of it from outside: the exchange's records against the journal's file."""
    file, copies, orders = server.home / "data" / "mtrade.db", company.copies(), company.orders()
    uids = {user.uid for user in company.followers}
    arrivals = [row for row in paper.arrivals() if row["uid"] in uids]
    others = [row for row in paper.arrivals() if row["uid"] not in uids]
    known = {row["text"]: row for row in orders}
    came_to = [_came_to(row, known.get(row["text"])) for row in arrivals if row["accepted"]]
    reducing = {row["text"] for row in orders if row["is_reduce_only"]}
    wrong = [f"{row['text']} was sent for the leader" for row in others if _own(row)]
    wrong += checker.problems(file, arrivals, came_to)
    wrong += breaches(file, [copy.lane() for copy in copies], reducing)
    wrong += differences(file, copies, died)
    journal = [dict(row) for row in checker.journal_rows(file)]
    took = recoveries(died, [row["time_ms"] for row in arrivals if _own(row)])
    fills = sum(len(copy.own) for copy in copies)
    summary = (
        f"{len(died)} kills, {len(arrivals)} orders, {fills} fills,"
        f" {recovered(journal)} outcomes proven by look-up,"
        f" kill to next copy {median(took):.1f} s, at most {max(took):.1f} s ({len(took)} seen)"
    )
    return Verdict(wrong=wrong, summary=summary, slowest_s=max(took), journal=journal)


def _own(row: Mapping[str, Any]) -> bool:
    return str(row["text"]).startswith(OWN)


def _came_to(arrival: Mapping[str, Any], order: Mapping[str, Any] | None) -> dict[str, Any]:
    found = {"text": arrival["text"], "order_id": arrival["order_id"]}
    if order is None:
        return found | FORGOTTEN
    filled = Decimal(order["size"]) - Decimal(order["left"])
    return found | {"filled": filled, "open": order["status"] == "open"}


def recovered(journal: Sequence[Mapping[str, Any]]) -> int:
    """Orders whose outcome no answer of the exchange told."""
    return sum("answer of the exchange" not in row["evidence"] for row in journal)


def recoveries(died: Sequence[int], copied: Sequence[int]) -> list[float]:
    """Seconds from a death to the next copy, unless death came again before it."""
    found = []
    for at, following in zip(died, [*died[1:], 2**63], strict=True):
        later = [time for time in copied if at < time < following]
        if later:
            found.append((min(later) - at) / 1000)
    return found


def run(paper: Paper, home: Path, *, kills: int, seconds: float, seed: int, pace_s: float) -> None:
    server = Server(home, MTRADE_PAPER_URL=paper.base)
    company = Company(paper)
    leader = Leader(company.leader, company.contracts, seed, pace_s)
    began = time.monotonic()
    try:
        script = prepare(server, company)
        leader.start()
        died = storm(server, leader, random.Random(seed), kills=kills, seconds=seconds)
        leader.close()
        wait_until_calm(script, company)
        verdict = judge(server, paper, company, died)
        acts = ", ".join(f"{count} {act}" for act, count in sorted(leader.acts.items()))
        print(f"seed {seed}: {verdict.summary}; leader: {acts};"
              f" {time.monotonic() - began:.0f} s in all")  # fmt: skip
        assert verdict.wrong == []
        assert {"open", "add", "reduce", "close", "flip"} <= set(leader.acts), acts
        assert Counter(row["state"] for row in verdict.journal)["DONE"] > 2 * kills
        assert verdict.slowest_s < RECOVERED_S
        assert server.stop() == 0
    finally:
        leader.close()
        if server.process is not None and server.process.poll() is None:
            server.kill()


@pytest.mark.full
@pytest.mark.process
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_twenty_times_while_copying(paper: Paper, tmp_path: Path, seed: int) -> None:
    run(paper, tmp_path / "home", kills=20, seconds=120.0, seed=seed, pace_s=1.0)


@pytest.mark.process
@pytest.mark.timeout(300)
def test_killed_three_times_while_copying(paper: Paper, tmp_path: Path) -> None:
    run(paper, tmp_path / "home", kills=3, seconds=10.0, seed=22, pace_s=0.4)
