"""Money of accounts, and moving it between their own wallets."""

from __future__ import annotations

from mtrade.domain.errors import ExchangeError
from mtrade.web import codec
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.forms import TransferForm
from mtrade.web.queries import BalanceQuery


def listing(call: Call, form: BalanceQuery) -> Json:
    """Money of one account, or of all that are in use; one that cannot be read is an error row."""
    state = call.desk.state
    if form.account != "all":
        return codec.items([codec.balance(state.balance(call.account_id(form.account)))])
    rows, errors = [], []
    for account in call.desk.accounts.list():
        if not account.enabled:
            continue
        try:
            rows.append(codec.balance(state.balance(account.id)))
        except ExchangeError as error:
            errors.append({"account": account.id, "code": error.code, "message": error.message})
    return codec.items(rows, {"errors": errors})


def transfer(call: Call, form: TransferForm) -> Json:
    """Move money between spot and futures of one account."""
    tx_id = call.desk.engine.transfer(
        call.account_id(form.account), form.currency, form.amount, form.source, form.target
    )
    return {"tx_id": tx_id}
