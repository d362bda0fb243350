"""Run inside a fresh pid namespace: a killed server's pid is given to a stranger, then we stop.

Arguments: home, port. Prints one line of JSON; `test_foreign.py` reads it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mtrade.domain.errors import ProcessError  # noqa: E402
from mtrade.process.lock import InstanceLock, is_held  # noqa: E402
from mtrade.process.manager import ProcessManager, Timing  # noqa: E402
from tests.process.tiny import SCRIPT  # noqa: E402


def stranger(pid: int) -> subprocess.Popen[bytes]:
    """A process that gets exactly `pid`."""
    while True:
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        if child.pid == pid:
            return child
        child.kill()
        child.wait()


def main(home: Path, port: str) -> None:
    manager = ProcessManager(home, Timing(ready=30, record=0.3, stop=1, force=1))
    arguments = ["--home", str(home), "--host", "127.0.0.1", "--port", port]
    record = manager.start(SCRIPT, arguments, ROOT).record
    os.kill(record.pid, signal.SIGKILL)
    os.waitpid(record.pid, 0)
    while is_held(manager.paths.lock):
        time.sleep(0.01)
    files = {path: path.read_bytes() for path in (manager.paths.pid, manager.paths.record)}
    child = stranger(record.pid)
    free = manager.stop(force=True)
    for path, content in files.items():
        path.write_bytes(content)
    lock = InstanceLock(manager.paths.lock)
    lock.acquire()
    code = 0
    try:
        manager.stop(force=True)
    except ProcessError as error:
        code = error.exit_code
    result = {"recycled": child.pid == record.pid, "stopped": free, "held_code": code}
    print(json.dumps({**result, "alive": child.poll() is None}))
    child.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
