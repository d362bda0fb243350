"""The desk's own view state, kept on the server so that every device shows the same."""

from __future__ import annotations

from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.forms import Empty, UiForm
from mtrade.web.uistate import change_ui_state, ui_state


def show(call: Call, form: Empty) -> Json:
    """The whole state."""
    state, version = ui_state(call.context.settings)
    return {"version": version, "state": state}


def change(call: Call, form: UiForm) -> Json:
    """Change single keys; null removes one."""
    state, version = change_ui_state(call.context.settings, form.changes)
    return {"version": version, "state": state}
