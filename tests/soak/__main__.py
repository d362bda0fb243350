"""Run a soak by hand: `python -m tests.soak --minutes 30`. Prints what it measures as it goes."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.run import soak


def main() -> int:
    """0 when nothing grew and everything came back, else 1 with the reasons."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        wrong = soak(Path(home) / "home", options.minutes, options.seed)
    print("\n".join(wrong) if wrong else "all is well", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
