"""Accounts and their keys."""

from __future__ import annotations

from mtrade.domain.accounts import Account, Secret
from mtrade.web import codec
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.forms import (
    AccountChange,
    AccountForm,
    ActiveForm,
    Empty,
    KeyTestForm,
    RemoveForm,
)


def listing(call: Call, form: Empty) -> Json:
    """All accounts, and which one is active."""
    return accounts_json(call)


def accounts_json(call: Call) -> Json:
    """The list as the API and the page's first data show it."""
    manager = call.desk.accounts
    rows = [_one(call, account) for account in manager.list()]
    return codec.items(rows, {"active": manager.active_id()})


def add(call: Call, form: AccountForm) -> Json:
    """Add an account by its key, or open a new one on the embedded exchange."""
    manager = call.desk.accounts
    if form.key is None or form.secret is None:
        return _one(call, manager.open_paper(form.name, form.colour))
    added = manager.add(
        form.network,
        form.name,
        form.key,
        Secret(form.secret.get_secret_value()),
        colour=form.colour,
        allow_transfers=form.allow_transfers,
    )
    return _one(call, added)


def test(call: Call, form: KeyTestForm) -> Json:
    """What a key can do; nothing is stored."""
    secret = Secret(form.secret.get_secret_value())
    report = call.desk.accounts.test_key(form.network, form.key, secret)
    words = call.context.catalogue.outcome
    checks = [
        {
            "name": check.name,
            "ok": check.ok,
            "code": check.code,
            "message": words(call.language, check.code, {"uid": report.uid}) or check.message,
        }
        for check in report.checks
    ]
    return {"ok": report.ok, "uid": report.uid, "checks": checks}


def activate(call: Call, form: ActiveForm) -> Json:
    """Make an account the active one."""
    return _one(call, call.desk.accounts.switch(form.account))


def change(call: Call, form: AccountChange, account_id: str) -> Json:
    """Change name, colour or whether the account is used."""
    changed = call.desk.accounts.update(
        account_id, name=form.name, colour=form.colour, enabled=form.enabled
    )
    return _one(call, changed)


def remove(call: Call, form: RemoveForm, account_id: str) -> None:
    """Forget an account and its key; its name must be typed. With copied positions `positions` says
    what becomes of them."""
    call.desk.accounts.remove(account_id, form.confirm, form.positions)


def _one(call: Call, account: Account) -> Json:
    return codec.account(account, call.desk.accounts.error(account.id))
