"""Accounts: switching, naming, removing, and keys that are refused for what they may do."""

from __future__ import annotations

import pytest

from mtrade.domain.accounts import Account, Credentials, Network, Permission, Secret
from mtrade.domain.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidRequest,
    NotFound,
    StoreError,
)
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Market
from mtrade.domain.orders import OrderSocket
from mtrade.trading.accounts import MAX_ACCOUNTS, AccountManager
from tests.clocks import FakeClock
from tests.trading.fakes import FakeExchange, MemoryChoices


class Book:
    """An account book in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Account, Credentials]] = {}

    def list(self) -> tuple[Account, ...]:
        return tuple(account for account, _ in self.rows.values())

    def credentials(self, account_id: str) -> Credentials:
        return self.rows[account_id][1]

    def add(self, account: Account, credentials: Credentials) -> None:
        self.rows[account.id] = (account, credentials)

    def replace(self, account: Account) -> None:
        self.rows[account.id] = (account, self.rows[account.id][1])

    def remove(self, account_id: str) -> None:
        del self.rows[account_id]


class Net:
    """Networks where the key's text is the user id."""

    def __init__(self) -> None:
        self.clock_ = FakeClock()
        self.rights: tuple[Permission, ...] = (Permission(name="futures", read_only=False),)
        self.fault: Exception | None = None
        self.warm: list[str] = []

    def exchange(
        self, network: Network, credentials: Credentials, *, warm: bool = False
    ) -> FakeExchange:
        if self.fault is not None:
            raise self.fault
        self.warm += [credentials.key] if warm else []
        return FakeExchange(self.clock_, uid=credentials.key, permissions=self.rights)


class Bank:
    """The embedded exchange's account desk."""

    def __init__(self) -> None:
        self.opened = 10_000

    def open_account(self, name: str) -> Credentials:
        self.opened += 1
        return Credentials(str(self.opened), Secret("s"))


class Office:
    """A manager with everything around it."""

    def __init__(self, *, external: bool = False, live: bool = True) -> None:
        self.book, self.net, self.choices = Book(), Net(), MemoryChoices()
        self.manager = AccountManager(
            self.book,
            self.net,  # type: ignore[arg-type]
            self.choices,
            FakeClock(),
            None if external else Bank(),
            live_allowed=live,
        )


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_paper_account_is_one_call_and_becomes_active(office: Office) -> None:
    made = office.manager.open_paper("Play")
    assert (made.id, made.network, made.key_tail) == ("paper:10001", Network.PAPER, "0001")
    assert office.manager.active_id() == made.id
    assert office.manager.get(None) == made
    second = office.manager.open_paper("Second")
    assert second.colour != made.colour
    assert office.manager.switch(second.id) == second
    assert office.manager.get(None) == second


def test_an_external_paper_exchange_cannot_open_accounts() -> None:
    with pytest.raises(Conflict, match="another program"):
        Office(external=True).manager.open_paper("Play")


def test_names_are_unique_and_within_limits(office: Office) -> None:
    office.manager.open_paper("Play")
    with pytest.raises(Conflict):
        office.manager.open_paper(" Play ")
    for bad in ("", " " * 5, "x" * 41, "a\nb"):
        with pytest.raises(InvalidRequest):
            office.manager.open_paper(bad)


def test_rename_recolour_disable(office: Office) -> None:
    made = office.manager.open_paper("Play")
    changed = office.manager.update(made.id, name="Other", colour="#ABCDEF", enabled=False)
    assert (changed.name, changed.colour, changed.enabled) == ("Other", "#abcdef", False)
    with pytest.raises(Conflict, match="disabled"):
        office.manager.exchange(made.id)
    assert office.manager.active_id() is None
    with pytest.raises(InvalidRequest):
        office.manager.update(made.id, colour="red")


def test_a_disabled_account_keeps_no_connections_and_is_still_looked_at(office: Office) -> None:
    account = office.manager.open_paper("Main")
    closed: list[object] = []

    def watched(line: object) -> object:
        line.close = lambda: closed.append(line)  # type: ignore[attr-defined]
        return line

    first = watched(office.manager.exchange(account.id))
    office.manager.update(account.id, name="Same")
    assert office.manager.exchange(account.id) is first
    office.manager.update(account.id, enabled=False)
    assert closed == [first]
    with pytest.raises(Conflict):
        office.manager.exchange(account.id)
    cold = watched(office.manager.line(account.id))  # what it has under way is followed over it
    assert office.net.warm == [account.uid]
    office.manager.update(account.id, enabled=True)
    assert closed == [first, cold]
    office.manager.exchange(account.id)
    assert office.net.warm == [account.uid, account.uid]


def test_no_line_leads_to_real_money_where_it_is_switched_off() -> None:
    office = Office(live=False)
    account = office.manager.open_paper("Main")
    office.book.replace(replace(account, network=Network.LIVE))
    with pytest.raises(Conflict):
        office.manager.line(account.id)


def test_removal_needs_the_name_typed(office: Office) -> None:
    made = office.manager.open_paper("Play")
    with pytest.raises(InvalidRequest):
        office.manager.remove(made.id, "play")
    office.manager.remove(made.id, "Play")
    with pytest.raises(NotFound):
        office.manager.get(made.id)
    with pytest.raises(NotFound):
        office.manager.get(None)


