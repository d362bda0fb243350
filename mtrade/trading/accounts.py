"""The accounts: which exist, which is active, what their keys may do, and their exchanges.

Thread-safe. Secrets go in and never come out; an exchange object is made once per account.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import closing, suppress

from mtrade.domain.accounts import Account, Credentials, Identity, Network, Secret
from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.errors import Conflict, InvalidRequest, MTradeError, NotFound
from mtrade.domain.frozen import replace
from mtrade.domain.orders import OrderSocket
from mtrade.domain.ports import Clock, Exchange, MarketData
from mtrade.trading.keys import key_report
from mtrade.trading.networks import status_of
from mtrade.trading.ports import AccountBook, Choices, NetworkClock, Networks, PaperDesk
from mtrade.trading.views import KeyReport, NetworkStatus

ACTIVE = "active_account"
MAX_ACCOUNTS = 50  # each keeps five sockets, and Gate gives an address 300 (docs/gate-notes.md)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
COLOURS = ("#4c9aff", "#2fbf8f", "#c9a0ff", "#f2b84b", "#ff6b6b", "#56b4e9", "#9aa7b4", "#e08fd0")


class AccountManager:
    """Add, list, switch, rename, disable, remove; hand out exchanges."""

    def __init__(
        self,
        book: AccountBook,
        networks: Networks,
        choices: Choices,
        clock: Clock,
        paper: PaperDesk | None,
        *,
        first: Network = Network.PAPER,
        live_allowed: bool = True,
    ) -> None:
        self._book = book
        self._networks = networks
        self._choices = choices
        self._clock = clock
        self._paper = paper
        self._first = first
        self._live_allowed = live_allowed
        self._changing = threading.Lock()
        self._lock = threading.Lock()
        self._exchanges: dict[str, Exchange] = {}
        self._errors: dict[str, str] = {}
        self.on_change: Callable[[str], None] = lambda account_id: None
        self.before_removal: Callable[[str, OnUnfollow | None], None] = lambda account_id, how: None
        self.before_disabling: Callable[[str], None] = lambda account_id: None

    def list(self) -> tuple[Account, ...]:
        """All accounts in the order they were added."""
        return self._book.list()

    def active_id(self) -> str | None:
        """The account a request means when it names none."""
        chosen = self._choices.get(ACTIVE)
        accounts = self.list()
        if any(a.id == chosen for a in accounts):
            return str(chosen)
        usable = sorted(
            (a for a in accounts if a.enabled), key=lambda a: a.network is not self._first
        )
        return usable[0].id if usable else None

    def get(self, account_id: str | None) -> Account:
        """The account, or the active one for None. Raises NotFound(unknown_account)."""
        wanted = account_id or self.active_id()
        for account in self.list():
            if account.id == wanted:
                return account
        raise NotFound("there is no such account", code="unknown_account")

    def switch(self, account_id: str) -> Account:
        """Make an account the active one."""
        account = self._usable(account_id)
        self._choices.set(ACTIVE, account.id)
        return account

    def open_paper(self, name: str, colour: str = "") -> Account:
        """Open a fresh account on the embedded exchange and add it."""
        if self._paper is None:
            raise Conflict(
                "the paper network is another program here: add its key and secret",
                code="paper_is_external",
            )
        with self._changing:
            self._check_name(name, None)
            credentials = self._paper.open_account(name)
            return self._store(Network.PAPER, name, credentials, colour)

    def add(
        self,
        network: Network,
        name: str,
        key: str,
        secret: Secret,
        *,
        colour: str = "",
        allow_transfers: bool = False,
    ) -> Account:
        """Test a key and add its account. Raises Conflict(key_refused) naming the failed check."""
        self.check_network(network)
        report = self.test_key(network, key, secret)
        failed = [
            c for c in report.checks if not c.ok and not (allow_transfers and c.name == "transfers")
        ]
        if failed:
            raise Conflict(
                failed[0].message, code=f"key_{failed[0].code}", params={"check": failed[0].name}
            )
        with self._changing:
            self._check_name(name, None)
            return self._store(network, name, Credentials(key, secret), colour)

    def test_key(self, network: Network, key: str, secret: Secret) -> KeyReport:
        """What a key can do, with one line per check; nothing is stored."""
        known = [a.id for a in self.list() if a.network is network]
        with closing(self._networks.exchange(network, Credentials(key, secret))) as exchange:
            return key_report(network, exchange, known)

    def check_network(self, network: Network) -> None:
        """Raise Conflict(live_off) for real money where this machine may not trade it."""
        if network is Network.LIVE and not self._live_allowed:
            raise Conflict("MTRADE_LIVE=0: no real money on this machine", code="live_off")

    def update(
        self,
        account_id: str,
        *,
        name: str | None = None,
        colour: str | None = None,
        enabled: bool | None = None,
    ) -> Account:
        """Change the label, the colour or whether the account is used."""
        with self._changing:
            account = self.get(account_id)
            if name is not None:
                self._check_name(name, account_id)
            changed = replace(
                account,
                name=account.name if name is None else name.strip(),
                colour=account.colour if colour is None else _colour(colour, 0),
                enabled=account.enabled if enabled is None else enabled,
            )
            if account.enabled and not changed.enabled:
                self.before_disabling(account_id)
            self._book.replace(changed)
        if changed.enabled is not account.enabled:
            self._let_go(account_id)  # who is not used keeps no socket; who is used again is warm
        self.on_change(account_id)
        return changed

    def remove(self, account_id: str, confirm: str, positions: OnUnfollow | None = None) -> None:
        """Forget an account and its key; `confirm` must be its name, `positions` is what becomes of
        copied ones."""
        with self._changing:
            account = self.get(account_id)
            if confirm != account.name:
                raise InvalidRequest(
                    "type the account's name to remove it",
                    fields={"confirm": f"must be {account.name}"},
                )
            self.before_removal(account_id, positions)
            self._book.remove(account_id)
        self._errors.pop(account_id, None)
        self._let_go(account_id)
        self.on_change(account_id)

    def warm(self) -> None:
        """Open the lines of the accounts in use, so that the first order finds them ready."""
        for account in self.list():
            if account.enabled and (account.network is not Network.LIVE or self._live_allowed):
                with suppress(MTradeError):  # told when the account is used
                    self.line(account.id)

    def exchange(self, account_id: str) -> Exchange:
        """The exchange of an enabled account."""
        self._usable(account_id)
        return self.line(account_id)

    def line(self, account_id: str) -> Exchange:
        """The exchange of any account: what a disabled one has under way is still followed."""
        account = self.get(account_id)
        self.check_network(account.network)
        with self._lock:
            if account_id not in self._exchanges:
                credentials = self._book.credentials(account_id)
                self._exchanges[account_id] = self._networks.exchange(
                    account.network, credentials, warm=account.enabled
                )
            return self._exchanges[account_id]

    def market_data(self, network: Network) -> MarketData:
        """Public data of a network."""
        return self._networks.market_data(network)

    def clock(self, network: Network) -> NetworkClock:
        """The exchange clock of a network."""
        return self._networks.clock(network)

    def error(self, account_id: str) -> str:
        """The account's last fault, empty when its last check was fine."""
        return self._errors.get(account_id, "")

    def check(self, account_id: str) -> Identity | None:
        """Ask the exchange who this key is and note the result; None when that failed."""
        try:
            identity = self.exchange(account_id).identity()
        except MTradeError as fault:
            self._errors[account_id] = fault.message
            return None
        self._errors.pop(account_id, None)
        return identity

    def network_status(self) -> tuple[NetworkStatus, ...]:
        """One line per network that has an account."""
        counts = {n: sum(a.network is n for a in self.list()) for n in Network}
        return tuple(status_of(self._networks, n, count) for n, count in counts.items() if count)

    def order_sockets(self) -> tuple[tuple[str, OrderSocket], ...]:
        """The trading sockets of every account that is open, each with its account's id."""
        with self._lock:
            opened = sorted(self._exchanges.items())
        return tuple((name, row) for name, line in opened for row in line.order_sockets())

    def _let_go(self, account_id: str) -> None:
        """Close an account's connections. What is unanswered then is looked up over new ones."""
        with self._lock:
            gone = self._exchanges.pop(account_id, None)
        if gone is not None:
            gone.close()

    def _usable(self, account_id: str) -> Account:
        account = self.get(account_id)
        if not account.enabled:
            raise Conflict(f"account {account.name} is disabled", code="account_disabled")
        return account

    def _check_name(self, name: str, own_id: str | None) -> None:
        wanted = name.strip()
        if not 1 <= len(wanted) <= 40 or not wanted.isprintable():
            raise InvalidRequest(
                "the name needs 1 to 40 characters", fields={"name": "needs 1 to 40 characters"}
            )
        if any(a.name == wanted and a.id != own_id for a in self.list()):
            raise Conflict("another account has this name", code="name_taken")

    def _store(self, network: Network, name: str, credentials: Credentials, colour: str) -> Account:
        with closing(self._networks.exchange(network, credentials)) as exchange:
            identity = exchange.identity()
        accounts = self.list()
        if len(accounts) >= MAX_ACCOUNTS:
            raise Conflict(f"there may be at most {MAX_ACCOUNTS} accounts", code="too_many")
        account = Account(
            id=f"{network}:{identity.uid}",
            name=name.strip(),
            network=network,
            uid=identity.uid,
            key_tail=credentials.key[-4:],
            permissions=identity.permissions,
            colour=_colour(colour, len(accounts)),
            created_ms=self._clock.now_ms(),
        )
        if any(a.id == account.id for a in accounts):
            raise Conflict("this exchange account is already here", code="account_exists")
        self._book.add(account, credentials)
        self.on_change(account.id)
        return account


def _colour(wanted: str, position: int) -> str:
    if not wanted:
        return COLOURS[position % len(COLOURS)]
    if not _COLOUR.fullmatch(wanted.lower()):
        raise InvalidRequest("colour is like #4c9aff", fields={"colour": "must be like #4c9aff"})
    return wanted.lower()
