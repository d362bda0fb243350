"""Gate's signatures: pure functions from what is sent to what proves it (gate-notes, signing).

A REST signature covers the finished request: the path with its `/api/v4` prefix, the query as the
URL carries it but percent-decoded, the very bytes of the body, and the text of the time header.
"""

from __future__ import annotations

import hashlib
import hmac


def sign_rest(secret: str, method: str, path: str, query: str, body: bytes, timestamp: str) -> str:
    """Signature of a REST request. `query` is decoded, without `?`; `timestamp` is header text."""
    body_hash = hashlib.sha512(body).hexdigest()
    return _hmac(secret, "\n".join((method.upper(), path, query, body_hash, timestamp)))


def sign_subscribe(secret: str, channel: str, event: str, time: int | str) -> str:
    """Signature of a private WebSocket (un)subscription; `time` is the frame's, in seconds."""
    return _hmac(secret, f"channel={channel}&event={event}&time={time}")


def sign_login(secret: str, channel: str, req_param_text: str, timestamp: str) -> str:
    """Signature of a WebSocket trading login, over the raw JSON text of `req_param`, "" if none."""
    return _hmac(secret, f"api\n{channel}\n{req_param_text}\n{timestamp}")


def _hmac(secret: str, text: str) -> str:
    key, message = secret.encode(), text.encode("utf-8", "surrogateescape")
    return hmac.new(key, message, hashlib.sha512).hexdigest()
