"""The facade of copying for whoever shows it to people; implements `views.CopyDesk`.

Changes are steps on the engine's thread, waited for at most six seconds. What is shown is read
from frozen values, on the caller's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from mtrade.domain.copying import codec
from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.codes import Act
from mtrade.domain.copying.model import Control, CopyEvent, Link, LinkState
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.errors import Conflict, InvalidRequest, MTradeError, StoreError
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Side
from mtrade.domain.positions import Leg
from mtrade.trading.accounts import AccountManager
from mtrade.trading.copying.acts import Acts
from mtrade.trading.copying.brakes import ALL
from mtrade.trading.copying.braking import LINK, Braking
from mtrade.trading.copying.commands import Commands
from mtrade.trading.copying.copier import Copier, Task
from mtrade.trading.copying.flattening import Flattening
from mtrade.trading.copying.foresight import Foresight
from mtrade.trading.copying.parting import Parting
from mtrade.trading.copying.showing import Showing
from mtrade.trading.copying.views import LinkPlan, LinkView, LinkWish, SyncRow, TicketRow
from mtrade.trading.ports import Choices, CopyShelf

WAIT_S = 6.0
BARRIER_S = 0.5
MODE = "mode"
WORDS = ("name", "note", "colour")

T = TypeVar("T")


class Copying:
    """Thread-safe."""

    def __init__(
        self,
        copier: Copier,
        accounts: AccountManager,
        shelf: CopyShelf,
        choices: Choices,
        showing: Showing,
        foresight: Foresight,
        barrier: Callable[[Callable[[], object]], bool],
        params_from: Callable[[Mapping[str, object], CopyParams], CopyParams] = codec.changed,
        wait: Callable[[Future[Any], float], Any] = Future.result,
    ) -> None:
        """`barrier` runs something on the loop that writes orders, after what it writes now.
        `wait` is how a caller waits for the engine."""
        self._copier = copier
        self._core = copier.core
        self._accounts = accounts
        self._shelf = shelf
        self._choices = choices
        self._showing = showing
        self._foresight = foresight
        self._barrier = barrier
        self._params_from = params_from
        self._wait = wait
        self._commands = Commands(self._core)
        self._braking = Braking(self._core, copier.breakers)
        self._acts = Acts(self._core)
        self._parting = Parting(self._core, self._commands, self._do, wait)
        self._flattening = Flattening(
            self._core, accounts, self._commands, self._braking, self._do, wait
        )

    def links(self) -> tuple[LinkView, ...]:
        """Every link and how it stands."""
        return self._showing.links()

    def link(self, link_id: int) -> LinkView:
        """One link. Raises NotFound."""
        return self._showing.link(self._commands.known(link_id))

    def create(self, wish: LinkWish) -> LinkView:
        """A new link, in shadow."""
        link = self._wished(wish)
        return self._showing.link(self._do(partial(self._commands.create, link)))

    def change(self, link_id: int, fields: Mapping[str, object], version: int) -> LinkView:
        """Change words or parameters."""
        link = self._commands.known(link_id)
        changes: dict[str, object] = {k: v for k, v in fields.items() if k in WORDS}
        raw = fields.get("params")
        if isinstance(raw, Mapping):
            changes["params"] = self._params_from(raw, link.params)
        changed = self._do(partial(self._commands.change, link_id, version, changes))
        return self._showing.link(changed)

    def set_state(self, link_id: int, state: LinkState, confirm: bool) -> LinkView:
        """Switch a link."""
        act = partial(self._commands.set_state, link_id, state, confirm=confirm)
        return self._showing.link(self._do(act))

    def remove(self, link_id: int, how: OnUnfollow) -> None:
        """Unfollow."""
        self._do(partial(self._commands.remove, link_id, how))

    def preview(self, wanted: int | LinkWish) -> LinkPlan:
        """The orders arming would send now; nothing is stored."""
        if isinstance(wanted, LinkWish):
            return self._foresight.of_wish(self._wished(wanted))
        return self._foresight.of_link(self._commands.known(wanted))

    def sync(self, link_id: int | None) -> tuple[SyncRow, ...]:
        """Every contract of all links, or of one."""
        if link_id is not None:
            self._commands.known(link_id)
        return self._showing.sync(link_id)

    def act(self, link_id: int, instrument: InstrumentId, side: Leg, action: str) -> SyncRow:
        """Fix, adopt, ignore, close, catch up or skip one contract."""
        leg = self._do(partial(self._acts.act, link_id, instrument, side, action))
        return self._showing.row(self._commands.known(link_id), leg)

    def events(
        self, link_id: int | None, act: Act | None, before_id: int | None, limit: int
    ) -> tuple[CopyEvent, ...]:
        """The feed, newest first."""
        return self._shelf.events(link_id, act, before_id, limit)

    def counts(self) -> Mapping[int, Mapping[Act, int]]:
        """How often what happened today, by link."""
        return self._showing.counts()

    def pause(self, scope: str, actor: str) -> None:
        """Exits only."""
        self._do(partial(self._braking.pause, scope, actor))

    def resume(self, scope: str, actor: str) -> None:
        """Copy again what was paused together."""
        self._do(partial(self._braking.resume, scope, actor))

    def halt(self, scope: str, actor: str) -> None:
        """Nothing leaves any more: the gate of the senders closes first, then it is written."""
        self._core.brakes.halt(scope)
        passed = threading.Event()
        if self._barrier(passed.set):
            passed.wait(BARRIER_S)
        self._do(partial(self._braking.halt, scope, actor))

    def release(self, scope: str, actor: str) -> None:
        """Lift a halt."""
        self._do(partial(self._braking.release, scope))

    def flatten(self, scope: str, then: str, actor: str) -> None:
        """Close at market and keep a brake on. A link closes what it owns; an account closes all,
        foreign parts too; `all` are the accounts that follow."""
        if scope.startswith(LINK):
            self.pause(scope, actor)
            self._do(partial(self._commands.close_legs, [int(scope.removeprefix(LINK))]))
            return
        halted = self._core.brakes.halted(scope)
        self.pause(scope, actor)
        if halted:
            self.release(scope, actor)
        stop = then == "halt" or halted
        faults = self._flattening.run(self._flattened(scope), whole=stop)
        if stop:
            self.halt(scope, actor)
        if faults:
            raise faults[0]

    def brakes(self) -> tuple[Control, ...]:
        """The brakes in force."""
        return tuple(self._core.book.controls.values())

    def ticket(
        self, account_id: str, instrument: InstrumentId, side: Side, size: Decimal
    ) -> tuple[TicketRow, ...]:
        """What each follower of an account would do with an order of its."""
        return self._foresight.ticket(account_id, instrument, side, size)

    def switch_mode(self, mode: str, positions: OnUnfollow | None) -> str:
        """Copying may run (`copy`) or not (`normal`)."""
        if mode not in ("normal", "copy"):
            raise InvalidRequest("mode is normal or copy", fields={"mode": "normal or copy"})
        self._do(partial(self._switch, mode, positions))
        return mode

    def leave_account(self, account_id: str, positions: OnUnfollow | None = None) -> None:
        """See `Parting.leave`."""
        self._parting.leave(account_id, positions)

    def check_unused(self, account_id: str) -> None:
        """See `Parting.check_unused`."""
        self._parting.check_unused(account_id)

    def _switch(self, mode: str, positions: OnUnfollow | None) -> None:
        """On the engine's thread and in one go: nothing is bought anew of what was let go."""
        holding = self._commands.holding() if mode == "normal" else []
        if holding and positions is None:
            raise Conflict("copied positions are open", code="copied_positions")
        before = self._core.tools.mode()
        self._choices.set(MODE, mode)  # first: when that fails nothing has happened
        try:
            self._leave([link.id for link in holding], positions)
        except MTradeError:
            self._choices.set(MODE, before)
            raise
        self._core.mode_changed()

    def _leave(self, keys: list[int], positions: OnUnfollow | None) -> None:
        if positions is OnUnfollow.KEEP:
            self._acts.let_go(keys)
        elif positions is OnUnfollow.CLOSE_NOW:
            self._commands.close_legs(keys)

    def _wished(self, wish: LinkWish) -> Link:
        for account_id in (wish.leader_id, wish.follower_id):
            self._accounts.get(account_id)
        return Link(
            id=0,
            leader_id=wish.leader_id,
            follower_id=wish.follower_id,
            settle=wish.settle,
            name=wish.name,
            note=wish.note,
            colour=wish.colour,
            params=self._params_from(wish.params, CopyParams()),
        )

    def _flattened(self, scope: str) -> list[str]:
        if scope != ALL:
            return [self._accounts.get(scope).id]
        return sorted({link.follower_id for link in self._core.active()})

    def _do(self, act: Callable[[], T]) -> T:
        reply: Future[T] = Future()
        self._core.host.post(Task(act, reply))
        try:
            done: T = self._wait(reply, WAIT_S)
        except Late:
            if reply.cancel():
                raise StoreError("the engine was not ready in time; nothing was done") from None
            done = self._wait(reply, WAIT_S)
        return done


def armed(link: Link, now_ms: int) -> Link:
    """The link as arming it now would make it."""
    return replace(link, state=LinkState.ON, armed_ms=now_ms)
