"""Accounts: networks, identities, permissions, balances. Money is Decimal; ids are strings."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, field

from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import ZERO


class Network(StrEnum):
    """Which exchange an account lives on. All speak Gate API v4 and differ only by address."""

    PAPER = "paper"
    TESTNET = "testnet"
    LIVE = "live"

    __hash__ = str.__hash__  # it is in many keys; an enum's own is computed in Python


class PositionMode(StrEnum):
    """One net position per contract, or a long and a short leg."""

    SINGLE = "single"
    DUAL = "dual"
    SPLIT = "dual_plus"


class MarginMode(StrEnum):
    """Whether a position has its own margin or shares the wallet."""

    ISOLATED = "isolated"
    CROSS = "cross"


class Secret:
    """A secret that cannot be printed, compared or pickled by accident. `reveal()` is explicit."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself; only signing and encryption ask for it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is never pickled")


class Credentials(Struct, frozen=True):
    """An API key. `key` is not secret by itself but is shown only by its last four characters."""

    key: str
    secret: Secret


class Permission(Struct, frozen=True, kw_only=True):
    """One right of an API key, e.g. `futures`, read-only or read-write."""

    name: str
    read_only: bool


class Identity(Struct, frozen=True, kw_only=True):
    """What the exchange says about the owner of a key.

    `copy_role`: 0 ordinary, 1 leader, 2 follower, 3 both (of Gate's own copy trading).
    `unified` tells a unified account, whose funds are not in the futures wallet.
    """

    uid: str
    permissions: tuple[Permission, ...]
    ip_whitelist: tuple[str, ...] = ()
    copy_role: int = 0
    unified: bool = False

    def may_write(self, name: str) -> bool:
        """Whether the key has the named right with write access."""
        return any(p.name == name and not p.read_only for p in self.permissions)

    def may_read(self, name: str) -> bool:
        """Whether the key has the named right at all."""
        return any(p.name == name for p in self.permissions)


class Account(Struct, frozen=True, kw_only=True):
    """One account as mTrade knows it. `id` is `<network>:<Gate user id>`."""

    id: str
    name: str
    network: Network
    uid: str
    key_tail: str
    permissions: tuple[Permission, ...] = ()
    colour: str = ""
    created_ms: int = 0
    enabled: bool = True


class SpotBalance(Struct, frozen=True, kw_only=True):
    """Coins of one currency: free, and locked in orders."""

    currency: str
    available: Decimal
    locked: Decimal


class FuturesAccount(Struct, frozen=True, kw_only=True):
    """The futures wallet of one settle currency. `total` excludes unrealised profit."""

    uid: str
    currency: str
    total: Decimal
    available: Decimal
    unrealised_pnl: Decimal
    position_margin: Decimal
    order_margin: Decimal
    maintenance_margin: Decimal
    mode: PositionMode
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    pnl: Decimal = ZERO


class Fees(Struct, frozen=True, kw_only=True):
    """The account's own fee rates as fractions; negative is a rebate."""

    maker: Decimal
    taker: Decimal


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """One line of the account book."""

    id: str
    time_ms: int
    change: Decimal
    balance: Decimal
    kind: str
    text: str = ""
    instrument: InstrumentId | None = field(default=None)
