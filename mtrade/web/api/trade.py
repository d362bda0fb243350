"""Orders as mTrade decides and journals them."""

from __future__ import annotations

from mtrade.domain.errors import InvalidRequest
from mtrade.trading.views import Problem
from mtrade.web import codec
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.forms import Empty
from mtrade.web.order_forms import OrderForm, PreviewForm, ResolveForm
from mtrade.web.queries import IntentsQuery


def submit(call: Call, form: OrderForm) -> Json:
    """Send an order, once per `request_id`."""
    wish = form.wish(call.account_id(form.account), form.request_id)
    done = call.desk.engine.submit(wish)
    protection = [codec.intent(row) for row in done.protection]
    return {"intent": codec.intent(done.intent), "protection": protection}


def preview(call: Call, form: PreviewForm) -> Json:
    """What an order would do if sent now; nothing is sent."""
    shown = call.desk.engine.preview(form.wish(call.account_id(form.account)))
    return codec.preview(shown, [_problem(call, found) for found in shown.problems])


def _problem(call: Call, found: Problem) -> Json:
    """A problem in the caller's language; a wrong field's reason is translated as in an error."""
    catalogue = call.context.catalogue
    message = (
        catalogue.reason(call.language, found.message)
        if found.code == InvalidRequest.default_code
        else call.text(f"errors.{found.code}", found.message, found.params)
    )
    return {
        "code": found.code,
        "message": message,
        "field": found.field or None,
        "params": dict(found.params),
    }


def show(call: Call, form: Empty, intent_id: str) -> Json:
    """One journalled order."""
    return codec.intent(call.desk.engine.intent(int(intent_id)))


def resolve(call: Call, form: ResolveForm, intent_id: str) -> Json:
    """Close an order on HOLD by hand, as void."""
    return codec.intent(call.desk.engine.resolve_by_hand(int(intent_id), form.reason))


def listing(call: Call, form: IntentsQuery) -> Json:
    """The journal, newest first; without `account` that of all accounts."""
    account_id = None if form.account is None else call.account_id(form.account)
    rows = call.desk.engine.intents(account_id, form.before, form.limit)
    full = len(rows) == form.limit
    return codec.items(map(codec.intent, rows), cursor=str(rows[-1].id) if full else None)
