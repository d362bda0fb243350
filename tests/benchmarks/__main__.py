"""Run a benchmark by hand: `python -m tests.benchmarks orders`. Ratios, never asserted."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("orders", "streams", "copy", "serve", "page", "values", "bench_market_tick")
# A file called copy.py would stand before Python's own where scripts of this folder are run.
FILES = {"copy": "copying"}


def main(arguments: list[str]) -> int:
    """Run the named benchmark; 2 when there is none of that name."""
    if len(arguments) != 1 or arguments[0] not in NAMES:
        print("usage: python -m tests.benchmarks " + "|".join(NAMES), file=sys.stderr)
        return 2
    name = FILES.get(arguments[0], arguments[0])
    import_module(f"tests.benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
