"""What the monitor asks the journal: everything since its last look, in one read."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from sqlite3 import Connection

from mtrade.domain.copying.audit import Audit
from mtrade.domain.copying.codes import Act
from mtrade.domain.numbers import CONTEXT, ZERO

_ENDED = (
    "SELECT leg_id, side, filled FROM intent"
    " WHERE id>? AND leg_id IS NOT NULL AND (state='DONE' OR state='VOID')"
)
_TOLD = (
    "SELECT DISTINCT l.id FROM copy_event e JOIN copy_leg l ON l.link_id=e.link_id"
    " AND l.settle=e.settle AND l.instrument=e.instrument AND l.side=e.side"
    " WHERE e.id>? AND e.act=?"
)
_BUSY = (
    "SELECT leg_id, count(*) FROM intent WHERE state NOT IN('DONE','VOID') AND leg_id IS NOT NULL"
    " GROUP BY leg_id"
)
_TWICE = "SELECT account_id FROM intent WHERE id>? GROUP BY text HAVING count(*)>1"
_VOID_CAUSES = (
    "SELECT DISTINCT i.account_id FROM intent i JOIN intent_cause c ON c.intent_id=i.id"
    " WHERE i.id>? AND i.state='VOID'"
)


def audit(db: Connection, since_intent: int, since_event: int) -> Audit:
    """See `Audit`; the two ids are the last ones of the look before."""
    last = dict(map(tuple, db.execute("SELECT name, seq FROM sqlite_sequence").fetchall()))
    filled: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for leg_id, side, size in db.execute(_ENDED, (since_intent,)):
        filled[leg_id] += CONTEXT.create_decimal(size) * (1 if side == "buy" else -1)
    legs = db.execute("SELECT id, owned, pending FROM copy_leg").fetchall()
    return Audit(
        last_intent=last.get("intent", 0),
        last_event=last.get("copy_event", 0),
        filled=dict(filled),
        by_hand=_told(db, since_event, Act.HAND),
        began=_told(db, since_event, Act.EPISODE),
        legs={row[0]: (CONTEXT.create_decimal(row[1]), row[2]) for row in legs},
        busy=dict(map(tuple, db.execute(_BUSY).fetchall())),
        twice=frozenset(row[0] for row in db.execute(_TWICE, (since_intent,))),
        void_causes=frozenset(row[0] for row in db.execute(_VOID_CAUSES, (since_intent,))),
    )


def _told(db: Connection, since_event: int, act: Act) -> frozenset[int]:
    """The legs of which the feed tells this."""
    return frozenset(row[0] for row in db.execute(_TOLD, (since_event, act.value)))
