"""Whether a stream may go on is asked of the store a few times a second, not once per stream."""

from __future__ import annotations

from typing import Any, cast

from mtrade.web.ports import AccessStore
from mtrade.web.seats import FRESH_S, Living
from tests.clocks import FakeClock


class Store:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.tokens = {"mt_one", "mt_two"}
        self.asked: list[str] = []

    def token(self, token: str, *, now_ms: int) -> Any:
        self.asked.append(token)
        return object() if token in self.tokens else None


def test_a_token_of_many_streams_is_looked_up_once() -> None:
    store, clock = Store(), FakeClock()
    living = Living(cast("AccessStore", store), clock)
    for _ in range(8):
        assert living.holds(None, "mt_one")
        assert living.holds(None, "mt_two")
        assert not living.holds(None, "mt_unknown")
    assert sorted(store.asked) == ["mt_one", "mt_two", "mt_unknown"]


def test_a_revoked_token_ends_as_soon_as_the_answer_is_old() -> None:
    store, clock = Store(), FakeClock()
    living = Living(cast("AccessStore", store), clock)
    assert living.holds(None, "mt_one")
    store.tokens.clear()
    clock.advance(FRESH_S)
    assert not living.holds(None, "mt_one")
