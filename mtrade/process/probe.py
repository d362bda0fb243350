"""Ask a server on this computer who it is. Only the reduced, unauthenticated answer is read."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass

from mtrade.process.record import ServerRecord, local_host

_MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What `/api/server/status` says to anyone. `setup` means: no password yet."""

    instance: str
    setup: bool


def ask(record: ServerRecord, timeout: float = 2.0) -> Answer | None:
    """The answer of the server `record` describes; None when there is none or it is not ours."""
    host = local_host(record.host)
    try:
        connection = _connection(record, host, timeout)
        try:
            connection.request("GET", "/api/server/status", headers={"Connection": "close"})
            response = connection.getresponse()
            body = json.loads(response.read(_MAX_BYTES)) if response.status == 200 else None
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or body.get("app") != "mtrade":
        return None
    return Answer(str(body.get("instance", "")), body.get("setup") is True)


def _connection(record: ServerRecord, host: str, timeout: float) -> http.client.HTTPConnection:
    if record.scheme != "https":
        return http.client.HTTPConnection(host, record.port, timeout=timeout)
    # The server's own certificate is the only one trusted, so its names do not matter.
    context = ssl.create_default_context(cafile=record.certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return http.client.HTTPSConnection(host, record.port, timeout=timeout, context=context)
