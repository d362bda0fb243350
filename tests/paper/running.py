"""A paper exchange in its own process, and signed calls to it over a real socket."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from mtrade.gate.signing import sign_rest

ROOT = Path(__file__).resolve().parents[2]
ANN = "ann:ann-secret:42:USDT=10000,BTC=1"
BOB = "bob:bob-secret:43:USDT=10000,BTC=1"


class Running:
    """Start with `with`; `call` speaks the API, `control` the test paths."""

    def __init__(self, *arguments: str, accounts: tuple[str, ...] = (ANN, BOB)) -> None:
        named = [part for account in accounts for part in ("--account", account)]
        self._command = [sys.executable, "-m", "mtrade.paper", "--port", "0", "--control"]
        self._command += [*named, *arguments]
        self.secrets = {part.split(":")[0]: part.split(":")[1] for part in accounts}

    def __enter__(self) -> Running:
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.communicate()[1])
        self.addresses: dict[str, Any] = json.loads(line)
        parts = urlsplit(self.addresses["rest"])
        self.port = parts.port or 0
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=30)

    def kill(self) -> None:
        """End it at once, as a power-off of the process would."""
        self.process.kill()
        self.process.wait(30)

    def call(
        self,
        method: str,
        path: str,
        query: str = "",
        body: Any = None,
        *,
        key: str = "ann",
        headers: dict[str, str] | None = None,
        stamp: str | None = None,
        secret: str | None = None,
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON (None for an empty body) and lower-case headers of a signed call."""
        raw = b"" if body is None else json.dumps(body).encode()
        stamp = str(time.time()) if stamp is None else stamp
        path = f"/api/v4{path}"
        secret = self.secrets.get(key, "?") if secret is None else secret
        sign = sign_rest(secret, method, path, unquote_plus(query), raw, stamp)
        sent = {"KEY": key, "SIGN": sign, "Timestamp": stamp, "Content-Type": "application/json"}
        target = f"{path}?{query}" if query else path
        return self.raw(method, target, raw, {**sent, **(headers or {})})

    def ok(self, *args: Any, **options: Any) -> Any:
        """The JSON of a call that must succeed."""
        status, body, _ = self.call(*args, **options)
        assert status in (200, 201), body
        return body

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the test paths."""
        raw = b"" if body is None else json.dumps(body).encode()
        status, answer, _ = self.raw(method, path, raw, {})
        assert status == 200, answer
        return answer

    def raw(
        self, method: str, target: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, Any, dict[str, str]]:
        """A request exactly as given."""
        self._connection.request(method, target, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        names = {name.lower(): value for name, value in answer.getheaders()}
        is_json = text and names.get("content-type", "").startswith("application/json")
        return answer.status, json.loads(text) if is_json else None, names
