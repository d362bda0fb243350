"""Puts the parts of copying together: the guest before the pipeline, its facade after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from mtrade.domain.ports import Clock, FastExchange, Feeds
from mtrade.trading.accounts import AccountManager
from mtrade.trading.copying.brakes import Brakes
from mtrade.trading.copying.copier import Copier
from mtrade.trading.copying.core import Core, Tools
from mtrade.trading.copying.desk import MODE, Copying
from mtrade.trading.copying.fanout import Fanout, Loop
from mtrade.trading.copying.foresight import Foresight
from mtrade.trading.copying.scout import Scout
from mtrade.trading.copying.showing import Showing
from mtrade.trading.courier import Courier
from mtrade.trading.drafts import Drafter
from mtrade.trading.ports import Choices, CopyShelf, FillJournal
from mtrade.trading.right_of_way import RightOfWay
from mtrade.trading.state import LiveState

YIELD_S = 0.02  # for which the engine lets the loop write a fan-out


def guest(
    *,
    shelf: CopyShelf,
    journal: FillJournal,
    clock: Clock,
    accounts: AccountManager,
    feeds: Feeds,
    choices: Choices,
    drafter: Drafter,
    former: frozenset[str],
    lost: bool,
    way: RightOfWay,
) -> Copier:
    """What copies on the engine's thread."""
    tools = Tools(
        shelf=shelf,
        next_id=journal.next_id,
        known_text=journal.by_text,
        clock=clock,
        clock_of=accounts.clock,
        feeds=feeds,
        scout_for=partial(Scout, accounts),
        mode=lambda: str(choices.get(MODE) or "normal"),
        instance=drafter.instance,
        noise=drafter.noise,
        former=former,
        lost=lost,
        way=way,
    )
    return Copier(Core(tools, Brakes()))


def fanout(
    accounts: AccountManager,
    loop: Loop,
    brakes: Brakes,
    courier: Courier,
    post: Callable[[object], None],
) -> Fanout:
    """What writes a whole fan-out in one pass of the loop."""

    def reach(account_id: str) -> tuple[FastExchange, Clock]:
        network = accounts.get(account_id).network
        return cast("FastExchange", accounts.exchange(account_id)), accounts.clock(network)

    return Fanout(reach, courier, loop, post, brakes.halted, YIELD_S)


def facade(
    copier: Copier,
    accounts: AccountManager,
    state: LiveState,
    shelf: CopyShelf,
    choices: Choices,
    loop: Loop,
) -> Copying:
    """What people use."""
    core = copier.core
    copying = Copying(
        copier,
        accounts,
        shelf,
        choices,
        Showing(core, accounts, shelf),
        Foresight(core, accounts, state),
        loop.post,
    )
    accounts.before_removal = copying.leave_account
    accounts.before_disabling = copying.check_unused
    return copying
