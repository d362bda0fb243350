"""What an API key must and must not be able to do before mTrade takes it."""

from __future__ import annotations

from collections.abc import Sequence

from mtrade.domain.accounts import Identity, Network
from mtrade.domain.errors import AuthenticationFailed, ExchangeError
from mtrade.domain.ports import Exchange
from mtrade.trading.views import KeyCheck, KeyReport

WITHDRAWAL = ("withdraw", "withdrawal")


def key_report(network: Network, exchange: Exchange, known_ids: Sequence[str]) -> KeyReport:
    """Ask the exchange who the key is and check its rights, one line each."""
    try:
        identity = exchange.identity()
    except AuthenticationFailed as fault:
        return _refused(KeyCheck("login", False, fault.label.lower() or fault.code, fault.message))
    except ExchangeError as fault:
        return _refused(KeyCheck("login", False, fault.code, fault.message))
    checks = (
        KeyCheck("login", True, "login_ok", f"user {identity.uid}"),
        _new(network, identity, known_ids),
        _rights(identity),
        _trades(identity),
        _no_withdrawal(identity),
        _no_transfers(network, identity),
        _classic(identity),
    )
    return KeyReport(
        ok=all(c.ok for c in checks),
        uid=identity.uid,
        checks=checks,
        permissions=identity.permissions,
    )


def _refused(check: KeyCheck) -> KeyReport:
    return KeyReport(ok=False, uid="", checks=(check,))


def _new(network: Network, identity: Identity, known_ids: Sequence[str]) -> KeyCheck:
    if f"{network}:{identity.uid}" in known_ids:
        return KeyCheck("new", False, "account_exists", "this exchange account is already here")
    return KeyCheck("new", True, "new_ok", "not added yet")


def _rights(identity: Identity) -> KeyCheck:
    """A key whose rights cannot be read might do anything, so it is not called safe."""
    if identity.permissions:
        return KeyCheck("rights", True, "rights_ok", "the key's rights are known")
    message = "the key's rights cannot be read; give it the account right, read only"
    return KeyCheck("rights", False, "rights_unknown", message)


def _trades(identity: Identity) -> KeyCheck:
    if identity.may_read("spot") or identity.may_read("futures"):
        return KeyCheck("trading", True, "trading_ok", "spot or futures rights are there")
    message = "the key has neither the spot nor the futures right; add one on Gate"
    return KeyCheck("trading", False, "no_trading_right", message)


def _no_withdrawal(identity: Identity) -> KeyCheck:
    if any(identity.may_write(name) for name in WITHDRAWAL):
        message = "the key may withdraw; make one without that right"
        return KeyCheck("withdrawal", False, "withdrawal_right", message)
    return KeyCheck("withdrawal", True, "withdrawal_ok", "no withdrawal right")


def _no_transfers(network: Network, identity: Identity) -> KeyCheck:
    if network is not Network.PAPER and identity.may_write("wallet"):
        message = "the key may move money (wallet, read and write); make it read only"
        return KeyCheck("transfers", False, "transfer_right", message)
    return KeyCheck("transfers", True, "transfers_ok", "no right to move money out")


def _classic(identity: Identity) -> KeyCheck:
    if identity.unified:
        message = "this is a unified account; mTrade trades classic accounts only"
        return KeyCheck("account", False, "unified_account", message)
    return KeyCheck("account", True, "account_ok", "classic account")
