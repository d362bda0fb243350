"""Deleting an account that has copied positions: the same question as unfollowing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser


def test_c33_deleting_an_account_asks_what_becomes_of_copied_positions(
    open_page: OpenPage,
) -> None:
    page = open_page("/accounts", refusals=True)
    sent: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        if route.request.method != "DELETE":
            route.continue_()
            return
        sent.append(json.loads(route.request.post_data or "{}"))
        if "positions" in sent[-1]:
            route.fulfill(status=204)
            return
        error = {"code": "copied_positions", "message": "Copied positions are open.", "fields": {},
                 "params": {}, "label": None, "raw": None, "retry_after": None}  # fmt: skip
        body = json.dumps({"error": error})
        route.fulfill(status=409, content_type="application/json", body=body)

    page.route("**/api/accounts/*", answer)
    card = page.locator(".account-card").first
    name = card.locator(".title b").inner_text()
    card.get_by_test_id("account-delete").click()
    dialog = page.get_by_test_id("delete-account")
    expect(dialog.get_by_test_id("how-close_now")).to_be_hidden()
    dialog.get_by_test_id("delete-confirm").fill(name)
    dialog.get_by_test_id("form-submit").click()
    expect(dialog.locator(".form-error")).to_contain_text("Copied positions are open")
    dialog.get_by_test_id("how-close_now").check()
    dialog.get_by_test_id("form-submit").click()
    expect(dialog).to_have_count(0)
    assert sent == [{"confirm": name}, {"confirm": name, "positions": "close_now"}]
