"""`python -m mtrade.paper`, from whatever Python is at hand."""

import sys


def main() -> int:
    """Go on inside the program's own environment; returns the exit code."""
    if sys.hexversion < 0x030B0000:
        sys.stderr.write(f"Python 3.11 or newer is needed. This is {sys.version.split()[0]}.\n")
        return 5
    from mtrade.process.handover import run_module

    return run_module("mtrade.paper", "mtrade.paper.alone")


if __name__ == "__main__":
    sys.exit(main())
