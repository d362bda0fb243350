"""How soon the open page shows what happens at the exchange, by the page's own clock.

`python -m tests.benchmarks page`. Wanted: an order of another client within 300 ms, a price within
200 ms (medians of 50). Each time runs from before the request or control call to the change of the
page's elements; what the display adds is at most one frame.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import BROWSERS, FLAGS
from tests.browser.live import Stage, shown

COUNT = 50
FRAMES = """() => new Promise((resolve) => {
  const gaps = [];
  let last = performance.now();
  const frame = (now) => {
    gaps.push(now - last);
    last = now;
    if (gaps.length < 300) requestAnimationFrame(frame); else resolve(gaps);
  };
  requestAnimationFrame(frame);
})"""


def main() -> None:
    """Run once and print."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        stage = Stage(Path(home) / "home")
        try:
            page = stage.context(browser).new_page()
            stage.open(page)
            stage.calibrate(page)
            print(shown("another client's order, 300", stage.order_delays(page, COUNT)))
            print(shown("price move, 200", stage.price_delays(page, COUNT)))
            print(shown("print of another account, 200", stage.print_delays(page, COUNT)))
            print(shown("frame of the page", page.evaluate(FRAMES)))
        finally:
            browser.close()
            stage.close()


if __name__ == "__main__":
    main()
