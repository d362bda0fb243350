"""The server's life: lock, socket, record, parts, HTTP; then the same backwards.

Runs in the main thread. Everything opened goes onto one ExitStack, so closing mirrors opening.
"""

from __future__ import annotations

import atexit
import faulthandler
import gc
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from wsgiref.types import WSGIApplication

from mtrade import __version__, logs
from mtrade.config import Settings
from mtrade.config.files import make_private_folder
from mtrade.config.reader import remember_good
from mtrade.domain.errors import ProcessError
from mtrade.process import relaunch
from mtrade.process.control import ServerControl
from mtrade.process.http import serving
from mtrade.process.identity import own_identity
from mtrade.process.lock import InstanceLock
from mtrade.process.network import bind
from mtrade.process.paths import HomePaths
from mtrade.process.record import (
    ServerRecord,
    home_hash,
    instance_of,
    remove_record,
    remove_stale,
    remove_stop_request,
    stop_requested_by,
    write_record,
)
from mtrade.process.signals import signals_to

POLL_S = 0.2
# Shorter than the 20 s that stop.py waits, so that it sees the end.
SHUTDOWN_LIMIT_S = 18.0
YOUNG = 10_000  # objects made since the last look
ALREADY_RUNNING = 0

Build = Callable[[Settings, ServerControl], AbstractContextManager[WSGIApplication]]
Ready = Callable[[ServerControl], None]

_log = logs.get_logger(__name__)


def run(
    settings: Settings, build: Build, *, script: Path | None = None, ready: Ready | None = None
) -> int:
    """Serve until asked to stop; returns the exit code of the process.

    `build` makes the parts and gives the WSGI application; leaving its context closes them.
    `script` is what a restart starts again; `ready` is called once requests are answered. Raises
    ProcessError: exit code 0 when a server of this home runs already, 7 when the port is taken.
    """
    paths = HomePaths(settings.home)
    make_private_folder(paths.run)
    with ExitStack() as stack:
        stack.callback(faulthandler.cancel_dump_traceback_later)
        stack.enter_context(_private_files())
        stack.enter_context(_the_lock(paths))
        stack.enter_context(_logging(settings, paths))
        for name in remove_stale(paths):
            _log.warning("left by an instance that died", file=name)
        bound = bind(settings.host, settings.port)
        stack.callback(bound.close)
        record = _record(settings)
        logs.register_secret(record.nonce)
        restart = _restarter(settings, paths, record, script)
        control = ServerControl(record, settings.home, restart)
        # Who finds the record may signal us at once, so the handlers come first.
        stack.enter_context(signals_to(control))
        stack.enter_context(_recorded(paths, record))
        stack.callback(_forget_note, paths, record.started_ms)
        application = stack.enter_context(build(settings, control))
        stack.callback(_begin_end, control)
        http = serving(
            bound,
            application,
            threads=settings.config.server.threads,
            certificate=settings.tls_cert,
            private_key=settings.tls_key,
        )
        if not control.stopping:
            stack.enter_context(http)
            _settle(settings)
            _log.info("ready", port=record.port, pid=record.pid, version=record.version)
            if ready is not None:
                ready(control)
        _wait_for_end(control, paths)
    return control.exit_code


def _wait_for_end(control: ServerControl, paths: HomePaths) -> None:
    while not control.wait(POLL_S):
        actor = stop_requested_by(paths, control.nonce)
        if actor is not None:
            control.request_stop(actor)
    # A part that hangs must not keep the lock for ever: all stacks to the error stream, then out.
    if sys.__stderr__ is not None:
        faulthandler.dump_traceback_later(SHUTDOWN_LIMIT_S, exit=True, file=sys.__stderr__)
    _log.info("stopping", pid=control.pid)


def _begin_end(control: ServerControl) -> None:
    """Whatever ended the wait, an error included, the parts see `stopping` before they close."""
    control.request_stop("end of run")


def _settle(settings: Settings) -> None:
    remember_good(settings.home / "config.json")
    calm_collector()


def calm_collector() -> None:
    """What exists now lives until the end: the collector need not look at it again. At what is new
    it looks more rarely, because it stops every thread, also those that have an order to send."""
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    gc.collect()
    gc.freeze()


def _forget_note(paths: HomePaths, started_ms: int) -> None:
    """A note older than this instance has been shown by it."""
    note = relaunch.read_note(paths)
    if note is not None and note.at_ms < started_ms:
        relaunch.remove_note(paths)


def _record(settings: Settings) -> ServerRecord:
    identity = own_identity()
    nonce = secrets.token_urlsafe(24)
    return ServerRecord(
        pid=identity.pid,
        start_token=identity.start_token,
        boot_id=identity.boot_id,
        executable=sys.executable,
        home_hash=home_hash(settings.home),
        nonce=nonce,
        instance=instance_of(nonce),
        host=settings.host,
        port=settings.port,
        scheme=settings.scheme,
        certificate=str(settings.tls_cert or ""),
        started_ms=int(time.time() * 1000),
        version=__version__,
        lang=settings.lang,
        arguments=settings.arguments,
    )


def _restarter(
    settings: Settings, paths: HomePaths, record: ServerRecord, script: Path | None
) -> Callable[[], None]:
    target = script or Path(sys.argv[0]).resolve()

    def restart() -> None:
        relaunch.begin(paths, target, record.arguments, settings.project, record.instance)

    return restart


@contextmanager
def _the_lock(paths: HomePaths) -> Iterator[None]:
    lock = InstanceLock(paths.lock)
    if not lock.acquire():
        raise ProcessError(
            "a server of this home is running already",
            exit_code=ALREADY_RUNNING,
            code="already_running",
        )
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _private_files() -> Iterator[None]:
    """Whatever this process creates is for its owner only (POSIX; Windows inherits the folder)."""
    previous = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(previous)


def _logging(settings: Settings, paths: HomePaths) -> AbstractContextManager[None]:
    return logs.opened(
        make_private_folder(paths.logs),
        level=settings.log_level,
        max_bytes=settings.config.log.max_mb * 1024 * 1024,
        keep=settings.config.log.keep,
        console=sys.stderr if sys.stderr.isatty() else None,
    )


def _write(paths: HomePaths, record: ServerRecord) -> None:
    try:
        write_record(paths, record)
    except OSError as error:
        raise ProcessError(
            f"{error.filename or paths.record} cannot be written: {error.strerror or error}",
            exit_code=1,
            code="record_unwritable",
        ) from error


@contextmanager
def _recorded(paths: HomePaths, record: ServerRecord) -> Iterator[None]:
    """The record exists as long as this block; even an early exit takes it away, if it is ours."""
    atexit.register(remove_record, paths, record.nonce)
    try:
        _write(paths, record)
        yield
    finally:
        remove_record(paths, record.nonce)
        atexit.unregister(remove_record)
        remove_stop_request(paths, record.nonce)
