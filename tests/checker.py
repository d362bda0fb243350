"""Judges a history from outside: the journal's file against the exchange's own log.

Shares no code with the engine. `arrivals` is every create-order request that reached the exchange,
as `{text, accepted}` with `path` where the log knows it; `orders` what its orders came to in the
end, as `{text, order_id, filled, open}`. It states that every order was written down before it left
and left once, that nothing is still unknown, and that what the journal calls done, void or open is
so at the exchange, to the last digit.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


def journal_rows(file: Path) -> list[sqlite3.Row]:
    """The intents in the file, which must be whole."""
    with closing(sqlite3.connect(file)) as db:
        db.row_factory = sqlite3.Row
        if db.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise AssertionError(f"{file} is damaged")
        return db.execute("SELECT * FROM intent ORDER BY id").fetchall()


def problems(file: Path, arrivals: Iterable[Row], orders: Iterable[Row]) -> list[str]:
    """Everything that must not be; empty when the history is right."""
    rows = journal_rows(file)
    reached = list(arrivals)
    return [
        *_written_down(rows),
        *_sent_once(rows, reached),
        *_resolved(rows, reached, {str(o["text"]): o for o in orders}),
    ]


def _written_down(rows: list[sqlite3.Row]) -> Iterable[str]:
    texts = Counter(row["text"] for row in rows)
    asked = Counter(row["request_id"] for row in rows if row["request_id"])
    yield from (
        f"text {text} stands in the journal {n} times" for text, n in texts.items() if n > 1
    )
    yield from (f"request {name} became {n} orders" for name, n in asked.items() if n > 1)


def _sent_once(rows: list[sqlite3.Row], reached: list[Row]) -> Iterable[str]:
    known = {row["text"] for row in rows}
    for text, times in Counter(str(a["text"]) for a in reached).items():
        if times > 1:
            yield f"{text} reached the exchange {times} times"
        if text not in known:
            yield f"{text} reached the exchange but was never written down"


def _resolved(
    rows: list[sqlite3.Row], reached: list[Row], orders: Mapping[str, Row]
) -> Iterable[str]:
    accepted = {str(a["text"]) for a in reached if a["accepted"]}
    arrived = {str(a["text"]): a.get("path", "") for a in reached}
    for row in rows:
        state, text = row["state"], row["text"]
        name = f"{text} ({state} {row['label']} {row['path']!r}: {row['evidence']})"
        if row["path"] and arrived.get(text) and row["path"] != arrived[text]:
            yield f"{name} reached the exchange over {arrived[text]}"
        if state in ("SENDING", "UNKNOWN", "HOLD"):
            yield f"{name} is still not known"
        elif state == "VOID":
            if text in accepted:
                yield f"{name} was accepted by the exchange"
            if row["label"] == "NOT_SENT" and text in arrived:
                yield f"{name} reached the exchange"
        elif state in ("DONE", "OPEN"):
            yield from _as_executed(row, name, orders.get(text))


def _as_executed(row: sqlite3.Row, name: str, order: Row | None) -> Iterable[str]:
    if order is None:
        yield f"{name} is not known to the exchange"
        return
    if Decimal(row["filled"]) != abs(Decimal(str(order["filled"]))):
        yield f"{name} has filled {row['filled']}, the exchange says {order['filled']}"
    if str(row["order_id"]) not in ("", str(order["order_id"])):
        yield f"{name} has order id {row['order_id']}, the exchange says {order['order_id']}"
    if (row["state"] == "OPEN") != bool(order["open"]):
        yield f"{name}, but at the exchange it is {'open' if order['open'] else 'ended'}"
