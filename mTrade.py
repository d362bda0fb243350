#!/usr/bin/env python3
"""The mTrade server in the foreground. `start.py` prepares everything and runs this detached."""

import sys


def main():
    """Settings, parts, serve; returns the exit code."""
    if sys.hexversion < 0x030B0000:
        sys.stderr.write("Python 3.11 or newer is needed. This is " + sys.version + "\n")
        return 5
    from pathlib import Path

    script = Path(__file__).resolve()
    sys.path.insert(0, str(script.parent))
    try:
        from mtrade.bootstrap import build
        from mtrade.process.commands import serve
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("mtrade"):
            raise
        sys.stderr.write("The package " + str(error.name) + " is missing. Run: python start.py\n")
        return 5
    return serve(sys.argv[1:], build, script)


if __name__ == "__main__":
    sys.exit(main())
