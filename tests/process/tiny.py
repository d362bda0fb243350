"""A server with the real life cycle and a very small inside. Run as a script, like `mTrade.py`.

`TINY_BUILD_S` makes the building slow; `TINY_FAIL` makes it fail; with
`TINY_SETUP` it has no password yet.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

SCRIPT = Path(__file__).resolve()
sys.path.insert(0, str(SCRIPT.parents[2]))

from mtrade.config import Settings  # noqa: E402
from mtrade.process.commands import serve  # noqa: E402
from mtrade.process.control import ServerControl  # noqa: E402


@contextmanager
def build(settings: Settings, control: ServerControl) -> Iterator[WSGIApplication]:
    time.sleep(float(os.environ.get("TINY_BUILD_S", "0")))
    if "TINY_FAIL" in os.environ:
        raise RuntimeError("the inside is broken")

    def application(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/restart":
            control.request_restart("test")
        if path == "/stop":
            control.request_stop("test")
        answer = {
            "app": "mtrade",
            "ok": True,
            "setup": "TINY_SETUP" in os.environ,
            "instance": control.instance,
        }
        answer["failure"] = control.last_restart_failure() or ""
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    yield application


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1:], build, SCRIPT))
