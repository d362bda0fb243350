"""Account and wallet endpoints: who owns the key, what it may do, moving money between wallets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.accounts import Fees, Identity, Permission
from mtrade.domain.errors import AuthenticationFailed
from mtrade.domain.frozen import replace
from mtrade.domain.numbers import text
from mtrade.gate import parse_wallet as parse
from mtrade.gate.client import GateClient, has_label
from mtrade.gate.fields import Row

NO_RIGHT = frozenset({"FORBIDDEN", "READ_ONLY"})
FUTURES = "futures"


class WalletApi:
    """`/account` and `/wallet` for the owner of the client's key."""

    def __init__(self, client: GateClient) -> None:
        self._client = client

    def identity(self) -> Identity:
        """User id, rights and address list of the key.

        A key may lack the right to ask for these: then the user id comes from the wallet's fee
        endpoint, and rights that cannot be read are shown as none.
        """
        try:
            identity = self._client.read("/account/detail", parse.detail, bucket="/account/detail")
        except AuthenticationFailed as error:
            if not has_label(error, NO_RIGHT):
                raise
            identity = Identity(uid=self._uid(), permissions=())
        return replace(identity, permissions=self._permissions())

    def fees(self) -> Fees:
        """The account's own spot rates."""
        return self._client.read("/wallet/fee", _spot_fees, bucket="/wallet/fee")

    def transfer(self, currency: str, amount: Decimal, source: str, target: str) -> str:
        """Move money between wallets, e.g. `spot` and `futures`; returns the transfer's id."""
        body: dict[str, object] = {
            "currency": currency,
            "from": source,
            "to": target,
            "amount": text(amount),
        }
        if FUTURES in (source, target):
            body["settle"] = currency.lower()
        return self._client.change(
            "POST", "/wallet/transfers", parse.tx_id, bucket="/wallet/transfers", body=body
        )

    def total_balance(self, currency: str = "USDT") -> Decimal:
        """Worth of the whole account; Gate refreshes it about once a minute."""
        return self._client.read(
            "/wallet/total_balance",
            parse.total,
            {"currency": currency},
            bucket="/wallet/total_balance",
        )

    def _uid(self) -> str:
        return self._client.read(
            "/wallet/fee", lambda raw: Row(raw, "fee").text("user_id"), bucket="/wallet/fee"
        )

    def _permissions(self) -> tuple[Permission, ...]:
        try:
            return self._client.read(
                "/account/main_keys", parse.permissions, bucket="/account/main_keys"
            )
        except AuthenticationFailed as error:
            if not has_label(error, NO_RIGHT):
                raise
            return ()


def _spot_fees(raw: Any) -> Fees:
    row = Row(raw, "fee")
    return Fees(maker=row.number("maker_fee"), taker=row.number("taker_fee"))
