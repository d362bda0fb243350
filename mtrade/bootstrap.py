"""What exists, and who gets what: the one function that builds the server's parts.

Each part is made here, handed over as an argument and entered into one ExitStack, so that closing
is the mirror of opening. Nothing happens at import.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar
from wsgiref.types import WSGIApplication

from mtrade import __version__
from mtrade.clock import SystemClock
from mtrade.config import Settings
from mtrade.domain.accounts import Network
from mtrade.domain.events import Event
from mtrade.domain.numbers import use_decimal_context
from mtrade.domain.orders import Intent
from mtrade.domain.ports import Clock
from mtrade.embedded import open_paper
from mtrade.gate.feed import GateFeeds
from mtrade.gate.lines import Lines
from mtrade.keeper import Keeper
from mtrade.logs.redaction import redactor
from mtrade.loop import LoopThread
from mtrade.process.control import ServerControl
from mtrade.process.identity import own_identity
from mtrade.store.access import Access
from mtrade.store.accounts import AccountStore
from mtrade.store.atomic import private_folder, sweep
from mtrade.store.audit import AuditLog
from mtrade.store.backup import open_or_restore
from mtrade.store.copying import CopyStore
from mtrade.store.instance import former_instances, instance_id, machine_id
from mtrade.store.journal import SqliteJournal
from mtrade.store.settings import SettingStore
from mtrade.store.vault import Vault
from mtrade.trading.accounts import AccountManager
from mtrade.trading.copying import assembly
from mtrade.trading.courier import Courier
from mtrade.trading.desk import Desk
from mtrade.trading.drafts import Drafter
from mtrade.trading.engine import TradingEngine
from mtrade.trading.live.board import Board, private_stream
from mtrade.trading.live.hub import Hub
from mtrade.trading.live.reader import Reader
from mtrade.trading.live.reads import LiveReads
from mtrade.trading.pipeline import Pipeline
from mtrade.trading.planner import Planner
from mtrade.trading.preview import Previewer
from mtrade.trading.right_of_way import RightOfWay
from mtrade.trading.state import LiveState
from mtrade.trading.times import clock_problems
from mtrade.trading.views import Problem
from mtrade.web.app import create_app

FIRST_ACCOUNT = "first_account_made"

T = TypeVar("T")


@contextmanager
def build(settings: Settings, control: ServerControl) -> Iterator[WSGIApplication]:
    """Open everything below the web, then the web; leaving closes it in reverse."""
    use_decimal_context()
    clock = SystemClock()
    data = settings.home / "data"
    for folder in (settings.home, data, settings.home / "run"):
        private_folder(folder)
        sweep(folder, clock.now_ms())
    with ExitStack() as stack:
        copy = data / "logs" / "audit.jsonl"
        files = _Files(settings.home, clock)
        audit = files.opened(data / "audit.db", lambda path: AuditLog(path, copy, redactor.clean))
        stack.callback(audit.close)
        code = settings.home / "run" / "setup_code.txt"
        access = files.opened(data / "access.db", lambda path: Access(path, code))
        stack.callback(access.close)
        if not access.has_password():
            access.issue_setup_code(clock.now_ms())
        choices = files.opened(data / "desk.db", SettingStore)
        stack.callback(choices.close)
        journal = _journal(stack, files, data, clock)
        vault = Vault.open(settings.home, settings.key_file, now_ms=clock.now_ms())
        book = AccountStore(settings.home / "accounts.json", vault, clock.now_ms())
        files.note_accounts(book)
        keeper = Keeper(settings.home, clock)
        stack.callback(keeper.close)
        streams = LoopThread()
        streams.start()
        stack.callback(streams.close)
        paper = None
        if not settings.paper_url:
            paper = open_paper(stack, streams, settings, data, choices, clock)
        url = settings.paper_url or (paper.url if paper else "")
        way = RightOfWay()
        lines = Lines(lambda: url, streams, way.give_way)
        stack.callback(lines.close)
        accounts = AccountManager(
            book,
            lines,
            choices,
            clock,
            paper,
            first=settings.config.network,
            live_allowed=settings.live,
        )
        notices = partial(files.notices, keeper)
        feeds = partial(lines.feeds, credentials_of=book.credentials)
        lost = journal.may_have_lost() or files.restored
        desk = _desk(
            stack, settings, accounts, feeds, journal, choices, clock, notices, streams, lost, way
        )
        lines.start()
        keeper.start()
        if paper is not None:
            _first_account(accounts, choices)
        accounts.warm()
        yield create_app(
            desk=desk,
            access=access,
            audit=audit,
            settings=choices,
            control=control,
            clock=clock,
            root=settings.project,
            allowed_hosts=settings.allowed_hosts,
            database_bytes=lambda: sum(f.stat().st_size for f in data.glob("*.db*")),
            threads=settings.config.server.threads,
        )


class _Files:
    """Opens databases, from a backup where one is damaged, and remembers what to tell the owner."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self._home = home
        self._now_ms = clock.now_ms()
        self._notices: list[Problem] = []
        self.restored = False

    def opened(self, path: Path, opener: Callable[[Path], T]) -> T:
        """What `opener` opens at `path`. Raises StoreError naming the file."""
        found, backup = open_or_restore(path, self._home, self._now_ms, lambda: opener(path))
        if backup is not None:
            self.restored = True
            self._note("restored", file=path.name, backup=backup.name)
        return found

    def note_accounts(self, book: AccountStore) -> None:
        """Say when the last good copy was used, and which keys had lain in clear."""
        if book.recovered:
            self._note("accounts_recovered", file="accounts.json")
        for name in book.sealed_plain:
            self._note("key_was_plain", account=name)

    def notices(self, keeper: Keeper) -> tuple[Problem, ...]:
        """Everything the owner should know about the files."""
        if not keeper.problem:
            return tuple(self._notices)
        return (*self._notices, Problem("backup_failed", keeper.problem))

    def _note(self, code: str, **params: str) -> None:
        self._notices.append(Problem(code, _NOTICES[code].format(**params), params=params))


