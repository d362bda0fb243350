"""Normal or copy mode."""

from __future__ import annotations

from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.copy_forms import SwitchForm
from mtrade.web.forms import Empty


def show(call: Call, form: Empty) -> Json:
    """The mode in force."""
    return _mode(call, call.desk.engine.mode())


def switch(call: Call, form: SwitchForm) -> Json:
    """Change the mode. Leaving copy mode with copied positions open needs `positions`."""
    copying = call.desk.copying
    if copying is None:
        return _mode(call, call.desk.engine.set_mode(form.mode))
    return _mode(call, copying.switch_mode(form.mode, form.positions))


def _mode(call: Call, mode: str) -> Json:
    links = 0 if call.desk.copying is None else len(call.desk.copying.links())
    message = ""
    if mode == "copy" and not links:
        message = call.text("mode.no_links", "copy mode is on; there are no links yet")
    return {"mode": mode, "links": links, "message": message}
