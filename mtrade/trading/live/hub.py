"""The hub: one thread that folds what streams bring and hands browsers the newest state.

Ten times a second at most it encodes each changed topic once and puts the same bytes into the
mailbox of everybody who listens to it. Nobody listening means no public feeds and no work; the
private feeds of enabled accounts are always open, because the engine hears them too.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from decimal import DecimalException
from typing import cast

from mtrade.domain.errors import MTradeError
from mtrade.domain.events import Event
from mtrade.domain.numbers import use_decimal_context
from mtrade.domain.ports import Clock, Feeds
from mtrade.trading.accounts import AccountManager
from mtrade.trading.live.board import Board
from mtrade.trading.live.errands import Errands
from mtrade.trading.live.frames import Encoder, Press
from mtrade.trading.live.listeners import Listeners
from mtrade.trading.live.mailbox import Mailbox
from mtrade.trading.live.messages import (
    AccountsChanged,
    PricesRead,
    Resend,
    RulesRead,
    Stop,
    Subscribe,
    TickersRead,
    Touched,
    Unsubscribe,
    WalletRead,
)
from mtrade.trading.live.reader import Reader
from mtrade.trading.live.topics import AccountTopic, CopyTopic, ServerTopic, Topic
from mtrade.trading.live.watching import Watching
from mtrade.trading.views import Problem

log = logging.getLogger(__name__)

TICK_S = 0.1
CHORES_S = 0.5
REST_S = 1.0  # how long a hub sleeps when nobody listens
AT_ONCE = 500  # messages taken in before a tick is looked at
STOP_S = 5.0
# Who copies or trades goes first: what the hub does on the very first word of it takes the
# interpreter from them, and what comes together is folded together.
YIELD_S = 0.01


class Hub:
    """`post` is the sink of all feeds. Public methods may be called from any thread."""

    def __init__(
        self,
        board: Board,
        accounts: AccountManager,
        clock: Clock,
        feeds: Feeds,
        reader: Callable[[Callable[[object], None]], Reader],
    ) -> None:
        self.board = board
        self._accounts = accounts
        self._clock = clock
        self._feeds = feeds
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._reader = reader(self._inbox.put)
        self._watching = Watching(feeds, board)
        self._listeners = Listeners(board)
        self._errands = Errands(board, self._listeners, self._watching, self._reader)
        self._press = Press(clock)
        self._open: dict[str, object] = {}  # by account: the key its feeds were opened with
        self._next_tick = self._next_chores = clock.monotonic()
        self._problems: tuple[Problem, ...] = ()
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    def start(self) -> None:
        """Open the private feeds and begin to work."""
        self._reader.start()
        self._inbox.put(AccountsChanged())
        self._thread.start()

    def encode_with(self, encoder: Encoder) -> None:
        """How a topic becomes bytes; before this nothing is published."""
        self._press.encoder = encoder

    def post(self, event: Event) -> None:
        """Take an event of a stream; never blocks."""
        self._inbox.put(event)

    def subscribe(self, topics: Iterable[Topic]) -> Mailbox:
        """A mailbox that gets the present state of each topic at once and every change of it."""
        mailbox = Mailbox(topics)
        self._inbox.put(Subscribe(mailbox))
        return mailbox

    def unsubscribe(self, mailbox: Mailbox) -> None:
        """Nobody reads this mailbox any more."""
        mailbox.close()
        self._inbox.put(Unsubscribe(mailbox))

    def resend(self, mailbox: Mailbox) -> None:
        """Put the whole present state of its topics into a mailbox."""
        self._inbox.put(Resend(mailbox))

    def touched(self, account_id: str) -> None:
        """An order of this account has a new state in the journal."""
        self._inbox.put(Touched(account_id))

    def accounts_changed(self) -> None:
        """Look which accounts there are now."""
        self._inbox.put(AccountsChanged())

    def problems(self) -> tuple[Problem, ...]:
        """What went wrong in this thread since the start; empty when all is well."""
        return self._problems

    def close(self) -> None:
        """End all listening, then the thread."""
        self._inbox.put(Stop())
        if self._thread.is_alive():
            self._thread.join(STOP_S)
        self._reader.close()

    def work(self, timeout: float, yield_s: float = 0.0) -> bool:
        """Take in what waits, waiting at most `timeout` seconds for the first and `yield_s` more
        for the others, then publish what is due. False when it was told to stop."""
        try:
            message = self._inbox.get(timeout=timeout) if timeout > 0 else self._inbox.get_nowait()
            if yield_s > 0:
                time.sleep(yield_s)
            for _ in range(AT_ONCE):
                if isinstance(message, Stop):
                    return False
                self._handle(message)
                message = self._inbox.get_nowait()
            self._handle(message)
        except queue.Empty:
            pass
        self._tick()
        return True

    def _run(self) -> None:
        use_decimal_context()
        going = True
        while going:
            try:
                going = self.work(self._patience(), YIELD_S)
            except Exception:
                # The hub must outlive any single event or view; health shows that one was lost.
                log.exception("the hub could not handle an event")
                self._problems = (Problem("hub", "an internal error was logged; see the log"),)
        self._listeners.close()
        self._watching.close()

    def _patience(self) -> float:
        if not self._listeners.topics:
            return REST_S
        until = self._next_tick if self._listeners.any_news else self._next_chores
        return min(REST_S, max(0.001, until - self._clock.monotonic()))

    def _handle(self, message: object) -> None:
        match message:
            case Subscribe(mailbox):
                self._listeners.add(mailbox)
                self._errands.wanted()
                self._send_all(mailbox)
            case Unsubscribe(mailbox):
                self._listeners.remove(mailbox)
                self._errands.wanted()
            case Resend(mailbox):
                self._send_all(mailbox)
            case Touched(account_id):
                self._listeners.mark(AccountTopic(account_id))
                self._listeners.mark(ServerTopic())
            case AccountsChanged():
                self._sync_accounts()
            case RulesRead() | TickersRead() | PricesRead() | WalletRead():
                self._errands.done(message)
            case _:
                self._hear(cast("Event", message))

    def _hear(self, event: Event) -> None:
        if self.board.apply(event):
            self._listeners.heard(event)
            self._errands.heard(event)

    def _sync_accounts(self) -> None:
        """Private feeds are open for exactly the enabled accounts, each with its present key."""
        enabled = {
            account.id: (account.key_tail, account.created_ms)
            for account in self._accounts.list()
            if account.enabled
        }
        self.board.keep_accounts(set(enabled))
        for account_id in sorted(self._open):
            if enabled.get(account_id) != self._open[account_id]:
                self._feeds.close_account(account_id)
        for account_id in sorted(enabled):
            if enabled[account_id] != self._open.get(account_id):
                self._feeds.open_account(account_id)
        self._open = dict(enabled)
        self._listeners.mark(ServerTopic())

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if now >= self._next_chores:
            self._next_chores = now + CHORES_S
            self._watching.end_due()
            self._errands.run()
            self._listeners.mark_quiet(now)
            self._listeners.mark_kind(CopyTopic)
        if now >= self._next_tick and self._listeners.any_news:
            self._next_tick = now + TICK_S
            news = self._listeners.take_news(now)
            self._listeners.deliver({topic: self._frame(topic) for topic in news})

    def _send_all(self, mailbox: Mailbox) -> None:
        mailbox.put(b"".join(self._frame(topic) for topic in mailbox.topics))

    def _frame(self, topic: Topic) -> bytes:
        try:
            return self._press.frame(topic)
        except (MTradeError, DecimalException) as fault:  # the account is gone, no journal now ...
            log.info("%s is not published: %s", topic, fault)
            return b""
