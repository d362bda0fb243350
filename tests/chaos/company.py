"""One leader and five followers: made at the exchange, known to mTrade, linked and armed over its
API as a page would, and collected for judgement afterwards.

The settings leave nothing but the leader to decide a size: wide price bands and late entries that
converge, so that what was missed while mTrade was dead is always made up for, wallets so large that
no cap, margin or loss limit is ever near, and shares that never fall below one contract. Everything
else is as a new link has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.chaos.gate_user import GateUser, Row
from tests.chaos.rules import Copy, Rule, of_leg
from tests.servers import Paper, Script

FREE = {
    "entry_slip_bps": "1000",
    "late_band_bps": "2000",
    "late_entries": "converge",
    "max_entries_per_min": 30,
}
NAMES = ("BTC_USDT", "ETH_USDT", "DOGE_USDT")
ISOLATED = ("ETH_USDT", 5)  # the leader's leverage there, to be taken over before an entry
LEADER_USDT = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """A follower: its wallet, its link's rule, and whether its account hedges."""

    usdt: int
    rule: Rule
    hedge: bool = False

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of its link."""
        rule = self.rule
        value = "multiplier" if rule.mode in ("equity", "ratio") else "amount"
        return {**FREE, "size_mode": rule.mode, value: str(rule.value), "inverse": rule.inverse}


PARTS = (
    Part(usdt=370_000, rule=Rule(mode="equity")),
    Part(usdt=900_000, rule=Rule(mode="ratio", value=Decimal("0.35"), inverse=True), hedge=True),
    Part(usdt=900_000, rule=Rule(mode="fixed_notional", value=Decimal(700))),
    Part(usdt=900_000, rule=Rule(mode="fixed_margin", value=Decimal(60))),
    Part(usdt=900_000, rule=Rule(mode="fixed_contracts", value=Decimal(50))),
)


def accounts() -> Iterator[str]:
    """For the command line of the exchange; the leader is the first."""
    for number, usdt in enumerate([LEADER_USDT, *(part.usdt for part in PARTS)]):
        yield f"copy-user-{number}:copy-secret-{number}:{4242 + number}:USDT={usdt}"


class Company:
    """Users at the exchange and, after `link`, what mTrade calls them."""

    def __init__(self, paper: Paper) -> None:
        self.users = [
            GateUser(paper.base, f"copy-user-{n}", f"copy-secret-{n}", 4242 + n)
            for n in range(len(PARTS) + 1)
        ]
        self.leader, self.followers = self.users[0], self.users[1:]
        self.contracts = [self.leader.contract(name) for name in NAMES]
        self.leader.set_leverage(*ISOLATED)
        self.ids: list[str] = []

    def link(self, script: Script) -> None:
        """Accounts, links, preview, arming, copy mode."""
        for user in self.users:
            body = {"network": "paper", "name": user.key, "key": user.key, "secret": user.secret}
            self.ids.append(_made(script, "/api/accounts", body)["id"])
        _made(script, "/api/mode", {"mode": "copy"})
        for part, follower in zip(PARTS, self.ids[1:], strict=True):
            if part.hedge:
                _made(script, "/api/positions/mode", {"account": follower, "mode": "dual"})
            wish = {"leader": self.ids[0], "follower": follower, "params": part.params}
            link = _made(script, "/api/copy/links", wish)["id"]
            seen = script.get(f"/api/copy/links/{link}/preview")
            assert not seen["problems"], seen
            armed = {"state": "on", "confirm": True, "preview_hash": seen["hash"]}
            _made(script, f"/api/copy/links/{link}/state", armed)

    def copies(self) -> list[Copy]:
        """Every leg of every follower as the exchange has it."""
        led = self.leader.trades()
        theirs = self.leader.balances()
        found = []
        for part, user, account in zip(PARTS, self.followers, self.ids[1:], strict=True):
            trades, positions, own = user.trades(), user.positions(), user.balances()
            for contract in self.contracts:
                for side in ("dual_long", "dual_short") if part.hedge else ("single",):
                    row = positions.get((contract.name, side), {})
                    found.append(Copy(
                        account=account, side=side, rule=part.rule, contract=contract,
                        leader=led[contract.name], own=of_leg(trades[contract.name], side),
                        position=Decimal(row.get("size", 0)), leverage=_leverage(row),
                        equity=(Fraction(min(own)) / Fraction(max(theirs)),
                                Fraction(max(own)) / Fraction(min(theirs))),
                    ))  # fmt: skip
        return found

    def held(self) -> list[tuple[str, str, Decimal]]:
        """What everybody holds now."""
        return [
            (f"{user.uid} {name}", side, Decimal(row["size"]))
            for user in self.users
            for (name, side), row in sorted(user.positions().items())
        ]

    def orders(self) -> list[Row]:
        """What the followers' orders came to."""
        return [row for user in self.followers for row in (*user.ended(), *user.open())]


def _leverage(row: Row) -> Decimal:
    """Isolated, or else that of cross margin."""
    isolated = Decimal(row.get("leverage", 0))
    return isolated or Decimal(row.get("cross_leverage_limit", 0))


def _made(script: Script, path: str, body: dict[str, Any]) -> Any:
    answer = script.post(path, body)
    assert answer.ok, f"{path}: {answer.text}"
    return answer.json()
