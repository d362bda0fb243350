"""A stand that decides by the real rules, for the checklist: plain ratios, no cap in the way."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal as D
from pathlib import Path
from typing import Any

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying import step as domain
from mtrade.domain.copying.choices import SizeMode
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import CopyEvent, CopyLeg
from mtrade.domain.copying.params import CopyParams, Share
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.orders import TimeInForce
from mtrade.domain.positions import Leg
from mtrade.paper.futures.entities import Order
from mtrade.paper.futures.ticket import Ticket
from mtrade.trading.copying.acts import Acts
from mtrade.trading.copying.showing import Showing
from mtrade.trading.copying.views import LinkView, SyncRow
from tests.trading.copying.stand import DOGE, FIRST, LEADER, Stand, name


def sized(**changes: Any) -> CopyParams:
    """Contract for contract, and no cap in the way."""
    plain: dict[str, Any] = {
        "size_mode": SizeMode.RATIO, "max_order": Share(D(10**7), False), "max_total": D(100),
    }  # fmt: skip
    return CopyParams(**{**plain, **changes})


class Follow(Stand):
    """Followers that copy, seen by what a person would look at."""

    def __init__(self, folder: Path, followers: int = 1, **tools: Any) -> None:
        super().__init__(folder, followers, step=domain.step, booked=domain.booked, **tools)
        self.bodies: list[dict[str, Any]] = []  # create requests as they arrived
        real = self.bourse.create

        def create(uid: int, body: dict[str, Any], expires_ms: int | None, path: str) -> Order:
            self.bodies.append({**body, "uid": uid, "path": path})
            return real(uid, body, expires_ms, path)

        self.bourse.create = create  # type: ignore[method-assign]

    def follow(self, uid: int = FIRST, **params: Any) -> int:
        """A link that is on; long enough ago for everything to be known. Its id."""
        link = self.link(uid, params=sized(**params))
        self.run(8)
        return link.id

    def executed(self, uid: int = FIRST) -> list[D]:
        """The signed fills of a follower's copy orders, order by order, oldest first."""
        orders = [o for o in self.bourse.orders if o.uid == uid and o.text.startswith("t-mt1")]
        return [o.filled * o.side.sign for o in orders if o.filled]

    def both(self, uid: int = FIRST, contract: InstrumentId = DOGE) -> tuple[D, D]:
        """What a hedge account holds long and short."""
        return self.held(uid, contract, Leg.LONG), self.held(uid, contract, Leg.SHORT)

    def close_leg(self, size: str, uid: int = LEADER) -> None:
        """Reduce a leg of a hedge account; a sale reduces the long one."""
        self.bourse.market(uid, DOGE, D(size), reduce=True)

    def leverage(self, uid: int = FIRST, contract: InstrumentId = DOGE) -> D | None:
        """As the exchange has it."""
        return self.lines[name(uid)].contract(contract)[0].leverage

    def margin_mode(self, uid: int = FIRST, contract: InstrumentId = DOGE) -> MarginMode | None:
        return self.lines[name(uid)].contract(contract)[0].margin_mode

    def leg(self, uid: int = FIRST, contract: InstrumentId = DOGE, side: Leg = Leg.NET) -> CopyLeg:
        found = [
            leg for leg in self.core.book.legs.values()
            if (leg.follower_id, leg.instrument, leg.side) == (name(uid), contract, side)
        ]  # fmt: skip
        return found[0]

    def why(self, uid: int = FIRST, contract: InstrumentId = DOGE) -> Reason | None:
        """Why a contract stands as it does, as the sync panel shows it."""
        return self.row(uid, contract).reason

    def row(self, uid: int = FIRST, contract: InstrumentId = DOGE) -> SyncRow:
        leg = self.leg(uid, contract)
        return self.showing().row(self.core.book.links[leg.link_id], leg)

    def view(self, link_id: int) -> LinkView:
        return self.showing().link(self.core.book.links[link_id])

    def showing(self) -> Showing:
        self.accounts.order_sockets = tuple
        return Showing(self.core, self.accounts, self.store)

    def feed(self, *acts: Act) -> list[CopyEvent]:
        """The stored rows of these kinds, oldest first."""
        rows = reversed(self.store.events(None, None, None, 1000))
        return [row for row in rows if row.act in acts]

    def told(self, code: Code) -> list[CopyEvent]:
        """The stored rows with a code, oldest first."""
        return [row for row in reversed(self.store.events(None, None, None, 1000))
                if row.code is code]  # fmt: skip

    def alarms(self) -> list[str]:
        """The codes that are shouted now."""
        return [str(problem.params["code"]) for problem in self.core.alerts.problems()]

    def press(self, action: str, uid: int = FIRST, contract: InstrumentId = DOGE) -> None:
        """A button of the sync panel."""
        leg = self.leg(uid, contract)
        acts = Acts(self.core)
        self.ask(lambda: acts.act(leg.link_id, contract, leg.side, action))

    def rest(self, uid: int, size: str, price: D, contract: InstrumentId = DOGE) -> Order:
        """A limit order of somebody outside mTrade that waits in the book."""
        return self._ticket(uid, Ticket(contract.name, D(size), price, text="t-by-hand"))

    def forced(self, uid: int, size: str, text: str, contract: InstrumentId = DOGE) -> None:
        """The exchange reduces a position; `text` is what it writes on such executions."""
        ticket = Ticket(
            contract.name, D(size), tif=TimeInForce.IOC, text=text, reduce_only=True
        )  # fmt: skip
        self._ticket(uid, ticket)

    def empty_book(self, contract: InstrumentId = DOGE) -> None:
        """Nobody quotes any more."""
        self.bourse.depth = D(0)
        for number in self.bourse._quotes[contract]:
            self.bourse.world.futures.house_cancel(contract, number, now_ms=self.clock.now_ms())
        self.bourse._quotes[contract] = []

    def fill_book(self, contract: InstrumentId = DOGE) -> None:
        """Quotes as ever."""
        self.bourse.depth = D(1)
        self.bourse.requote(contract)

    def _ticket(self, uid: int, ticket: Ticket) -> Order:
        order = self.bourse.world.futures.place(uid, "usdt", ticket, self.clock.now_ms())
        self.bourse.flush()
        return order


def numbers(events: Sequence[CopyEvent]) -> list[dict[str, str]]:
    return [dict(event.numbers) for event in events]


__all__ = ["DOGE", "FIRST", "LEADER", "Follow", "numbers", "sized"]
