"""The links of copying: who follows whom, how, and in which state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mtrade.domain.accounts import Network
from mtrade.domain.copying.model import LinkState
from mtrade.domain.copying.params import RULES
from mtrade.domain.errors import AccessDenied, Conflict, InvalidRequest
from mtrade.trading.copying.views import LinkView, LinkWish
from mtrade.web import callers, codec, codec_copy
from mtrade.web.api.copy import words_of
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.copy_forms import (
    ActionForm,
    LinkChange,
    LinkForm,
    LinkStateForm,
    SketchForm,
    UnfollowQuery,
)
from mtrade.web.forms import Empty

# From here on new risk begins, so a person has to see the orders first.
UNARMED = frozenset({LinkState.OFF, LinkState.SHADOW, LinkState.TRIPPED, LinkState.HANDS_OFF})


def listing(call: Call, form: Empty) -> Json:
    """All links and how they stand."""
    words = words_of(call)
    return codec.items(codec_copy.link(view, words) for view in call.copying.links())


def show(call: Call, form: Empty, link_id: str) -> Json:
    """One link."""
    return _json(call, call.copying.link(int(link_id)))


def create(call: Call, form: LinkForm) -> Json:
    """A new link, in shadow: it sends nothing."""
    wish = LinkWish(
        leader_id=call.account_id(form.leader),
        follower_id=call.account_id(form.follower),
        settle=form.settle,
        name=form.name,
        note=form.note,
        colour=form.colour,
        params=form.params,
    )
    with _params():
        return _json(call, call.copying.create(wish))


def change(call: Call, form: LinkChange, link_id: str) -> Json:
    """Change name, note, colour or parameters. Sizes act from the leader's next position on."""
    wanted = {name: getattr(form, name) for name in form.model_fields_set if name != "version"}
    fields = {name: value for name, value in wanted.items() if value is not None}
    with _params():
        return _json(call, call.copying.change(int(link_id), fields, form.version))


def remove(call: Call, form: UnfollowQuery, link_id: str) -> None:
    """Unfollow; `how` says what becomes of the copied positions."""
    call.copying.remove(int(link_id), form.how)


def set_state(call: Call, form: LinkStateForm, link_id: str) -> Json:
    """Switch a link. Arming needs the hash of the orders that were seen."""
    copying, number = call.copying, int(link_id)
    view = copying.link(number)
    if form.state is LinkState.ON and view.link.state in UNARMED:
        _check_arming(call, view, form)
    return _json(call, copying.set_state(number, form.state, form.confirm))


def _check_arming(call: Call, view: LinkView, form: LinkStateForm) -> None:
    plan = call.copying.preview(view.link.id)
    if not form.confirm or form.preview_hash != codec_copy.plan_hash(plan):
        raise Conflict(
            "look at the orders that will be sent now and confirm them", code="confirm_needed"
        )
    if view.link.follower_id.partition(":")[0] != Network.LIVE:
        return
    if form.phrase != view.follower_name:
        raise InvalidRequest(
            "the typed words do not match",
            fields={"phrase": "does not have the expected form"},
            code="phrase_differs",
        )
    if not callers.is_elevated(call.caller, call.address, call.now_ms):
        raise AccessDenied("please give the password again", code="elevation_required")


def preview(call: Call, form: Empty, link_id: str) -> Json:
    """The orders that arming would send now, with reasons."""
    return codec_copy.plan(call.copying.preview(int(link_id)), words_of(call))


def sketch(call: Call, form: SketchForm) -> Json:
    """What a link with these settings would do now; nothing is stored."""
    wish = LinkWish(
        leader_id=call.account_id(form.leader),
        follower_id=call.account_id(form.follower),
        settle=form.settle,
        params=form.params,
    )
    with _params():
        return codec_copy.plan(call.copying.preview(wish), words_of(call))


def act(call: Call, form: ActionForm, link_id: str) -> Json:
    """Fix, adopt, ignore, close, catch up or skip one contract."""
    row = call.copying.act(int(link_id), form.instrument_id(), form.side, form.action)
    return codec_copy.sync_row(row, words_of(call))


def _json(call: Call, view: LinkView) -> Json:
    return codec_copy.link(view, words_of(call))


@contextmanager
def _params() -> Iterator[None]:
    """Names the parameters of a refusal as the body names them: `params.multiplier`."""
    try:
        yield
    except InvalidRequest as refusal:
        named = {f"params.{name}" if name in RULES else name: why
                 for name, why in refusal.fields.items()}  # fmt: skip
        raise InvalidRequest(
            refusal.message, fields=named, code=refusal.code, params=refusal.params
        ) from None
