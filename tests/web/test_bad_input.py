"""Bad input on every route: never a server error, one error shape, the field named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from werkzeug.test import TestResponse

from mtrade.store import passwords
from mtrade.web import buckets
from mtrade.web.forms import Empty
from mtrade.web.route import Route
from mtrade.web.routes import ROUTES
from tests.web.samples import SAMPLES, address, fields_of, spoiled
from tests.web.site import Browser, Site, error_of

WITH_FORM = [route for route in ROUTES if route.form is not Empty]
IN_BODY = [route for route in WITH_FORM if not route.reads_query]
NAMES = [route.endpoint for route in WITH_FORM]

# Wrong for a field of any type, in a body.
NEVER_RIGHT: list[Any] = [
    True, 12.5, [], ["a"], {}, {"price": {}}, "", " ", "\u0000", "\ud800", "a" * 10_000,
    "NaN", "1e999", "Infinity", "9" * 400, "٣", "１２", "0x10", "1_000", "--1", "+", "-",
    "1,5,5", "<script>", "'; DROP TABLE intents; --", "../../etc/passwd", "\u202eabc", 10**30,
]  # fmt: skip
# Fields where some of these are right: free text, opaque JSON, secrets, flags.
FREE = {"name", "reason", "changes", "confirm", "password", "current", "new", "code", "secret",
        "key", "colour", "note", "phrase", "preview_hash", "params"}  # fmt: skip


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """An elevated owner without rate limits, for the whole sweep: nothing here takes effect that
    a later test would notice."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "RATES", {})
        patch.setattr(passwords, "_MEMORY_KIB", 64)
        yield Site(tmp_path_factory.mktemp("site"), stack).browser(elevated=True)


def call(browser: Browser, route: Route, values: Any) -> TestResponse:
    where = address(browser.site, route)
    if route.reads_query:
        return browser.send(route.method, where, query=values)
    return browser.send(route.method, where, values)


def test_the_samples_cover_every_form_and_every_field() -> None:
    assert set(SAMPLES) == set(NAMES)
    for route in WITH_FORM:
        optional = {"account", "request_id"}
        missing = set(route.form.model_fields) - set(SAMPLES[route.endpoint]) - optional
        missing -= {"price"} if "triggers" in route.path else set()
        assert not missing, route.endpoint


@pytest.mark.parametrize("route", WITH_FORM, ids=NAMES)
def test_hostile_values_are_refused_by_name(patient: Browser, route: Route) -> None:
    sample = SAMPLES[route.endpoint]
    for path in fields_of(sample):
        for value in NEVER_RIGHT:
            if route.reads_query and (not isinstance(value, str) or value == "\ud800"):
                continue
            response = call(patient, route, spoiled(sample, path, value))
            assert response.status_code < 500, (route.endpoint, path, value, response.text)
            if response.status_code >= 400:
                error_of(response)
            if _must_be_named(route, path, value):
                assert response.status_code in (400, 413), (path, value, response.text)
            if response.status_code == 400 and _must_be_named(route, path, value):
                assert ".".join(path) in _prefixes(error_of(response)["fields"]), (path, value)


def _must_be_named(route: Route, path: tuple[str, ...], value: Any) -> bool:
    """Whether the value is wrong here: some are right for some fields."""
    if path[-1] in FREE or (route.reads_query and value == ""):
        return False
    right = {"request_id": ["Infinity"], "instrument": ["1_000"]}.get(path[-1], [])
    good = _at(SAMPLES[route.endpoint], path)
    numeric = isinstance(good, str) and good.lstrip("-").replace(".", "").isdigit()
    right += [True] if isinstance(good, bool) else [12.5] if numeric else []
    return not any(type(value) is type(one) and value == one for one in right)


