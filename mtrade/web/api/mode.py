"""Normal or copy mode."""

from __future__ import annotations

from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.forms import Empty, ModeForm


def show(call: Call, form: Empty) -> Json:
    """The mode in force."""
    return _mode(call, call.desk.engine.mode())


def switch(call: Call, form: ModeForm) -> Json:
    """Change the mode."""
    return _mode(call, call.desk.engine.set_mode(form.mode))


def _mode(call: Call, mode: str) -> Json:
    message = ""
    if mode == "copy":
        message = call.text("mode.no_links", "copy mode is on; there are no links yet")
    return {"mode": mode, "links": 0, "message": message}
