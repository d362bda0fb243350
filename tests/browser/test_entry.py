"""First run and login: the forms say what is wrong, and lead to the desk."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD
from tests.servers import Server

pytestmark = pytest.mark.browser
Stranger = Callable[[str], Page]


def test_the_first_run_takes_the_code_from_the_address_and_opens_the_desk(
    fresh: Server, stranger: Stranger
) -> None:
    page = stranger(f"{fresh.base}/setup#code={fresh.setup_code()}")
    expect(page.get_by_test_id("setup-code")).to_have_value(fresh.setup_code())
    page.get_by_test_id("setup-password").fill("short")
    page.get_by_test_id("setup-submit").click()
    expect(page.locator("#password-error")).to_contain_text("12")
    page.get_by_test_id("setup-password").fill(PASSWORD)
    expect(page.locator("#strength")).to_have_text("strong")
    page.get_by_test_id("setup-submit").click()
    expect(page.get_by_test_id("last-price")).to_contain_text(".")
    expect(page.get_by_test_id("network-banner")).to_contain_text("PAPER")


def test_login_refuses_a_wrong_password_and_then_lets_in(desk: Server, stranger: Stranger) -> None:
    page = stranger(f"{desk.base}/settings")
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_test_id("login-password").fill("not this one")
    page.get_by_test_id("login-submit").click()
    expect(page.locator("[data-form-error]")).to_have_text("The password is wrong.")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("server-card")).to_be_visible()


def test_the_language_links_keep_the_code(fresh: Server, stranger: Stranger) -> None:
    page = stranger(f"{fresh.base}/login?lang=ru")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
