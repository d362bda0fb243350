"""Reasons in Russian: short English phrases that come from below, where no language is known."""

from __future__ import annotations

import re
from collections.abc import Callable

_RUSSIAN: dict[str, str] = {
    # where a setting stands
    "command line": "командная строка",
    "environment": "переменные среды",
    "settings": "настройки",
    # of config.json and .env
    "wrong value": "недопустимое значение",
    "missing": "не хватает",
    "must be a JSON object": "нужен объект JSON",
    "is nested too deeply": "слишком глубокая вложенность",
    "is larger than 1 MiB": "больше 1 МиБ",
    "is not UTF-8 text": "это не текст UTF-8",
    "cannot be read: (.*)": "не читается: {0}",
    "cannot be written: (.*)": "не записывается: {0}",
    "this folder cannot be used: (.*)": "папка непригодна: {0}",
    "certificate and key cannot be used together: (.*)": "сертификат и ключ не подходят: {0}",
    "expected NAME=value": "нужно ИМЯ=значение",
    "unexpected end": "неожиданный конец",
    "this key stands here a second time": "это имя уже встречалось",
    "(NaN|-?Infinity) is not a number": "{0} не число",
    # of Python's JSON reader
    "Expecting property name enclosed in double quotes": "ожидается имя в двойных кавычках",
    "Illegal trailing comma before end of (?:object|array)": "лишняя запятая",
    "Expecting value": "ожидается значение",
    "Expecting '(.)' delimiter": "ожидается «{0}»",
    "Extra data": "лишние данные после конца",
    "Unterminated string starting at": "строка не закрыта",
    "Invalid control character at": "недопустимый управляющий символ",
    r"Invalid \\.*": "неверная последовательность после обратной косой черты",
    # of what would be right
    "a whole number": "целое число",
    "a whole number from 1 to 65535": "целое число от 1 до 65535",
    "a port that browsers open; they refuse (.*)": "порт, который открывают браузеры; не {0}",
    'a number in quotes, like "0.5"': "число в кавычках, например «0.5»",
    "text in quotes": "текст в кавычках",
    r"an object \{ \}": "объект {{ }}",
    r"a list \[ \]": "список [ ]",
    "at least (.*)": "не меньше {0}",
    "more than (.*)": "больше {0}",
    "at most (.*)": "не больше {0}",
    "less than (.*)": "меньше {0}",
    "both certificate and key": "и сертификат, и ключ",
    r"an existing file \((.*) is none\)": "существующий файл ({0} не файл)",
    "host names separated by commas, without port or path": "имена через запятую, без порта и пути",
    "an address on this computer, like (.*)": "адрес на этом компьютере, например {0}",
    r"0\.0\.0\.0 \(home network\), 127\.0\.0\.1 \(this computer only\) or an own address": (
        "0.0.0.0 (домашняя сеть), 127.0.0.1 (только этот компьютер) или собственный адрес"
    ),
    # of the operating system
    "it is taken by (.*)": "его держит {0}",
    "(?i:address already in use)": "адрес уже занят",
    "Permission denied": "нет прав",
    "No space left on device": "нет места на диске",
    "Read-only file system": "диск только для чтения",
    "Is a directory": "это папка",
    "Cannot assign requested address": "у этого компьютера нет такого адреса",
}


def phrase(english: str, lang: str) -> str:
    """`english` in `lang`; what is not known here stays as it came."""
    if lang != "ru":
        return english
    for pattern, russian in _RUSSIAN.items():
        match = re.fullmatch(pattern, english)
        if match:
            return _filled(russian, match, lambda part: phrase(part, lang))
    return english


def _filled(russian: str, match: re.Match[str], inner: Callable[[str], str]) -> str:
    return russian.format(*(inner(part) for part in match.groups()))
