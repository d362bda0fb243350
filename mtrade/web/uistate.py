"""The desk's own view state: one JSON object, shared by all devices.

Each value is kept as its own JSON text, because the store reads numbers as money and gives them
back as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mtrade.web.ports import SettingsStore

KEY = "ui"


def ui_state(settings: SettingsStore) -> tuple[dict[str, Any], int]:
    """The state and its version; empty before anything was chosen."""
    kept, version = settings.versioned(KEY)
    return _decoded(kept if isinstance(kept, dict) else {}), version


def change_ui_state(
    settings: SettingsStore, changes: Mapping[str, Any]
) -> tuple[dict[str, Any], int]:
    """Change single fields; None removes one. Raises InvalidRequest when it grows too large."""
    encoded = {name: None if value is None else _text(value) for name, value in changes.items()}
    kept, version = settings.merge(KEY, encoded)
    return _decoded(kept), version


def _decoded(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in kept.items() if isinstance(text, str)}


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
