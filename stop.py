#!/usr/bin/env python3
"""Stop the server of this folder, and no other process.

Written so that even an old Python can say which one is needed.
"""

import sys


def main():
    """Hand over to the program's own environment; returns the exit code."""
    if sys.hexversion < 0x030B0000:
        found = sys.version.split()[0]
        sys.stderr.write("Python 3.11 or newer is needed. This is {}.\n".format(found))
        return 5
    from pathlib import Path

    project = Path(__file__).resolve().parent
    sys.path.insert(0, str(project))
    from mtrade.process.handover import hand_over

    return hand_over("stop", sys.argv[1:], project)


if __name__ == "__main__":
    sys.exit(main())
