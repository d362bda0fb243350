"""The catalogue: both languages say the same things, and every reason finds its translation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mtrade.web.i18n import Catalogue, fill, preferred
from tests.web.site import ROOT

FOLDER = ROOT / "static" / "i18n"
PLACE = re.compile(r"\{(\w+)\}")


def keys(name: str) -> dict[str, object]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(FOLDER)


@pytest.mark.parametrize("name", ["{}.json", "server.{}.json", "server.copy.{}.json"])
def test_both_languages_have_the_same_keys_and_places(name: str) -> None:
    russian, english = keys(name.format("ru")), keys(name.format("en"))
    assert set(russian) == set(english)
    for key, text in english.items():
        if isinstance(text, str):
            assert set(PLACE.findall(text)) == set(PLACE.findall(str(russian[key]))), key


def test_no_text_is_kept_twice() -> None:
    files = [set(keys(name)) for name in ("en.json", "server.en.json", "server.copy.en.json")]
    assert len(set.union(*files)) == sum(map(len, files))


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("must be above 0", "должно быть больше 0"),
        ("minimum is 3 USDT", "минимум 3 USDT"),
        ("maximum is 100 percent", "максимум 100 процентов"),
        ("must be one of 'buy' or 'sell'", "одно из: 'buy' or 'sell'"),
        ("unknown field; did you mean price?", "неизвестное поле; может быть, price?"),
        ("unknown field", "неизвестное поле"),
        ("needs 12 to 128 characters", "от 12 до 128 символов"),
        ("something nobody translated", "something nobody translated"),
    ],
)
def test_reasons_are_translated_with_their_limits(
    catalogue: Catalogue, english: str, russian: str
) -> None:
    assert catalogue.reason("ru", english) == russian
    assert catalogue.reason("en", english) == english


def test_an_unknown_key_is_none_and_an_unknown_place_stays(catalogue: Catalogue) -> None:
    assert catalogue.text("ru", "no.such.key", {}) is None
    assert catalogue.text("xx", "errors.role", {}) is None
    assert fill("{a} {b}", {"a": 1}) == "1 {b}"


def test_an_empty_folder_has_no_texts(tmp_path: Path) -> None:
    assert Catalogue(tmp_path).text("ru", "errors.role", {}) is None


@pytest.mark.parametrize(
    ("header", "found"),
    [("en-US,en;q=0.9", "en"), ("de,ru;q=0.5", "ru"), ("RU", "ru"), ("fr", None), ("", None),
     (",;,", None)],
)  # fmt: skip
def test_the_browsers_language_is_the_first_we_speak(header: str, found: str | None) -> None:
    assert preferred(header) == found


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("key_exchange_unavailable", "Биржа недоступна"),
        ("exchange_unavailable", "Биржа недоступна"),
        ("key_withdrawal_right", "вывод"),
        ("key_invalid_key", "ключ"),
        ("login_ok", "пользователь 7"),
    ],
)
def test_whatever_a_key_check_says_is_said_in_russian(
    catalogue: Catalogue, code: str, words: str
) -> None:
    found = catalogue.outcome("ru", code, {"uid": "7"})
    assert found is not None
    assert words in found
    assert catalogue.outcome("ru", "unheard_of", {}) is None
