"""Ctrl+C, SIGTERM, a closed terminal or console: all take the one graceful way out."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from mtrade.process.control import ServerControl

_CONSOLE_GRACE_S = 5.0


@contextmanager
def signals_to(control: ServerControl) -> Iterator[None]:
    """Every request to end reaches `control` until the block ends.

    Signal handlers can only be set in the main thread; elsewhere none are.
    """
    ended = threading.Event()
    forget_console = _watch_console(control, ended)
    previous = {}
    if threading.current_thread() is threading.main_thread():
        previous = {number: signal.signal(number, _handler(control)) for number in _numbers()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        ended.set()
        forget_console()


def _numbers() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    return [signal.Signals[name] for name in names if name in signal.Signals.__members__]


def _handler(control: ServerControl) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        control.note_signal(signal.Signals(number).name)

    return handle


if sys.platform == "win32":
    from mtrade.process import windows

    def _watch_console(control: ServerControl, ended: threading.Event) -> Callable[[], None]:
        return windows.on_console_close(
            lambda: control.request_stop("console closed"), lambda: ended.wait(_CONSOLE_GRACE_S)
        )

else:

    def _watch_console(control: ServerControl, ended: threading.Event) -> Callable[[], None]:
        return lambda: None
