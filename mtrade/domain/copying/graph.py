"""Which links may stand beside each other: nobody follows himself, however far around, and every
contract of a follower has one leader."""

from __future__ import annotations

from collections.abc import Iterable

from mtrade.domain.copying.model import Link
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.errors import Conflict


def check_place(link: Link, others: Iterable[Link]) -> None:
    """Raise Conflict (copy_self, copy_network, copy_cycle, copy_conflict) when `link` cannot stand
    beside the others. Accounts are Gate user ids, so two keys of one account are one."""
    rows = [row for row in others if row.id != link.id]
    if link.leader_id == link.follower_id:
        raise Conflict("leader and follower are one account", code="copy_self")
    if _network(link.leader_id) != _network(link.follower_id):
        raise Conflict("leader and follower are on different networks", code="copy_network")
    ring = circle(link, rows)
    if ring:
        raise Conflict(
            "the leader would follow itself", code="copy_cycle", params={"ring": " → ".join(ring)}
        )
    for row in rows:
        if conflicts(row, link):
            raise Conflict(
                "this follower copies these contracts already", code="copy_conflict",
                params={"link": str(row.id)},
            )  # fmt: skip


def circle(link: Link, others: Iterable[Link]) -> tuple[str, ...]:
    """The accounts from the leader round to the leader again; empty when there is no such way."""
    after: dict[str, list[str]] = {}
    for row in others:
        after.setdefault(row.leader_id, []).append(row.follower_id)
    front, seen = [(link.leader_id, link.follower_id)], {link.follower_id}
    while front:
        way = front.pop(0)
        for account in sorted(after.get(way[-1], ())):
            if account == link.leader_id:
                return (*way, account)
            if account not in seen:
                seen.add(account)
                front.append((*way, account))  # type: ignore[arg-type]
    return ()


def conflicts(one: Link, other: Link) -> bool:
    """Whether two links could trade the same contract of one follower."""
    if one.follower_id != other.follower_id or one.settle != other.settle:
        return False
    return one.leader_id == other.leader_id or _overlap(one.params, other.params)


def _overlap(one: CopyParams, other: CopyParams) -> bool:
    if one.allow and other.allow:
        return bool((set(one.allow) - set(one.deny)) & (set(other.allow) - set(other.deny)))
    limited, free = (one, other) if one.allow else (other, one)
    return not limited.allow or not set(limited.allow) - set(limited.deny) <= set(free.deny)


def _network(account_id: str) -> str:
    return account_id.partition(":")[0]
