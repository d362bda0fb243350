"""The desk's own view state: one JSON object, shared by all devices."""

from __future__ import annotations

from typing import Any

from mtrade.web.fields import plain_json
from mtrade.web.ports import SettingsStore

KEY = "ui"


def ui_state(settings: SettingsStore) -> tuple[dict[str, Any], int]:
    """The state and its version; empty before anything was chosen."""
    value, version = settings.versioned(KEY)
    return (plain_json(value) if isinstance(value, dict) else {}), version


def change_ui_state(settings: SettingsStore, changes: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Change single fields; None removes one. Raises InvalidRequest when it grows too large."""
    value, version = settings.merge(KEY, changes)
    return plain_json(value), version
