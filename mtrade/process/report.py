"""What the commands print: addresses, the table of `status.py`, errors in the person's words."""

from __future__ import annotations

import re
import time

import segno

from mtrade.config import Settings
from mtrade.domain.errors import ConfigError, MTradeError, ProcessError
from mtrade.process import network
from mtrade.process.console import Console
from mtrade.process.manager import Started, State, Status
from mtrade.process.paths import HomePaths
from mtrade.process.phrases import phrase
from mtrade.process.record import ServerRecord

BAD_ARGUMENTS, BAD_CONFIG, FAILED = 2, 6, 1
_CODE = re.compile(r"[0-9A-Za-z-]{4,32}")
STATUS_CODES = {
    State.RUNNING: 0,
    State.STALE: 1,
    State.STOPPED: 3,
    State.STARTING: 4,
    State.UNRESPONSIVE: 4,
    State.FOREIGN: 4,
}


def started(console: Console, paths: HomePaths, result: Started, key: str) -> None:
    """Tell where the server is, and the code of a first login."""
    record = result.record
    seconds = f"{result.seconds:.1f}"
    console.say(console.text("already" if result.already else key, pid=record.pid, seconds=seconds))
    places(console, paths, record, setup=result.answer.setup)
    footer(console, paths)
    addresses = network.addresses(record.scheme, record.host, record.port)
    console.result(
        {
            "ok": True,
            "state": State.RUNNING.value,
            "already": result.already,
            "pid": record.pid,
            "port": record.port,
            "home": str(paths.home),
            "setup": result.answer.setup,
            "addresses": [{"url": a.url, "adapter": a.adapter} for a in addresses],
            "seconds": round(result.seconds, 2),
        }
    )


def places(console: Console, paths: HomePaths, record: ServerRecord, *, setup: bool) -> None:
    """The addresses of this computer and of each adapter; with `setup` also the first code."""
    here, *others = network.addresses(record.scheme, record.host, record.port)
    names = (console.text("this_computer"), console.text("phone"))
    width = max(len(name) for name in names)
    console.say(f"  {names[0]:<{width}}  {here.url}")
    for index, address in enumerate(others):
        name = names[1] if index == 0 else ""
        console.say(f"  {name:<{width}}  {address.url:<28} {address.adapter}")
    code = setup_code(paths) if setup else ""
    if code:
        url = f"{here.url}/setup#code={code.replace('-', '')}"
        console.say("  " + console.text("setup_code", code=code, url=url))
    elif others and not setup and console.interactive:
        segno.make(others[0].url).terminal(compact=True)


def footer(console: Console, paths: HomePaths) -> None:
    """Where the log is and what to type next."""
    console.say(console.text("footer", log=paths.logs))


def setup_code(paths: HomePaths) -> str:
    """The one-time code the web part wrote; empty when there is none."""
    try:
        words = paths.setup_code.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        return ""
    return words[0] if words and _CODE.fullmatch(words[0]) else ""


def status(console: Console, paths: HomePaths, look: Status, failure: str | None) -> int:
    """The table, or the JSON object, of one look; returns the exit code."""
    code = STATUS_CODES[look.state]
    record = look.record if look.state is not State.STALE else None
    sentence = console.text(f"state_{look.state}", files=", ".join(look.cleaned))
    rows = [("row_state", f"{look.state}  {sentence}")]
    if record is not None:
        rows += _record_rows(console, record, look)
    rows += [("row_home", str(paths.home)), ("row_database", _size(paths))]
    if failure:
        rows.append(("row_restart", failure.splitlines()[0]))
    width = max(len(console.text(key)) for key, _ in rows)
    for key, value in rows:
        console.say(f"{console.text(key):<{width}}  {value}")
    console.result(_status_object(paths, look, record, code, failure))
    return code


