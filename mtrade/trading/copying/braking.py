"""Pause, resume, halt, release, and the orders of a flatten: the steps on the engine's thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mtrade.domain.accounts import PositionMode
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import (
    NO_CHANGE,
    Control,
    CopyChange,
    CopyEvent,
    Link,
    LinkState,
)
from mtrade.domain.errors import NotFound, StoreError
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import (
    AutoSize,
    Intent,
    IntentKind,
    IntentState,
    OrderRequest,
    OrderType,
    TimeInForce,
)
from mtrade.domain.positions import Position
from mtrade.trading.copying.brakes import ALL, HALT
from mtrade.trading.copying.breakers import Breakers
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.world import network_of
from mtrade.trading.intents import EXPIRES_MS, NOISE, order_text

PAUSE = "pause"
LINK = "link:"


class Braking:
    """Engine thread only. A scope is `all`, an account's id or `link:<id>`."""

    def __init__(self, core: Core, breakers: Breakers) -> None:
        self._core = core
        self._breakers = breakers

    def pause(self, scope: str, actor: str) -> None:
        """Every link that is on copies exits only, and is remembered."""
        now = self._core.tools.clock.now_ms()
        links = tuple(
            _switched(link, LinkState.CLOSE_ONLY, now, paused_on=True)
            for link in self.links(scope)
            if link.state is LinkState.ON
        )
        controls = () if scope.startswith(LINK) else (_control(scope, PAUSE, now, actor),)
        self._write(links, CopyChange(controls=controls))

    def resume(self, scope: str, actor: str) -> None:
        """What was paused together copies again; breakers are closed."""
        now = self._core.tools.clock.now_ms()
        one = scope.startswith(LINK)
        links = tuple(
            _switched(link, LinkState.ON, now, paused_on=False)
            for link in self.links(scope)
            if link.state is LinkState.CLOSE_ONLY and link.leaving is None
            and (link.paused_on or one)
        )  # fmt: skip
        if not one:
            self._breakers.close(None if scope == ALL else scope)
        lifted = () if one or self._state(scope) != PAUSE else (scope,)
        self._write(links, CopyChange(lifted=lifted))

    def halt(self, scope: str, actor: str) -> None:
        """Write a halt down that counts already."""
        now = self._core.tools.clock.now_ms()
        self._write((), CopyChange(controls=(_control(scope, HALT, now, actor),)))

    def release(self, scope: str) -> None:
        """Orders may leave again."""
        if self._state(scope) == HALT:
            self._write((), CopyChange(lifted=(scope,)))
        self._core.brakes.release(scope)
        self._touch(self.links(scope))

    def links(self, scope: str) -> list[Link]:
        """The links of a scope that are not off. Raises NotFound."""
        if scope.startswith(LINK):
            link = self._core.book.links.get(int(scope.removeprefix(LINK)))
            if link is None:
                raise NotFound("there is no such link", code="unknown_link")
            return [link]
        return [
            link for link in self._core.active() if scope in (ALL, link.follower_id, link.leader_id)
        ]

    def close_all(self, rows: Sequence[tuple[str, Position, PositionMode]]) -> list[Intent]:
        """Send the venue's close, which cannot open, for whole positions of accounts."""
        core = self._core
        first = core.tools.next_id()
        intents = [self._close(first + n, *row) for n, row in enumerate(rows)]
        if intents and not core.launch(intents, NO_CHANGE):
            raise StoreError("the journal cannot be written; nothing was sent")
        return intents

    def _close(self, number: int, account_id: str, row: Position, mode: PositionMode) -> Intent:
        core, hedged = self._core, mode is not PositionMode.SINGLE
        now = core.tools.clock.now_ms()
        long = row.size > 0
        auto = AutoSize.CLOSE_LONG if long else AutoSize.CLOSE_SHORT
        order = OrderRequest(
            instrument=row.instrument,
            side=Side.SELL if long else Side.BUY,
            type=OrderType.MARKET,
            size=ZERO,
            text=order_text(
                IntentKind.FLATTEN, row.leg, core.tools.instance, core.tools.noise(NOISE)
            ),
            tif=TimeInForce.IOC,
            reduce_only=hedged,
            close=not hedged,
            auto_size=auto if hedged else None,
        )
        return Intent(
            id=number,
            account_id=account_id,
            kind=IntentKind.FLATTEN,
            request_id="",
            order=order,
            expires_ms=core.now_ms(network_of(account_id)) + EXPIRES_MS,
            state=IntentState.SENDING,
            planned_ms=now,
            sent_ms=now,
        )

    def _state(self, scope: str) -> str:
        control = self._core.book.controls.get(scope)
        return "" if control is None else control.state

    def _write(self, links: Sequence[Link], change: CopyChange) -> None:
        events = tuple(
            CopyEvent(
                time_ms=link.since_ms, link_id=link.id, act=Act.STATE,
                numbers={"state": link.state},
            )
            for link in links
        )  # fmt: skip
        change = replace(change, links=tuple(links), events=events)
        if change and not self._core.launch((), change):
            raise StoreError("the journal cannot be written; nothing was changed")
        self._touch(links)

    def _touch(self, links: Iterable[Link]) -> None:
        for link in links:
            self._core.touch_link(link.id)


def _switched(link: Link, state: LinkState, now: int, *, paused_on: bool) -> Link:
    why = Reason(Code.PAUSED, {"since": str(now)}) if paused_on else None
    return replace(
        link, state=state, since_ms=now, why=why, paused_on=paused_on, version=link.version + 1
    )


def _control(scope: str, state: str, now: int, actor: str) -> Control:
    return Control(scope=scope, state=state, since_ms=now, actor=actor)
