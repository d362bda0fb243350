"""Machine settings: facts about this computer, given on the command line, by variable or `.env`."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mtrade.config.model import check_host, check_port

# A parser gets the text and the folder that relative paths start from; ValueError says what is
# allowed.
Parser = Callable[[str, Path], Any]


@dataclass(frozen=True, slots=True)
class MachineSetting:
    """One setting. `config` is its twin (section, key) in `config.json`, if it has one."""

    name: str
    parse: Parser
    default: Any = None
    config: tuple[str, str] | None = None

    @property
    def variable(self) -> str:
        """Its name in the environment and in `.env`."""
        return f"MTRADE_{self.name.upper()}"

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return "--" + self.name.removeprefix("tls_").replace("_", "-")

    def text(self, value: Any) -> str:
        """`value` as `parse` reads it back."""
        if isinstance(value, bool):
            return "1" if value else "0"
        return ",".join(value) if isinstance(value, tuple) else str(value)


def _folder(text: str, base: Path) -> Path:
    return (base / Path(text).expanduser()).resolve()


def _file(text: str, base: Path) -> Path:
    path = (base / Path(text).expanduser()).resolve()
    if not path.is_file():
        raise ValueError(f"an existing file ({path} is none)")
    return path


def _new_file(text: str, base: Path) -> Path:
    return (base / Path(text).expanduser()).resolve()


def _port(text: str, base: Path) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise ValueError("a whole number from 1 to 65535")
    return check_port(int(text))


def _host(text: str, base: Path) -> str:
    return check_host(text)


def _choice(*words: str) -> Parser:
    def parse(text: str, base: Path) -> str:
        for word in words:
            if text.lower() == word.lower():
                return word
        raise ValueError(", ".join(words))

    return parse


def _switch(text: str, base: Path) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0, 1")
    return text == "1"


def _names(text: str, base: Path) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if any(not set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") for name in names):
        raise ValueError("host names separated by commas, without port or path")
    return names


def _loopback_url(text: str, base: Path) -> str:
    """Play-account keys are sent there, so it must not leave this computer."""
    wrong = ValueError("an address on this computer, like http://127.0.0.1:8780")
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        raise wrong from None
    bare = not (url.username or url.password or url.query or url.fragment)
    if url.scheme != "http" or not port or not bare or not _is_loopback(host):
        raise wrong
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


MACHINE: dict[str, MachineSetting] = {
    setting.name: setting
    for setting in (
        MachineSetting("home", _folder),
        MachineSetting("host", _host, config=("server", "host")),
        MachineSetting("port", _port, config=("server", "port")),
        MachineSetting("lang", _choice("auto", "ru", "en"), config=("ui", "lang")),
        MachineSetting("allowed_hosts", _names, default=()),
        MachineSetting("key_file", _new_file),
        MachineSetting("tls_cert", _file),
        MachineSetting("tls_key", _file),
        MachineSetting(
            "log_level", _choice("DEBUG", "INFO", "WARNING", "ERROR"), config=("log", "level")
        ),
        MachineSetting("live", _switch, default=True),
        MachineSetting("paper_url", _loopback_url),
        MachineSetting(
            "paper_prices", _choice("auto", "live", "synthetic"), config=("paper", "prices")
        ),
    )
}
