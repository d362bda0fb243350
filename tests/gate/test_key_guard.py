"""A refused key is tried once a minute, whoever asks and whatever for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mtrade.domain.errors import AuthenticationFailed
from mtrade.gate.client import GateClient

from .loopback import FixedClock, client, reply, serve


def plain(raw: Any) -> Any:
    return raw


def no(label: str, status: int = 403) -> Any:
    return reply(json.dumps({"label": label, "message": "no"}), status=status)


def ask(gate: GateClient) -> Any:
    return gate.read("/futures/usdt/accounts", plain, bucket="b")


def act(gate: GateClient) -> Any:
    return gate.change("POST", "/futures/usdt/orders", plain, bucket="b", body={}, urgent=True)


def later(gate: GateClient, seconds: float) -> None:
    assert isinstance(gate.clock, FixedClock)
    gate.clock.seconds += seconds


@pytest.mark.parametrize("first", [ask, act])
@pytest.mark.parametrize("label", ["INVALID_KEY", "INVALID_SIGNATURE", "IP_FORBIDDEN"])
def test_c38_one_failing_call_a_minute_for_everybody(
    label: str, first: Callable[[GateClient], Any]
) -> None:
    """Reads, orders and retries together; the answer in between is the exchange's own."""
    with serve(no(label), no(label)) as server:
        gate = client(server)
        for minute in range(2):
            with pytest.raises(AuthenticationFailed):
                first(gate)
            for call in (ask, act, ask):
                later(gate, 10)
                with pytest.raises(AuthenticationFailed) as refusal:
                    call(gate)
                assert (refusal.value.label, refusal.value.http_status) == (label, 403)
            assert len(server.requests) == minute + 1
            later(gate, 31)
        gate.close()


def test_c38_a_key_that_is_good_again_is_used_at_once() -> None:
    with serve(no("IP_FORBIDDEN")) as server:
        gate = client(server)
        with pytest.raises(AuthenticationFailed):
            ask(gate)
        later(gate, 61)
        assert ask(gate) == {}
        assert act(gate) == {}
        assert len(server.requests) == 3
        gate.close()


@pytest.mark.parametrize("label", ["READ_ONLY", "FORBIDDEN"])
def test_c38_a_missing_right_holds_up_no_other_call(label: str) -> None:
    with serve(no(label)) as server:
        gate = client(server)
        with pytest.raises(AuthenticationFailed):
            act(gate)
        assert ask(gate) == {}
        assert len(server.requests) == 2
        gate.close()


def test_c38_public_data_needs_no_key() -> None:
    with serve(no("INVALID_KEY")) as server:
        gate = client(server)
        with pytest.raises(AuthenticationFailed):
            ask(gate)
        assert gate.read("/spot/time", plain, bucket="b", public=True) == {}
        with pytest.raises(AuthenticationFailed):
            ask(gate)
        assert len(server.requests) == 2
        gate.close()