def test_only_the_accounts_in_use_are_kept_warm_from_the_start(office: Office) -> None:
    used, unused = office.manager.open_paper("Used"), office.manager.open_paper("Unused")
    office.manager.update(unused.id, enabled=False)
    assert office.net.warm == []  # opening an account only asked who it is
    office.manager.warm()
    assert office.net.warm == [used.uid]


def test_trading_sockets_are_told_of_open_accounts_only(office: Office) -> None:
    used, unused = office.manager.open_paper("Used"), office.manager.open_paper("Unused")
    socket = OrderSocket(
        market=Market.FUTURES, settle="usdt", ready=True, ack_ms=3, round_trip_ms=5
    )
    office.manager.line(used.id).sockets = (socket,)  # type: ignore[attr-defined]
    assert office.manager.order_sockets() == ((used.id, socket),)
    office.manager.line(unused.id)
    assert office.manager.order_sockets() == ((used.id, socket),)


def test_a_key_that_does_not_open_keeps_no_start_from_happening(office: Office) -> None:
    office.manager.open_paper("Play")
    office.net.fault = StoreError("the secret does not open")
    office.manager.warm()


def test_a_removed_account_lets_go_of_its_connections(office: Office) -> None:
    made = office.manager.open_paper("Play")
    closed: list[bool] = []
    office.manager.exchange(made.id).close = lambda: closed.append(True)  # type: ignore[method-assign]
    office.manager.remove(made.id, "Play")
    assert closed == [True]


def test_an_exchange_is_made_once_per_account(office: Office) -> None:
    made = office.manager.open_paper("Play")
    assert office.manager.exchange(made.id) is office.manager.exchange(made.id)


@pytest.mark.parametrize(
    ("rights", "code"),
    [
        ({"futures": False, "withdraw": False}, "key_withdrawal_right"),
        ({"futures": False, "wallet": False}, "key_transfer_right"),
        ({"earn": False}, "key_no_trading_right"),
        ({}, "key_rights_unknown"),
    ],
)
def test_keys_that_may_too_much_or_too_little_are_refused(
    office: Office, rights: dict[str, bool], code: str
) -> None:
    office.net.rights = tuple(Permission(name=n, read_only=r) for n, r in rights.items())
    with pytest.raises(Conflict) as caught:
        office.manager.add(Network.LIVE, "Main", "42", Secret("s"))
    assert caught.value.code == code
    assert not office.book.rows


def test_transfer_rights_can_be_allowed_by_the_owner_but_withdrawal_never(office: Office) -> None:
    office.net.rights = (
        Permission(name="futures", read_only=False),
        Permission(name="wallet", read_only=False),
    )
    made = office.manager.add(Network.LIVE, "Main", "42", Secret("s"), allow_transfers=True)
    assert made.id == "live:42"
    office.net.rights += (Permission(name="withdrawal", read_only=False),)
    with pytest.raises(Conflict):
        office.manager.add(Network.LIVE, "Two", "43", Secret("s"), allow_transfers=True)


def test_a_read_only_leader_key_is_fine(office: Office) -> None:
    office.net.rights = (Permission(name="futures", read_only=True),)
    assert office.manager.test_key(Network.LIVE, "42", Secret("s")).ok


def test_the_same_exchange_account_is_refused_a_second_time(office: Office) -> None:
    office.manager.add(Network.LIVE, "Main", "42", Secret("s"))
    with pytest.raises(Conflict) as caught:
        office.manager.add(Network.LIVE, "Again", "42", Secret("s"))
    assert caught.value.code == "key_account_exists"
    assert office.manager.add(Network.TESTNET, "Test", "42", Secret("s")).id == "testnet:42"


def test_a_key_that_cannot_log_in_says_why(office: Office) -> None:
    office.net.fault = None

    def refuse(network: Network, credentials: Credentials) -> FakeExchange:
        exchange = FakeExchange(office.net.clock_)

        def identity() -> object:
            raise AuthenticationFailed("the key is not known", label="INVALID_KEY")

        exchange.identity = identity  # type: ignore[method-assign,assignment]
        return exchange

    office.net.exchange = refuse  # type: ignore[method-assign]
    report = office.manager.test_key(Network.LIVE, "42", Secret("s"))
    assert (report.ok, report.checks[0].code) == (False, "invalid_key")


def test_there_is_a_limit_and_it_refuses(office: Office) -> None:
    for number in range(MAX_ACCOUNTS):
        office.manager.open_paper(f"P{number}")
    with pytest.raises(Conflict, match="at most"):
        office.manager.open_paper("one more")


def test_real_money_can_be_switched_off_on_a_machine() -> None:
    office = Office(live=False)
    with pytest.raises(Conflict) as caught:
        office.manager.add(Network.LIVE, "Main", "42", Secret("s"))
    assert caught.value.code == "live_off"
    assert office.manager.add(Network.TESTNET, "Test", "42", Secret("s")).id == "testnet:42"


def test_a_fresh_desk_opens_on_the_preferred_network(office: Office) -> None:
    office.manager.add(Network.TESTNET, "Test", "42", Secret("s"))
    play = office.manager.open_paper("Play")
    assert office.manager.active_id() == play.id
