"""`GET /api/events`: the newest state of chosen topics as one server-sent event stream.

A stream holds one thread of the web server, so it looks twice a second whether its browser is
still there, its session still holds and the server still runs, and gives its seat back at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from flask import Response, request

from mtrade.domain.errors import ExchangeError, NotFound, StoreError
from mtrade.trading.live.mailbox import Mailbox
from mtrade.trading.live.topics import (
    AccountTopic,
    CandleTopic,
    MarketTopic,
    Topic,
    parse_topics,
)
from mtrade.web.context import Call
from mtrade.web.queries import EventsQuery
from mtrade.web.security import Refused

TYPE = "text/event-stream"
HELLO = b"retry: 1500\n: mTrade\n\n"
QUIET = b": quiet\n\n"
RESYNC = b"event: resync\ndata: {}\n\n"

LOOK_S = 0.4
QUIET_S = 5.0
LIFE_S = 900.0

PEER_GONE = "mtrade.peer_gone"  # put into the WSGI environment by the server


def listen(call: Call, form: EventsQuery) -> Response:
    """The newest state of each topic at once, then every change, at most ten a second."""
    topics = parse_topics(form.topics)
    if TYPE not in request.headers.get("Accept", ""):
        raise Refused(406, "not_acceptable", f"send Accept: {TYPE}")
    for topic in topics:
        _check(call, topic)
    if request.method == "HEAD":
        return Response(mimetype=TYPE)
    owner = call.caller.session.id if call.caller.session else f"token {call.caller.token_name}"
    seats = call.context.seats
    seats.take(owner)
    mailbox = call.desk.hub.subscribe(topics)
    response = Response(_stream(call, mailbox, _goes_on(call)), mimetype=TYPE)

    def leave() -> None:
        call.desk.hub.unsubscribe(mailbox)
        seats.leave(owner)

    response.call_on_close(_once(leave))
    return response


def _check(call: Call, topic: Topic) -> None:
    """Raise NotFound for what is not there. An exchange that cannot be asked now is no reason."""
    if isinstance(topic, AccountTopic):
        call.account_id(topic.account_id)
    if isinstance(topic, MarketTopic | CandleTopic):
        if not any(a.network is topic.network for a in call.desk.accounts.list()):
            raise NotFound("there is no account on this network", code="unknown_network")
        try:
            call.known(topic.network, topic.instrument)
        except ExchangeError:
            return


def _goes_on(call: Call) -> Callable[[], bool]:
    """Whether there is still anybody, and whether it may still listen."""
    gone: Callable[[], bool] = request.environ.get(PEER_GONE, lambda: False)
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    context, session = call.context, call.caller.session
    session_id = None if session is None else session.id

    def goes_on() -> bool:
        if context.control.stopping or gone():
            return False
        try:
            return context.living.holds(session_id, token)
        except StoreError:
            return False

    return goes_on


def _stream(call: Call, mailbox: Mailbox, goes_on: Callable[[], bool]) -> Iterator[bytes]:
    clock, hub = call.context.clock, call.desk.hub
    began = spoke = looked = clock.monotonic()
    yield HELLO
    while not mailbox.closed:
        part = mailbox.take(LOOK_S)
        if mailbox.overflown():
            hub.resend(mailbox)
            part = RESYNC
        now = clock.monotonic()
        if now - looked >= LOOK_S or not part:
            looked = now
            if now - began >= LIFE_S or not goes_on():
                return
        if part or now - spoke >= QUIET_S:
            spoke = now
            yield part or QUIET


def _once(act: Callable[[], None]) -> Callable[[], None]:
    """`act`, however often it is asked for."""
    first = threading.Lock()

    def done() -> None:
        if first.acquire(blocking=False):
            act()

    return done
