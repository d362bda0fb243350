"""The page's own arithmetic and words, run where they run: in the browser."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser

CALL = """async ([module, name, args]) => {
  const base = document.querySelector('script[type="module"]').src.replace(/[^/]*$/, '');
  return (await import(base + module))[name](...args);
}"""


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page("/copy")


def call(page: Page, module: str, name: str, *args: Any) -> Any:
    return page.evaluate(CALL, [module, name, list(args)])


PAIRS = [("0.1", "0.2"), ("67000.3", "-0.0001"), ("123456789012345678.9", "0.000000000000000001")]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_decimals_are_exact(page: Page, a: str, b: str) -> None:
    with localcontext(prec=80):
        results = [("add", Decimal(a) + Decimal(b)), ("sub", Decimal(a) - Decimal(b))]
        results.append(("mul", Decimal(a) * Decimal(b)))
    for name, right in results:
        assert Decimal(call(page, "core/decimal.js", name, a, b)) == right


@pytest.mark.parametrize("value", ["1.29", "-1.21", "0.05", "64017.37"])
def test_snapping_agrees_with_the_grid(page: Page, value: str) -> None:
    down = (Decimal(value) / Decimal("0.1")).to_integral_value(ROUND_FLOOR) * Decimal("0.1")
    assert Decimal(call(page, "core/decimal.js", "snap", value, "0.1", "down")) == down
    up = call(page, "core/decimal.js", "snap", value, "0.1", "up")
    assert Decimal(up) == down + (Decimal("0.1") if Decimal(value) != down else 0)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("0,012", "0.012"),
        ("67 100,5", "67100.5"),
        ("67,100.5", "67100.5"),
        ("1.234,5", "1234.5"),
        (" 5 ", "5"),
        ("1e3", "1000"),
        ("abc", None),
        ("", None),
        ("1.2.3", None),
    ],
)
def test_typed_numbers_are_understood(page: Page, typed: str, meant: str | None) -> None:
    assert call(page, "core/decimal.js", "fromInput", typed) == meant


def test_book_sums_run_away_from_the_spread_and_groups_never_flatter(page: Page) -> None:
    rules = {"market": "futures", "multiplier": "0.0001", "inverse": False}
    levels = [["100.4", "10"], ["100.2", "20"], ["99.9", "5"]]
    rows = call(page, "ui/book_model.js", "rows", levels, rules, "base", 3)
    assert [row["sum"] for row in rows] == ["0.001", "0.003", "0.0035"]
    assert call(page, "ui/book_model.js", "grouped", levels, "1", "bid") == [
        ["100", "30"],
        ["99", "5"],
    ]
    asks = call(page, "ui/book_model.js", "grouped", [["100.4", "10"], ["100.9", "2"]], "1", "ask")
    assert asks == [["101", "12"]]
    assert Decimal(rows[1]["average"]).quantize(Decimal("0.0001")) == Decimal("100.2667")


def test_russian_numbers_and_plurals(open_page: OpenPage) -> None:
    page = open_page("/copy", lang="ru")
    assert call(page, "core/format.js", "number", "-67100.2", 1) == "\u221267\u00a0100,2"
    words = [call(page, "core/i18n.js", "t", "orders.cancel_n", {"n": n}) for n in (1, 3, 5, 21)]
    assert [word.split()[-1] for word in words] == ["ордер", "ордера", "ордеров", "ордер"]


def test_an_error_without_its_number_shows_the_servers_own_words(page: Page) -> None:
    error = {"code": "price_band", "params": {}, "message": "said by the server"}
    assert call(page, "core/i18n.js", "errorText", error) == "said by the server"
    rejected = {"code": "order_rejected", "label": "INSUFFICIENT_AVAILABLE", "message": "x"}
    assert "not enough free margin" in call(page, "core/i18n.js", "errorText", rejected)


def test_an_unknown_outcome_is_followed_and_never_sent_again(open_page: OpenPage) -> None:
    page = open_page("/trade/futures/usdt/BTC_USDT", refusals=True)
    sent: list[str] = []

    def lose(route: Any) -> None:
        sent.append(route.request.post_data)
        error = {"code": "outcome_unknown", "message": "", "fields": {}, "params": {}}
        answer = route.fetch()
        assert answer.status == 201
        route.fulfill(status=504, json={"error": error})

    page.route(
        "**/api/trade",
        lambda route: lose(route) if route.request.method == "POST" else route.continue_(),
    )
    page.get_by_test_id("type-limit").click()
    expect(page.get_by_test_id("ticket-price")).not_to_have_value("")
    page.get_by_test_id("ticket-price").fill("61000")
    page.get_by_test_id("ticket-unit").select_option("quote")  # another test may have left base
    page.get_by_test_id("ticket-size").fill("100")
    expect(page.get_by_test_id("preview-value-buy")).to_be_visible()
    page.get_by_test_id("submit-buy").click()
    expect(page.get_by_test_id("toast-warn")).to_contain_text("not sent again")
    expect(page.get_by_test_id("toast-good")).to_contain_text("Order placed")
    assert len(sent) == 1
    page.get_by_test_id("panel-orders").click()
    page.get_by_test_id("cancel-all").click()
    page.get_by_test_id("confirm-yes").click()
    expect(page.get_by_test_id("orders-empty")).to_be_visible()


@pytest.mark.parametrize(
    ("values", "share", "right"),
    [([], 0.5, None), ([7], 0.95, 7), ([116, 6], 0.5, 6), ([116, 6], 0.95, 116),
     (list(range(100, 0, -1)), 0.5, 50), (list(range(100, 0, -1)), 0.95, 95)],
)  # fmt: skip
def test_a_quantile_is_a_value_that_was_measured(
    page: Page, values: list[int], share: float, right: int | None
) -> None:
    assert call(page, "core/link.js", "quantile", values, share) == right


def test_the_quickest_answer_says_how_the_clocks_differ(page: Page) -> None:
    answers = [{"rtt": 90, "offset": 300}, {"rtt": 4, "offset": -2}, {"rtt": 30, "offset": 12}]
    assert call(page, "core/link.js", "offsetOf", answers) == -2