_NOTICES = {
    "restored": "{file} was damaged; the backup {backup} is in use: compare with the exchange",
    "accounts_recovered": "{file} was damaged; its last good copy is in use",
    "key_was_plain": "the key of {account} lay in clear: make a new one at the exchange",
}


def _journal(stack: ExitStack, files: _Files, data: Path, clock: Clock) -> SqliteJournal:
    journal = files.opened(data / "mtrade.db", SqliteJournal)
    stack.callback(journal.close)
    instance = instance_id(journal.database, machine_id())
    journal.begin_epoch(clock.now_ms(), own_identity().boot_id, instance, __version__)
    stack.callback(journal.checkpoint)
    stack.callback(lambda: journal.end_epoch("stopped", clock.now_ms()))
    return journal


def _desk(
    stack: ExitStack,
    settings: Settings,
    accounts: AccountManager,
    make_feeds: Callable[..., GateFeeds],
    journal: SqliteJournal,
    choices: SettingStore,
    clock: Clock,
    notices: Callable[[], tuple[Problem, ...]],
    streams: LoopThread,
    lost: bool,
    way: RightOfWay,
) -> Desk:
    board = Board(clock)
    state = LiveState(accounts, clock, LiveReads(board))

    def hear(event: Event) -> None:
        hub.post(event)
        pipeline.hear(event)

    def hears(intent: Intent) -> bool:
        place = intent.order.instrument
        return board.is_proven(private_stream(intent.account_id, place.market, place.settle))

    feeds = make_feeds(hear, exchange_of=accounts.exchange)
    hub: Hub = Hub(board, accounts, clock, feeds, lambda post: Reader(accounts, clock, post))
    limits = settings.config.risk.limits
    planner = Planner(accounts, state, limits)

    def exchange_ms(account_id: str) -> int:
        return accounts.clock(accounts.get(account_id).network).now_ms()

    def order_changed(account_id: str) -> None:
        state.forget(account_id)
        hub.touched(account_id)

    def account_changed(account_id: str) -> None:
        pipeline.forget(account_id)
        copier.forget(account_id)
        state.forget(account_id)
        hub.accounts_changed()

    accounts.on_change = account_changed
    shelf = CopyStore(journal.database)
    drafter = Drafter(clock, instance_id(journal.database, machine_id()), secrets.token_bytes)
    copier = assembly.guest(
        shelf=shelf,
        journal=journal,
        clock=clock,
        accounts=accounts,
        feeds=feeds,
        choices=choices,
        drafter=drafter,
        former=former_instances(journal.database),
        lost=lost,
        way=way,
    )
    brakes = copier.core.brakes
    pipeline = Pipeline(
        journal,
        lambda post: Courier(accounts, post, halted=brakes.halted),
        clock,
        exchange_ms,
        order_changed,
        hears=hears,
        guest=copier,
        sender_for=partial(assembly.fanout, accounts, streams, brakes),
        halted=brakes.halted,
    )
    engine = TradingEngine(
        accounts=accounts,
        state=state,
        planner=planner,
        previewer=Previewer(planner, state),
        pipeline=pipeline,
        drafter=drafter,
        journal=journal,
        choices=choices,
        clock=clock,
        limits=limits,
        notices=lambda: (
            *notices(),
            *clock_problems({a.network for a in accounts.list()}, accounts.clock),
            *hub.problems(),
            *copier.core.alerts.problems(),
        ),
    )
    stack.callback(copier.close)
    stack.callback(pipeline.close)
    pipeline.start()
    stack.callback(feeds.close)
    stack.callback(hub.close)
    hub.start()
    copying = assembly.facade(copier, accounts, state, shelf, choices, streams)
    return Desk(accounts, state, engine, hub, copying)


def _first_account(accounts: AccountManager, choices: SettingStore) -> None:
    """On the very first run a play account is there already; a removed one does not come back."""
    if choices.get(FIRST_ACCOUNT):
        return
    if not any(account.network is Network.PAPER for account in accounts.list()):
        accounts.open_paper("Paper")
    choices.set(FIRST_ACCOUNT, True)
