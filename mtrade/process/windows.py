"""The few Windows calls Python has no word for. Imported on Windows only."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which half of ctypes exists

from ctypes import wintypes  # noqa: E402

_QUERY_LIMITED = 0x1000
_TERMINATE = 0x0001
_SYNCHRONIZE = 0x00100000
_WAIT_TIMEOUT = 0x102
_CLOSE, _LOGOFF, _SHUTDOWN = 2, 5, 6

_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel32.OpenProcess.restype = wintypes.HANDLE
_kernel32.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
_kernel32.TerminateProcess.argtypes = (wintypes.HANDLE, wintypes.UINT)
_kernel32.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
_kernel32.GetProcessTimes.argtypes = (
    wintypes.HANDLE,
    *(ctypes.POINTER(wintypes.FILETIME) for _ in range(4)),
)
_HandlerType = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)
_kernel32.SetConsoleCtrlHandler.argtypes = (_HandlerType, wintypes.BOOL)


class ProcessHandle:
    """A HANDLE: while it is open, the pid cannot belong to another process."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def start_token(self) -> str | None:
        """Creation FILETIME (100 ns since 1601); None when the process has ended."""
        times = [wintypes.FILETIME() for _ in range(4)]
        if not _kernel32.GetProcessTimes(self._handle, *(ctypes.byref(t) for t in times)):
            return None
        if _kernel32.WaitForSingleObject(self._handle, 0) != _WAIT_TIMEOUT:
            return None
        return str(times[0].dwHighDateTime << 32 | times[0].dwLowDateTime)

    def holds(self, path: Path) -> bool:
        """Creation times of 100 ns need no second witness."""
        return True

    def ask_to_end(self) -> bool:
        """Windows has no polite signal; the stop request alone asks."""
        return False

    def kill(self) -> None:
        """TerminateProcess through this very handle."""
        _kernel32.TerminateProcess(self._handle, 1)

    def close(self) -> None:
        """Let go of the handle."""
        _kernel32.CloseHandle(self._handle)


def open_process(pid: int) -> ProcessHandle | None:
    """A handle on `pid`, with the right to end it if the system grants that; None without."""
    for rights in (_QUERY_LIMITED | _SYNCHRONIZE | _TERMINATE, _QUERY_LIMITED | _SYNCHRONIZE):
        handle = _kernel32.OpenProcess(rights, False, pid)
        if handle:
            return ProcessHandle(handle)
    return None


def on_console_close(ask: Callable[[], None], wait: Callable[[], object]) -> Callable[[], None]:
    """When the console is closed or the user logs off: call `ask`, then `wait` for the end.

    Windows ends the process as soon as the handler returns, or about 5 s later. Returns the call
    that takes the handler away; keep it, it also keeps the handler alive.
    """

    def handle(event: int) -> bool:
        if event not in (_CLOSE, _LOGOFF, _SHUTDOWN):
            return False
        ask()
        wait()
        return True

    handler = _HandlerType(handle)
    _kernel32.SetConsoleCtrlHandler(handler, True)
    return lambda: _kernel32.SetConsoleCtrlHandler(handler, False) and None


def ui_language() -> int:
    """Primary language id of the user interface (0x19 is Russian)."""
    return int(_kernel32.GetUserDefaultUILanguage()) & 0x3FF
