"""Accounts and their keys through the API."""

from __future__ import annotations

import pytest

from mtrade.domain.accounts import Permission
from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.errors import Conflict
from tests.web.site import Site, error_of

FIELDS = {"id", "name", "network", "uid", "key_tail", "permissions", "colour", "enabled",
          "created_ms", "error"}  # fmt: skip
SECRET = "canary-secret-canary-secret"


def test_accounts_are_listed_without_their_keys(site: Site) -> None:
    answer = site.browser("viewer").get("/api/accounts").json
    assert answer["active"] == site.account
    assert set(answer["items"][0]) == FIELDS
    assert answer["items"][0]["permissions"] == [
        {"name": "spot", "read_only": False}, {"name": "futures", "read_only": False},
    ]  # fmt: skip


def test_a_paper_account_is_one_call(site: Site) -> None:
    owner = site.browser()
    added = owner.post("/api/accounts", {"network": "paper", "name": "Второй", "colour": "#112233"})
    assert (added.status_code, added.json["name"]) == (201, "Второй")
    again = owner.post("/api/accounts", {"network": "paper", "name": "Второй"})
    assert (again.status_code, error_of(again)["code"]) == (409, "name_taken")


def test_a_key_is_tested_then_added_and_never_shown(site: Site) -> None:
    owner = site.browser(elevated=True)
    key = {"network": "testnet", "key": "key777777", "secret": SECRET}
    report = owner.post("/api/accounts/test", key)
    assert (report.json["ok"], report.json["uid"]) == (True, "key777777")
    assert {"name", "ok", "code", "message"} == set(report.json["checks"][0])
    added = owner.post("/api/accounts", {"name": "T", **key})
    assert (added.status_code, added.json["key_tail"]) == (201, "7777")
    every = report.text + added.text + owner.get("/api/accounts").text + owner.get("/").text
    assert SECRET not in every + str(site.audit.rows)


def test_c33_a_removal_says_what_becomes_of_copied_positions(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, OnUnfollow | None]] = []

    def leave(account_id: str, positions: OnUnfollow | None) -> None:
        told.append((account_id, positions))
        if positions is None:
            raise Conflict("copied positions are open", code="copied_positions")

    monkeypatch.setattr(site.desk.accounts, "before_removal", leave)
    owner = site.browser(elevated=True)
    second = owner.post("/api/accounts", {"network": "paper", "name": "Second"}).json["id"]
    path = f"/api/accounts/{second}"
    refused = owner.send("DELETE", path, {"confirm": "Second"})
    assert (refused.status_code, error_of(refused)["code"]) == (409, "copied_positions")
    wrong = owner.send("DELETE", path, {"confirm": "Second", "positions": "sell"})
    assert (wrong.status_code, list(error_of(wrong)["fields"])) == (400, ["positions"])
    gone = owner.send("DELETE", path, {"confirm": "Second", "positions": "close_now"})
    assert gone.status_code == 204
    assert told == [(second, None), (second, OnUnfollow.CLOSE_NOW)]


def test_a_key_that_may_withdraw_is_refused(site: Site) -> None:
    owner = site.browser(elevated=True)
    body = {"network": "live", "name": "L", "key": "key999999", "secret": SECRET}
    owner.post("/api/accounts/test", {k: v for k, v in body.items() if k != "name"})
    rights = (*site.net.exchanges["key999999"].permissions,
              Permission(name="withdraw", read_only=False))  # fmt: skip
    site.net.exchanges["key999999"].permissions = rights
    refused = owner.post("/api/accounts", body)
    assert (refused.status_code, error_of(refused)["code"]) == (409, "key_withdrawal_right")


def test_off_paper_a_key_is_required(site: Site) -> None:
    owner = site.browser(elevated=True)
    error = error_of(owner.post("/api/accounts", {"network": "live", "name": "L"}))
    assert set(error["fields"]) == {"key", "secret"}
    half = {"network": "paper", "name": "P", "key": "key777777"}
    assert set(error_of(owner.post("/api/accounts", half))["fields"]) == {"secret"}


def test_accounts_are_switched_changed_and_removed(site: Site) -> None:
    owner = site.browser(elevated=True)
    second = owner.post("/api/accounts", {"network": "paper", "name": "Second"}).json["id"]
    assert owner.post("/api/accounts/active", {"account": second}).json["id"] == second
    assert owner.get("/api/accounts").json["active"] == second
    path = f"/api/accounts/{second}"
    changed = owner.send("PATCH", path, {"name": "Other", "enabled": False}).json
    assert (changed["name"], changed["enabled"]) == ("Other", False)
    off = owner.post("/api/accounts/active", {"account": second})
    assert (off.status_code, error_of(off)["code"]) == (409, "account_disabled")
    wrong = owner.send("DELETE", path, {"confirm": "Second"})
    assert list(error_of(wrong)["fields"]) == ["confirm"]
    assert owner.send("DELETE", path, {"confirm": "Other"}).status_code == 204
    assert len(owner.get("/api/accounts").json["items"]) == 1
    assert owner.send("DELETE", path, {"confirm": "Other"}).status_code == 404
