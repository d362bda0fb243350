"""Every word copying can say exists in both languages, and no sentence is shown half filled."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest

from mtrade.domain.copying import choices
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import CopyEvent, LinkState
from mtrade.domain.copying.params import RULES, Group, Rule
from mtrade.web.copy_words import Words, number
from mtrade.web.i18n import Catalogue
from tests.web.site import ROOT

FOLDER = ROOT / "static" / "i18n"
CATALOGUE = Catalogue(FOLDER)
LANGUAGES = ("ru", "en")
GAP = re.compile(r"\{\w+\}")
ENUMS = [
    e for e in vars(choices).values() if isinstance(e, type) and e.__module__ == choices.__name__
]


def text(lang: str, key: str) -> str:
    found = CATALOGUE.text(lang, key, {})
    assert found, f"{lang}: {key}"
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", list(Code))
def test_every_reason_has_a_sentence_that_needs_no_number(lang: str, code: Code) -> None:
    sentence = Words(CATALOGUE, lang).reason(Reason(code))
    assert sentence != f"copy.reason.{code}"
    assert not GAP.search(sentence)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_act_state_and_group_has_words(lang: str) -> None:
    for act in Act:
        text(lang, f"copy.act.{act}")
        told = Words(CATALOGUE, lang).event(CopyEvent(time_ms=0, link_id=1, act=act))
        assert not GAP.search(told)
        assert told != f"copy.event.{act}"
    for state in LinkState:
        text(lang, f"copy.state.{state}")
        text(lang, f"copy.state_help.{state}")
    for group in Group:
        text(lang, f"copy.group.{group}")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", RULES)
def test_every_parameter_has_a_name_a_help_and_its_choices(lang: str, name: str) -> None:
    rule: Rule = RULES[name]
    text(lang, f"copy.param.{name}")
    help_text = text(lang, f"copy.param.{name}.help")
    assert ("По умолчанию" if lang == "ru" else "Default") in help_text
    if rule.unit:
        text(lang, f"copy.unit.{rule.unit}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_choice_has_a_word(lang: str) -> None:
    assert len(ENUMS) > 20
    for enum in ENUMS:
        for value in enum:
            text(lang, f"copy.choice.{enum.__name__}.{value}")


def test_numbers_are_written_as_the_reader_writes_them() -> None:
    reason = Reason(Code.PRICE_RAN, {"bps": "1042.5", "limit": "30"})
    assert Words(CATALOGUE, "en").reason(reason) == "the price ran 1,042.5 bps, the limit is 30"
    assert Words(CATALOGUE, "ru").reason(reason) == "цена ушла на 1\u00a0042,5 б.п., предел 30"
    assert number("-0.5", "ru") == "\u22120,5"


def test_a_missing_number_gives_the_plain_sentence() -> None:
    assert Words(CATALOGUE, "en").reason(Reason(Code.PRICE_RAN, {"bps": "42"})) == (
        "the price ran too far"
    )


def test_an_unknown_key_stays_visible() -> None:
    assert Words(CATALOGUE, "en").sentence("copy.reason.NEW", {}) == "copy.reason.NEW"


def test_moments_are_shown_as_times_of_day() -> None:
    shown = Words(CATALOGUE, "en").reason(Reason(Code.IN_FLIGHT, {"since": "1700000000000"}))
    assert re.search(r"\d\d:\d\d:\d\d", shown)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_of_a_parameter_is_longer_than_a_line_or_two(lang: str) -> None:
    found: dict[str, Any] = json.loads((FOLDER / f"server.copy.{lang}.json").read_text("utf-8"))
    assert max(len(value) for value in found.values()) < 160


def test_the_fullest_sentence_that_has_its_numbers_is_said() -> None:
    words = Words(CATALOGUE, "en")
    numbers = {"side": "buy", "size": "3", "price": "60010"}
    copied = CopyEvent(time_ms=0, link_id=1, act=Act.COPIED, numbers=numbers)
    assert words.event(copied) == "buy 3 cont. at 60,010"
    more = {**numbers, "lag_ms": "12", "gap_bps": "-0.6"}
    assert words.event(CopyEvent(time_ms=0, link_id=1, act=Act.COPIED, numbers=more)) == (
        "buy 3 cont. at 60,010, 12 ms, \u22120.6 bps"
    )


def test_a_link_that_only_watches_says_what_it_would_send() -> None:
    numbers = {"side": "sell", "size": "5"}
    watched = CopyEvent(
        time_ms=0, link_id=1, act=Act.SHADOW, code=Code.SHADOW, numbers=numbers
    )  # fmt: skip
    assert Words(CATALOGUE, "en").event(watched) == "would sell 5 cont."


def test_values_that_are_our_words_are_translated() -> None:
    moved = CopyEvent(
        time_ms=0, link_id=1, act=Act.STATE, numbers={"before": "on", "after": "close_only"}
    )
    assert Words(CATALOGUE, "ru").event(moved) == "копирует → только выход"
    refused = Reason(Code.REFUSED, {"label": "INSUFFICIENT_AVAILABLE"})
    assert "INSUFFICIENT_AVAILABLE" in Words(CATALOGUE, "ru").reason(refused)


def reasons_given() -> list[tuple[str, Code, set[str]]]:
    """Every reason written with its numbers in the source: where, which, with which numbers."""
    found = []
    for path in sorted((ROOT / "mtrade").rglob("copying/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason"):
                continue
            code, numbers = [*node.args, None, None][:2]
            if isinstance(code, ast.Attribute) and isinstance(numbers, ast.Dict):
                names = {key.value for key in numbers.keys if isinstance(key, ast.Constant)}
                found.append((f"{path.name}:{node.lineno}", Code[code.attr], names))
    return found


def test_the_numbers_of_a_reason_are_said() -> None:
    """A sentence whose places are named otherwise than the reason's numbers would hide them."""
    lost = []
    for where, code, names in reasons_given():
        keys = (f"copy.reason.{code}{form}" for form in ("", ".short"))
        forms = [set(GAP.findall(CATALOGUE.text("en", key, {}) or "")) for key in keys]
        wanted = [places for places in forms if places]
        given = {f"{{{name}}}" for name in names}
        if wanted and names and not any(places <= given for places in wanted):
            lost.append(f"{where}: {code} gives {sorted(names)}, the sentence wants {wanted}")
    assert not lost, "\n".join(lost)
