"""Signed REST calls to a stand's gateway."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus

from mtrade.domain.numbers import loads
from mtrade.gate.signing import sign_rest
from mtrade.paper.admission import Incoming
from mtrade.paper.gateway import Outgoing
from tests.paper.ws.stand import Stand


def call(
    stand: Stand,
    key: str,
    method: str,
    path: str,
    query: str = "",
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Outgoing:
    """One signed call with text sizes."""
    raw = b"" if body is None else json.dumps(body).encode()
    stamp, path = str(stand.clock.ms // 1000), f"/api/v4{path}"
    sign = sign_rest(f"{key}-secret", method, path, unquote_plus(query), raw, stamp)
    sent = {"key": key, "sign": sign, "timestamp": stamp, "x-gate-size-decimal": "1"}
    incoming = Incoming(
        method=method,
        raw_path=path,
        raw_query=query,
        headers={**sent, **(headers or {})},
        body=raw,
        remote="127.0.0.1",
    )
    return stand.gateway.dispatch(incoming)


def rest(stand: Stand, key: str, method: str, path: str, query: str = "", body: Any = None) -> Any:
    """The JSON of a call that must succeed."""
    answer = call(stand, key, method, path, query, body)
    assert answer.status < 300, answer.body
    return loads(answer.body)
