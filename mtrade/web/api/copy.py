"""Copying as a whole: how it stands, its brakes, its feed, its parameters."""

from __future__ import annotations

from flask import Response

from mtrade.domain.copying.codes import Act
from mtrade.domain.copying.model import CopyEvent
from mtrade.trading.copying.views import CopyDesk, LinkView
from mtrade.web import codec, codec_copy, codec_params
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.copy_forms import (
    BrakeForm,
    FeedQuery,
    FlattenForm,
    ScopeForm,
    SyncQuery,
    TicketQuery,
)
from mtrade.web.copy_table import table
from mtrade.web.copy_words import Words
from mtrade.web.forms import Empty

SHOUTED = (Act.ALERT, Act.FAILED)
MOST_SHOUTED = 10
EVERYTHING = "all"
PARTS = ("brakes", "links", "sync", "alerts")


def words_of(call: Call) -> Words:
    """The caller's language."""
    return Words(call.context.catalogue, call.language)


def overview(call: Call, form: Empty) -> Json:
    """Mode, brakes, links, contracts and the latest alarms, in one answer."""
    return whole(call.desk.copying, words_of(call), call.desk.engine.mode())


def whole(copying: CopyDesk | None, words: Words, mode: str) -> Json:
    """What the copy page shows. `newest` is the id of the newest row of the feed."""
    if copying is None:
        return {"mode": mode, "newest": 0, **{name: [] for name in PARTS}}
    links = copying.links()
    shouted = [row for act in SHOUTED for row in copying.events(None, act, None, MOST_SHOUTED)]
    shouted.sort(key=lambda row: row.id, reverse=True)
    return {
        "mode": mode,
        "newest": _newest(links, shouted),
        "brakes": [codec_copy.brake(row) for row in copying.brakes()],
        "links": [codec_copy.link_line(view, words) for view in links],
        "sync": [codec_copy.sync_row(row, words) for row in copying.sync(None)],
        "alerts": codec_copy.events(shouted[:MOST_SHOUTED], words),
    }


def _newest(links: tuple[LinkView, ...], shouted: list[CopyEvent]) -> int:
    acts = [view.last_action.id for view in links if view.last_action is not None]
    return max([0, *acts, *(row.id for row in shouted)])


def sync(call: Call, form: SyncQuery) -> Json:
    """Every contract of all links or of one: leader, target, owned, foreign, and why."""
    words = words_of(call)
    return codec.items(codec_copy.sync_row(row, words) for row in call.copying.sync(form.link))


def feed(call: Call, form: FeedQuery) -> Json | Response:
    """What copying did and why not, newest first; as JSON or as CSV."""
    copying, words = call.copying, words_of(call)
    rows = copying.events(form.link, form.act, form.before, form.limit)
    if form.format == "csv":
        names = {view.link.id: view.follower_name for view in copying.links()}
        return _download(table(rows, names, words))
    cursor = str(rows[-1].id) if len(rows) == form.limit else None
    return codec.items(codec_copy.events(rows, words), cursor=cursor)


def _download(text: str) -> Response:
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="mtrade-copying.csv"'
    return response


def parameters(call: Call, form: Empty) -> Json:
    """The table of parameters: defaults, bounds, units, choices, groups and what they mean."""
    return codec_params.parameters(words_of(call))


def ticket(call: Call, form: TicketQuery) -> Json:
    """What each follower of this leader would do with an order."""
    account = call.desk.accounts.get(form.account)
    wanted = form.instrument_id()
    call.known(account.network, wanted)
    rows = call.copying.ticket(account.id, wanted, form.side, form.size)
    words = words_of(call)
    return codec.items(codec_copy.ticket_row(row, words) for row in rows)


def pause(call: Call, form: ScopeForm) -> Json:
    """Copy only exits from now on."""
    call.copying.pause(_known(call, form.scope), call.caller.actor)
    return brakes(call)


def resume(call: Call, form: ScopeForm) -> Json:
    """Copy again what was paused together."""
    call.copying.resume(_known(call, form.scope), call.caller.actor)
    return brakes(call)


def halt(call: Call, form: BrakeForm) -> Json:
    """Nothing leaves any more, not even exits."""
    call.copying.halt(_account(call, form.scope), call.caller.actor)
    return brakes(call)


def release(call: Call, form: BrakeForm) -> Json:
    """Lift a halt."""
    call.copying.release(_account(call, form.scope), call.caller.actor)
    return brakes(call)


def flatten(call: Call, form: FlattenForm) -> Json:
    """Close positions at market and keep a brake on."""
    call.copying.flatten(_known(call, form.scope), form.then, call.caller.actor)
    return brakes(call)


def brakes(call: Call) -> Json:
    """The brakes in force."""
    return codec.items(map(codec_copy.brake, call.copying.brakes()))


def _known(call: Call, scope: str) -> str:
    """`scope`, if what it names exists. Raises NotFound."""
    if not scope.startswith("link:"):
        return _account(call, scope)
    call.copying.link(int(scope.removeprefix("link:")))
    return scope


def _account(call: Call, scope: str) -> str:
    """`all` or a known account. Raises NotFound."""
    return scope if scope == EVERYTHING else call.account_id(scope)
