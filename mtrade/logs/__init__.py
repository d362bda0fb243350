"""Logs: JSON lines in dated files, secrets removed, every library routed through the same door.

`opened()` is called once by the server process and closed last. A module logs with
`get_logger(__name__)` (event and named values) or the standard `logging.getLogger(__name__)`;
both end here. Any thread may log.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import structlog

from mtrade.logs.redaction import redactor, register_secret

Event = MutableMapping[str, Any]

_DATED = re.compile(r"mtrade-(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.log")
_NOISY = ("urllib3", "requests", "asyncio", "aiohttp.access")
_RETRY_S = 5.0
_BINARY: int = getattr(os, "O_BINARY", 0)


__all__ = ["DatedFiles", "get_logger", "human_line", "log_files", "opened", "register_secret"]


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that takes an event and named values: `log.info("ready", port=5000)`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


def _stamp(logger: object, method: str, event: Event) -> Event:
    return {"time": datetime.now(UTC).astimezone().isoformat(timespec="milliseconds"), **event}


def _json_line(logger: object, method: str, event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def human_line(event: Mapping[str, Any]) -> str:
    """One event for the eye: the same fields in the same order as in the file."""
    rest = {k: v for k, v in event.items() if k not in ("time", "level", "logger", "event")}
    tail = "".join(f" {k}={v}" for k, v in rest.items())
    clock = str(event.get("time", ""))[11:23]
    line = f"{clock} [{event.get('level', '')}] {event.get('event', '')}{tail}"
    return line.replace("\n", "\n    ")


def _human(logger: object, method: str, event: Event) -> str:
    return human_line(event)


class DatedFiles(logging.Handler):
    """Appends lines to `mtrade-<date>.log`, opens a new file by day and size, prunes old ones.

    Files are never renamed: another process may have them open, which Windows forbids to disturb.
    A folder that cannot be written costs log lines, never the program.
    """

    def __init__(self, folder: Path, *, max_bytes: int, keep: int) -> None:
        super().__init__()
        self._folder = folder
        self._max_bytes = max_bytes
        self._keep = keep
        self._file: TextIO | None = None
        self._day = ""
        self._retry_at = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; called under the handler's lock."""
        try:
            line = self.format(record)
            file = self._current()
            if file is not None:
                file.write(line + "\n")
                file.flush()
        except OSError:
            self._give_up()
        except (TypeError, ValueError):
            self.handleError(record)

    def close(self) -> None:
        """Close the file; the handler may not be used afterwards."""
        self._forget()
        super().close()

    def _current(self) -> TextIO | None:
        day = datetime.now(UTC).astimezone().date().isoformat()
        if self._file is not None and day == self._day and self._file.tell() < self._max_bytes:
            return self._file
        if time.monotonic() < self._retry_at:
            return None
        self._forget()
        self._day = day
        self._file = _open_private(self._next_path(day))
        self._prune()
        return self._file

    def _next_path(self, day: str) -> Path:
        mine = [p for p in log_files(self._folder) if p.name.startswith(f"mtrade-{day}")]
        if not mine:
            return self._folder / f"mtrade-{day}.log"
        if mine[-1].stat().st_size < self._max_bytes:
            return mine[-1]
        return self._folder / f"mtrade-{day}.{_order(mine[-1])[1] + 1}.log"

    def _prune(self) -> None:
        for old in log_files(self._folder)[: -self._keep]:
            try:
                old.unlink()
            except OSError:
                continue  # open elsewhere; the next rotation tries again

    def _give_up(self) -> None:
        self._retry_at = time.monotonic() + _RETRY_S
        self._forget()

    def _forget(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # a full disk; the lines are lost either way
                self._file.close()
            self._file = None


def log_files(folder: Path) -> list[Path]:
    """The log files of `folder`, oldest first."""
    return sorted((p for p in folder.glob("mtrade-*.log") if _DATED.fullmatch(p.name)), key=_order)


def _order(path: Path) -> tuple[str, int]:
    match = _DATED.fullmatch(path.name)
    return (match.group(1), int(match.group(2) or 0)) if match else ("", 0)


def _open_private(path: Path) -> TextIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _BINARY, 0o600)
    return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace", newline="\n")


def _formatter(render: structlog.typing.Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _stamp,
            redactor,
            render,
        ],
    )


def _configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _handlers(
    folder: Path, max_bytes: int, keep: int, console: TextIO | None
) -> Iterator[logging.Handler]:
    files = DatedFiles(folder, max_bytes=max_bytes, keep=keep)
    files.setFormatter(_formatter(_json_line))
    yield files
    if console is not None:
        stream = logging.StreamHandler(console)
        stream.setFormatter(_formatter(_human))
        yield stream


@contextmanager
def opened(
    folder: Path,
    *,
    level: str = "INFO",
    max_bytes: int = 5 * 1024 * 1024,
    keep: int = 10,
    console: TextIO | None = None,
) -> Iterator[None]:
    """Log into `folder` (and to `console` for the eye) until the block ends.

    `max_bytes` is the size of one file and `keep` how many stay. Crashes of the interpreter itself
    go to `crash.log`.
    """
    root = logging.getLogger()
    handlers = list(_handlers(folder, max_bytes, keep, console))
    for handler in handlers:
        root.addHandler(handler)
    previous = root.level
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    _configure_structlog()
    try:
        with _crash_log(folder):
            yield
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(False)
        root.setLevel(previous)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


@contextmanager
def _crash_log(folder: Path) -> Iterator[None]:
    try:
        file = _open_private(folder / "crash.log")
    except OSError:
        yield
        return
    with file:
        faulthandler.enable(file)
        try:
            yield
        finally:
            faulthandler.disable()