def _record_rows(console: Console, record: ServerRecord, look: Status) -> list[tuple[str, str]]:
    addresses = network.addresses(record.scheme, record.host, record.port)
    rows = [
        ("row_pid", str(record.pid)),
        ("row_uptime", _duration(_uptime(record))),
        ("row_version", record.version),
        *(("row_address", f"{a.url}  {a.adapter}".rstrip()) for a in addresses),
    ]
    if look.answer is not None:
        word = "setup_needed" if look.answer.setup else "setup_done"
        rows.append(("row_setup", console.text(word)))
    return rows


def _status_object(
    paths: HomePaths, look: Status, record: ServerRecord | None, code: int, failure: str | None
) -> dict[str, object]:
    value: dict[str, object] = {
        "ok": code == 0,
        "state": look.state.value,
        "exit_code": code,
        "home": str(paths.home),
        "cleaned": list(look.cleaned),
        "restart_failure": failure,
    }
    if record is not None:
        addresses = network.addresses(record.scheme, record.host, record.port)
        value |= {
            "pid": record.pid,
            "port": record.port,
            "version": record.version,
            "started_ms": record.started_ms,
            "uptime_s": _uptime(record),
            "addresses": [{"url": a.url, "adapter": a.adapter} for a in addresses],
            "setup": look.answer.setup if look.answer else None,
        }
    return value


def settings_table(console: Console, settings: Settings) -> None:
    """Every setting with its source."""
    rows = settings.table()
    width = max(len(row.name) for row in rows)
    for row in rows:
        console.say(f"{row.name:<{width}}  {row.value or '-':<28}  {row.source}")
    console.result({row.name: {"value": row.value, "source": row.source.value} for row in rows})


def failed(console: Console, error: MTradeError, paths: HomePaths | None) -> int:
    """Say what happened and what to type next; returns the exit code."""
    code = _exit_code(error)
    lines = _config_lines(console, error) if isinstance(error, ConfigError) else []
    lines = lines or _process_lines(console, error)
    console.mark("error", "\n".join(lines))
    tail = error.params.get("tail")
    if tail:
        console.complain(console.text("last_lines") + "\n" + tail)
    if paths is not None and error.code in ("start_failed", "restart_failed"):
        console.complain(console.text("see_log", log=paths.logs))
    console.result({"ok": False, "exit_code": code, "code": error.code, "message": error.message})
    return code


def _exit_code(error: MTradeError) -> int:
    if isinstance(error, ConfigError):
        return BAD_ARGUMENTS if error.params.get("file") == "command line" else BAD_CONFIG
    return error.exit_code if isinstance(error, ProcessError) else FAILED


def _process_lines(console: Console, error: MTradeError) -> list[str]:
    params: dict[str, object] = {**error.params, "message": error.message}
    params["reason"] = phrase(error.params.get("reason", ""), console.lang)
    if error.code == "port_busy":
        params["other"] = int(error.params["port"]) % 65_000 + 1
        lines = [console.text("port_busy", **params)]
        return lines + ([console.text("airplay")] if "AirPlay" in error.message else [])
    if error.code in ("stop_timeout", "not_ours", "start_failed"):
        return [console.text(error.code, **params)]
    return [error.message]


def _config_lines(console: Console, error: ConfigError) -> list[str]:
    params = error.params
    if not params:
        return []
    file = phrase(params["file"], console.lang)
    where = console.text("where", **{**params, "file": file}) if params["line"] else file
    key = f"{params['key']}: " if params["key"] else ""
    reason = phrase(params["reason"], console.lang)
    lines = [console.text(error.code, where=where, key=key, reason=reason)]
    lines += [
        console.text(name, **{name: phrase(params[name], console.lang)})
        for name in ("allowed", "near", "backup")
        if params.get(name)
    ]
    return lines


def _uptime(record: ServerRecord) -> int:
    return max(0, int(time.time() - record.started_ms / 1000))


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock


def _size(paths: HomePaths) -> str:
    try:
        return f"{(paths.home / 'data' / 'mtrade.db').stat().st_size / 1_048_576:.1f} MB"
    except OSError:
        return "-"
