"""A stand-in for the browser's EventSource, so that a test decides what a stream says and when."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

# `window.streams` lists every stream the page opened; `mode` says what becomes of the next one.
SCRIPT = """
window.streams = [];
window.streamMode = 'MODE';
window.EventSource = class extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.readyState = 0;
    this.closed = false;
    window.streams.push(this);
    setTimeout(() => {
      if (this.closed) return;
      this.readyState = window.streamMode === 'open' ? 1 : 2;
      this.dispatchEvent(new Event(window.streamMode === 'open' ? 'open' : 'error'));
    });
  }
  close() { this.readyState = 2; this.closed = true; }
};
"""

SAY = """([kind, data]) => {
  const last = window.streams.at(-1);
  window.sequence = (window.sequence ?? 0) + 1;
  last.dispatchEvent(new MessageEvent(kind, { data, lastEventId: String(window.sequence) }));
}"""


def fake(page: Page, mode: str = "refused") -> None:
    """Before the page loads: its streams are `open`ed or `refused`."""
    page.add_init_script(SCRIPT.replace("MODE", mode))


def say(page: Page, kind: str, payload: dict[str, Any]) -> None:
    """The newest stream brings one message."""
    page.evaluate(SAY, [kind, json.dumps(payload)])


def silence(page: Page) -> None:
    """No snapshot is answered from now on: nothing is fresher than what the streams say."""
    page.wait_for_load_state("networkidle")  # one asked for already would still come
    page.route("**/api/snapshot*", lambda route: None)


def end(page: Page) -> None:
    """The newest stream ends as when the server goes away."""
    page.evaluate("() => window.streams.at(-1).dispatchEvent(new Event('error'))")


def opened(page: Page) -> list[str]:
    """Addresses of the streams that are open now."""
    found: list[str] = page.evaluate(
        "() => window.streams.filter((one) => one.readyState === 1).map((one) => one.url)"
    )
    return found
