"""The one way the paper exchange says no: a label, a message and an HTTP status, as Gate does."""

from __future__ import annotations


class GateFault(Exception):
    """A refusal. `label` is one of Gate's (gate-notes.md, errors); `status` is the HTTP status."""

    def __init__(self, label: str, message: str, status: int = 400) -> None:
        super().__init__(f"{label}: {message}")
        self.label = label
        self.message = message
        self.status = status
