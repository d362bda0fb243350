"""What may happen to a small JSON file on a real disk."""

from __future__ import annotations

import json

from mtrade.store import files


def corruptions(good: bytes) -> dict[str, bytes]:
    """Everything that may happen to a small file, cut at every 16th byte and worse."""
    cuts = {f"cut{n}": good[:n] for n in range(0, len(good) - 2, max(1, len(good) // 40))}
    flips = {
        f"flip{n}": good[:n] + bytes([good[n] ^ 0x11]) + good[n + 1 :]
        for n in range(0, len(good), max(1, len(good) // 20))
    }
    body = good.decode()
    return {
        **cuts,
        **flips,
        "nul": b"\0" * len(good),
        "nul_tail": good[:-10] + b"\0" * 10,
        "utf16": body.encode("utf-16"),
        "latin": good.replace(b'"', b'"\xe9', 1),
        "twice": b'{"a":1,"a":2}',
        "nested_twice": b'{"a":{"b":1,"b":2}}',
        "nan": b'{"a":NaN}',
        "infinity": b'{"a":-Infinity}',
        "huge_number": b'{"a":1e999999}',
        "digits": b'{"a":' + b"9" * 6000 + b"}",
        "deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "large": b'{"a":"' + b"x" * (2 << 20) + b'"}',
        "list": b"[1]",
        "null": b"null",
        "text": b'"text"',
        "tail": good + b"x",
        "two_documents": good + good,
        "surrogate": b'{"a":"\\ud800"}',
        "control": b'{"a":"\x01"}',
        "comment": b'{"a":1} // x',
        "single_quotes": b"{'a':1}",
        "comma": b'{"a":1,}',
        "checksum": body.replace('"uid": "1"', '"uid": "2"').encode(),
        "checksum_type": json.dumps({**json.loads(body), files.CHECKSUM: 7}).encode(),
    }
