"""The words: both languages complete, every key and icon there, every code translated."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mtrade.web.icons import icon_symbol

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r'\bcode="([a-z_]+)"')
# Codes that only stop a start or name a broken file: the console says them, never the page.
CONSOLE = {"process", "config"}
# Its words are those of the wrong fields.
FIELDS = {"invalid_request"}
PAGE_FLOORS = ("domain", "gate", "trading", "web")


def catalogue(lang: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"static/i18n/{lang}.json").read_text("utf-8"))
    return found


def sources(folder: str, ending: str) -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted((ROOT / folder).rglob(ending)))


@pytest.mark.parametrize("prefix", ["", "server.", "server.copy."])
def test_both_languages_have_the_same_keys_and_parameters(prefix: str) -> None:
    english, russian = catalogue(f"{prefix}en"), catalogue(f"{prefix}ru")
    assert english.keys() == russian.keys()
    for key, text in english.items():
        names = [set(re.findall(r"\{(\w+)\}", json.dumps(t))) for t in (text, russian[key])]
        assert names[0] == names[1], key


def test_russian_plurals_have_every_form() -> None:
    for key, text in catalogue("ru").items():
        if isinstance(text, dict):
            assert text.keys() == {"one", "few", "many", "other"}, key


def test_every_literal_key_exists() -> None:
    used = set(re.findall(r"\bt\('([\w.]+)'", sources("templates", "*.html")))
    used |= set(re.findall(r"\bt\('([\w.]+)'", sources("static/js", "*.js")))
    partial = {key for key in used if key.endswith((".", "_"))}
    assert used - partial - catalogue("en").keys() == set()


def test_every_code_that_can_reach_the_page_has_words() -> None:
    text = "\n".join(sources(f"mtrade/{floor}", "*.py") for floor in PAGE_FLOORS)
    codes = set(CODE.findall(text)) | set(re.findall(r'default_code = "([a-z_]+)"', text))
    translated = {
        key.removeprefix("errors.")
        for name in ("en", "server.en", "server.copy.en")
        for key in catalogue(name)
    }
    assert codes - CONSOLE - FIELDS - translated == set()


def test_every_icon_of_the_scripts_is_in_the_sprite() -> None:
    sprite = (ROOT / "templates/partials/sprite.html").read_text("utf-8")
    listed = set(re.findall(r"'([a-z][a-z0-9-]*)'", sprite))
    used = set(re.findall(r"\bicon\('([a-z0-9-]+)'", sources("static/js", "*.js")))
    assert used <= listed
    for name in listed:
        assert "<symbol" in icon_symbol(name)


@pytest.mark.parametrize("sink", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"])
def test_text_is_never_html(sink: str) -> None:
    assert sink not in sources("static/js", "*.js")


def test_templates_carry_no_inline_code_or_style() -> None:
    text = sources("templates", "*.html")
    assert re.findall(r'\sstyle="|<style|\son\w+="', text) == []
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text)
    assert scripts == ['<script type="application/json" id="boot">']
