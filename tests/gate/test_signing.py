"""The signatures equal those of Gate's documentation and of its official Python client."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.gate.signing import sign_login, sign_rest, sign_subscribe

VECTORS = json.loads(Path(__file__).with_name("gate-vectors.json").read_text(encoding="utf-8"))


def _sign(vector: dict[str, str]) -> str:
    secret, timestamp = vector["secret"], vector["timestamp"]
    if vector["kind"] == "rest":
        return sign_rest(
            secret,
            vector["method"],
            vector["path"],
            vector["query_signed"],
            vector["body"].encode(),
            timestamp,
        )
    if vector["kind"] == "ws_subscribe":
        return sign_subscribe(secret, vector["path"], vector["method"], timestamp)
    return sign_login(secret, vector["path"], vector["body"], timestamp)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"].split()[0])
def test_every_golden_vector(vector: dict[str, str]) -> None:
    assert _sign(vector) == vector["sign"]


def test_the_vectors_cover_all_three_kinds() -> None:
    assert len(VECTORS) == 14
    assert {v["kind"] for v in VECTORS} == {"rest", "ws_subscribe", "ws_login"}


@given(body=st.binary(min_size=1, max_size=40), index=st.integers(0, 39), flip=st.integers(1, 255))
def test_changing_one_byte_of_the_body_changes_the_signature(
    body: bytes, index: int, flip: int
) -> None:
    changed = bytearray(body)
    changed[index % len(body)] ^= flip
    first = sign_rest("s", "POST", "/api/v4/x", "", body, "1")
    assert first != sign_rest("s", "POST", "/api/v4/x", "", bytes(changed), "1")


def test_the_method_is_signed_in_upper_case() -> None:
    assert sign_rest("s", "get", "/p", "a=1", b"", "1") == sign_rest(
        "s", "GET", "/p", "a=1", b"", "1"
    )
