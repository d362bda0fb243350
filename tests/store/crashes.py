"""Child processes that write without end, and a parent that kills them at random moments."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

_HEAD = "import sys, itertools; from pathlib import Path; target = Path(sys.argv[1])\n"


def kill_while_writing(code: str, target: Path, seed: int) -> int:
    """Run `code`, which prints a line per completed write; SIGKILL it after a random delay.

    Returns the last number the child printed, -1 when it had printed none.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", _HEAD + code, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child:
        first = child.stdout.readline()
        time.sleep(random.Random(seed).uniform(0, 0.03))
        child.kill()
        rest = child.stdout.read()
    complete = [line for line in (first + rest).split("\n")[:-1] if line]
    return int(complete[-1]) if complete else -1
