"""The feed of copying as a table for spreadsheets (CSV)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from mtrade.domain import numbers
from mtrade.domain.copying.model import CopyEvent
from mtrade.web.copy_words import Words

HEAD = (
    "id", "time_ms", "time_utc", "link", "follower", "act", "code", "instrument", "side", "text",
    "numbers", "intent",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_FORMULA = "=+-@\t\r"


def table(rows: Iterable[CopyEvent], names: Mapping[int, str], words: Words) -> str:
    """A head and one line per row, with a mark that tells spreadsheets it is UTF-8."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for row in rows:
        writer.writerow([_cell(value) for value in _line(row, names, words)])
    return out.getvalue()


def _line(row: CopyEvent, names: Mapping[int, str], words: Words) -> tuple[object, ...]:
    at = datetime.fromtimestamp(row.time_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return (
        row.id,
        row.time_ms,
        at.removesuffix("+00:00"),
        row.link_id,
        names.get(row.link_id, ""),
        row.act,
        row.code or "",
        "" if row.instrument is None else row.instrument.name,
        row.side or "",
        words.event(row),
        numbers.dumps(dict(row.numbers)),
        "" if row.intent_id is None else row.intent_id,
    )


def _cell(value: object) -> str:
    """A spreadsheet runs what begins like a formula; names of accounts may be anything."""
    text = str(value)
    if text.startswith(tuple(_FORMULA)) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