def _at(sample: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        sample = sample[name]
    return sample


def _prefixes(names: dict[str, str]) -> set[str]:
    parts = [name.split(".") for name in names]
    return {".".join(part[:n]) for part in parts for n in range(1, len(part) + 1)}


@pytest.mark.parametrize("route", WITH_FORM, ids=NAMES)
def test_missing_and_unknown_fields_are_named(patient: Browser, route: Route) -> None:
    sample = SAMPLES[route.endpoint]
    for name, field in route.form.model_fields.items():
        if field.is_required():
            error = error_of(call(patient, route, spoiled(sample, (name,), ...)))
            assert name in error["fields"], (route.endpoint, name)
    typo = next(iter(sample)) + "z"
    response = call(patient, route, {**sample, typo: "secret-value"})
    error = error_of(response)
    assert (response.status_code, error["code"]) == (400, "invalid_request")
    assert typo[:-1] in error["fields"][typo]
    assert "secret-value" not in response.text


def test_routes_without_a_form_take_no_field(patient: Browser) -> None:
    for route in ROUTES:
        if route.form is Empty and route.role is not None and "logout" not in route.path:
            response = call(patient, route, {"surplus": "1"})
            assert response.status_code == 400, route.endpoint
            assert list(error_of(response)["fields"]) == ["surplus"]


BROKEN = [
    b"{", b"[]", b"null", b'"text"', b"12", b"{'a': 1}", b'{"a": NaN}', b'{"a": Infinity}',
    b"\xff\xfe", b"{" * 50_000, b"[" * 200_000, b'{"a":' * 20_000, b'{"a": 1e400000}',
    b'{"a": ' + b"9" * 5000 + b"}", b"\x00", b"size=1",
]  # fmt: skip


@pytest.mark.parametrize("route", IN_BODY, ids=[r.endpoint for r in IN_BODY])
def test_broken_bodies_are_refused(patient: Browser, route: Route) -> None:
    for data in BROKEN:
        response = patient.send(route.method, address(patient.site, route), data=data)
        allowed = {400, 413} | ({403} if "accounts" in route.path else set())
        assert response.status_code in allowed, (data[:20], response.text)
        error_of(response)


def test_a_body_over_the_limit_is_refused(patient: Browser) -> None:
    huge = b'{"mode": "' + b"x" * 300_000 + b'"}'
    response = patient.send("POST", "/api/mode", data=huge)
    assert (response.status_code, error_of(response)["code"]) == (413, "too_large")
    small = patient.send("POST", "/api/auth/login", data=b'{"password": "' + b"x" * 2000 + b'"}')
    assert small.status_code == 413


@pytest.mark.parametrize("route", WITH_FORM, ids=NAMES)
def test_unknown_instruments_and_accounts_are_not_found(patient: Browser, route: Route) -> None:
    fields = set(route.form.model_fields)
    sample = dict(SAMPLES[route.endpoint])
    if "request_id" in fields:
        sample["request_id"] = "not-sent-before"
    if "account" in fields:
        response = call(patient, route, {**sample, "account": "live:404"})
        assert (response.status_code, error_of(response)["code"]) == (404, "unknown_account")
    if "instrument" in fields:
        response = call(patient, route, {**sample, "instrument": "NOPE_USDT"})
        # Ending risk does not ask market data first, so there the exchange answers.
        allowed = {404} if route.method == "GET" else {200, 404, 422}
        assert response.status_code in allowed, response.text


@pytest.mark.parametrize(
    "path",
    ["/api/orders/%00", "/api/orders/..%2f..", "/api/orders/" + "9" * 300, "/api/trade/abc",
     "/api/trade/-1", "/api/trade/0", "/api/trade/" + "9" * 19, "/api/trade/1e3",
     "/api/accounts/paper", "/api/accounts/%D0%B6:1", "/api/auth/sessions/a%20b",
     "/api/triggers/<b>"],
)  # fmt: skip
def test_ids_in_addresses_are_checked(patient: Browser, path: str) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        response = patient.send(method, path, {})
        assert response.status_code in (400, 404, 405), response.text
        error_of(response)


def test_a_query_field_given_twice_is_refused(patient: Browser) -> None:
    response = patient.send("GET", "/api/orders?market=spot&market=futures")
    assert response.status_code == 400
    assert list(error_of(response)["fields"]) == ["market"]


def test_all_faults_are_told_at_once(patient: Browser) -> None:
    body = {"market": "futures", "instrument": "btc", "side": "up", "type": "limit",
            "size": "-1", "unit": "contracts", "surplus": 1}  # fmt: skip
    error = error_of(patient.post("/api/trade", body))
    assert set(error["fields"]) == {
        "instrument", "side", "size", "surplus", "request_id", "price",
    }  # fmt: skip


def test_reasons_name_the_limit_in_the_callers_language(patient: Browser) -> None:
    body = {**SAMPLES["POST /api/trade"], "size": "0"}
    english = patient.send("POST", "/api/trade", body, headers={"Accept-Language": "en"})
    assert error_of(english)["fields"] == {"size": "must be above 0"}
    russian = patient.send("POST", "/api/trade", body, headers={"Accept-Language": "ru"})
    assert error_of(russian)["fields"] == {"size": "должно быть больше 0"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "market"}, "price"),
        ({"price": None}, "price"),
        ({"market": "spot"}, "leverage"),
        ({"size": "1000000000000001"}, "size"),
        ({"size": "0.0000000000001"}, "size"),
        ({"take_profit": {"price": "0"}}, "take_profit.price"),
        ({"request_id": "short"}, "request_id"),
        ({"request_id": "has space"}, "request_id"),
    ],
)
def test_orders_that_contradict_themselves_are_refused(
    patient: Browser, change: dict[str, Any], field: str
) -> None:
    response = patient.post("/api/trade", {**SAMPLES["POST /api/trade"], **change})
    assert response.status_code == 400
    assert field in error_of(response)["fields"]
