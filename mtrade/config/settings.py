"""Settings of this run: every value together with the place it came from. Frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from mtrade.config.files import make_private_folder
from mtrade.config.machine import MACHINE, MachineSetting
from mtrade.config.model import Config
from mtrade.config.reader import fault, nearest, read_config, read_env_file

PROJECT = Path(__file__).resolve().parents[2]


class Source(StrEnum):
    """Where a value came from; earlier ones win over later ones."""

    ARGUMENT = "command line"
    ENVIRONMENT = "environment"
    ENV_FILE = ".env"
    CONFIG = "config.json"
    DEFAULT = "default"


class Setting(NamedTuple):
    """One line of `status.py --config`."""

    name: str
    value: str
    source: Source


class _Found(NamedTuple):
    value: Any
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the server runs with.

    `home` holds all run-time files, `project` the program. `arguments` is the command line that
    repeats what this one and the environment chose, so that a restart keeps it. `lang` is `auto`,
    `ru` or `en`.
    """

    project: Path
    home: Path
    host: str
    port: int
    lang: str
    allowed_hosts: tuple[str, ...]
    key_file: Path | None
    tls_cert: Path | None
    tls_key: Path | None
    log_level: str
    live: bool
    paper_url: str | None
    paper_prices: str
    config: Config
    arguments: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)

    @property
    def scheme(self) -> str:
        """`https` when an own certificate was given."""
        return "https" if self.tls_cert else "http"

    def table(self) -> list[Setting]:
        """Every setting with its source; none of them is secret."""
        machine = [
            Setting(s.variable, _shown(getattr(self, s.name)), self.sources[s.variable])
            for s in MACHINE.values()
        ]
        values = _flat(self.config.model_dump(mode="json", by_alias=True))
        return machine + [Setting(n, _shown(v), self.sources[n]) for n, v in values.items()]


def load(
    arguments: Mapping[str, str | None] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    project: Path = PROJECT,
) -> Settings:
    """Read all places, make `config.json` on first run, and decide.

    `arguments` maps machine settings (`port`, `home`, `tls_cert`) to what the command line said.
    Relative paths start at the current folder there, and at the project folder everywhere else.
    Raises ConfigError; a file that cannot be read is never overwritten.
    """
    given = {name: text for name, text in (arguments or {}).items() if text}
    env_file = read_env_file(project / ".env")
    _refuse_unknown(env_file)
    places = _Places(given, os.environ if environ is None else environ, project, env_file)
    home = places.find(MACHINE["home"], None)
    home = home if home.value else _Found(project, Source.DEFAULT)
    config = read_config(_usable(home.value) / "config.json")
    found = {s.name: places.find(s, config) for s in MACHINE.values()} | {"home": home}
    _check_tls(found["tls_cert"].value, found["tls_key"].value)
    sources = {MACHINE[name].variable: value.source for name, value in found.items()}
    values = {name: value.value for name, value in found.items()}
    return Settings(
        project=project,
        config=config,
        arguments=_repeatable(found),
        sources=sources | _config_sources(config),
        **values,
    )


def home_of(
    arguments: Mapping[str, str | None] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    project: Path = PROJECT,
) -> Path:
    """Only the home folder, whatever else is wrong: a server can be stopped without good settings.

    Raises ConfigError when `.env` cannot be read at all.
    """
    given = {name: text for name, text in (arguments or {}).items() if text}
    env_file = read_env_file(project / ".env", lenient=True)
    places = _Places(given, os.environ if environ is None else environ, project, env_file)
    home = places.find(MACHINE["home"], None).value
    return home if isinstance(home, Path) else project


class _Places:
    """Looks a machine setting up in the order of precedence."""

    def __init__(
        self,
        arguments: Mapping[str, str],
        environ: Mapping[str, str],
        project: Path,
        env_file: Mapping[str, tuple[str, int]],
    ) -> None:
        self._arguments = arguments
        self._environ = environ
        self._project = project
        self._env_file = env_file

    def find(self, setting: MachineSetting, config: Config | None) -> _Found:
        if text := self._arguments.get(setting.name, "").strip():
            value = _parsed(setting, text, Path.cwd(), file="command line", key=setting.option)
            return _Found(value, Source.ARGUMENT)
        if text := self._environ.get(setting.variable, "").strip():
            value = _parsed(setting, text, self._project, file="environment", key=setting.variable)
            return _Found(value, Source.ENVIRONMENT)
        written, line = self._env_file.get(setting.variable, ("", 0))
        if text := written.strip():
            at = (line, 1)
            value = _parsed(setting, text, self._project, file=".env", key=setting.variable, at=at)
            return _Found(value, Source.ENV_FILE)
        return _from_config(setting, config)


def _parsed(
    setting: MachineSetting,
    text: str,
    base: Path,
    *,
    file: str,
    key: str,
    at: tuple[int, int] | None = None,
) -> Any:
    try:
        return setting.parse(text, base)
    except ValueError as error:
        raise fault(file, "wrong value", at=at, key=key, allowed=str(error)) from None


def _from_config(setting: MachineSetting, config: Config | None) -> _Found:
    if setting.config is None or config is None:
        return _Found(setting.default, Source.DEFAULT)
    section, key = setting.config
    part = getattr(config, section)
    written = section in config.model_fields_set and key in part.model_fields_set
    return _Found(getattr(part, key), Source.CONFIG if written else Source.DEFAULT)


def _repeatable(found: Mapping[str, _Found]) -> tuple[str, ...]:
    chosen = {n: f for n, f in found.items() if f.source in (Source.ARGUMENT, Source.ENVIRONMENT)}
    pairs = ((MACHINE[n].option, MACHINE[n].text(f.value)) for n, f in chosen.items())
    return tuple(part for pair in pairs for part in pair)


def _usable(home: Path) -> Path:
    try:
        return make_private_folder(home)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise fault(
            str(home), f"this folder cannot be used: {reason}", key="MTRADE_HOME"
        ) from error


def _refuse_unknown(env_file: Mapping[str, tuple[str, int]]) -> None:
    known = [s.variable for s in MACHINE.values()]
    for name, (_, line) in env_file.items():
        if name.upper().startswith("MTRADE_") and name not in known:
            raise fault(
                ".env",
                "unknown name",
                code="config_unknown_key",
                at=(line, 1),
                key=name,
                near=nearest(name, known),
            )


def _check_tls(cert: Path | None, key: Path | None) -> None:
    if (cert is None) != (key is None):
        missing = "MTRADE_TLS_KEY" if key is None else "MTRADE_TLS_CERT"
        raise fault("settings", "missing", key=missing, allowed="both certificate and key")


def _config_sources(config: Config) -> dict[str, Source]:
    written = _flat(config.model_dump(mode="json", by_alias=True, exclude_unset=True))
    every = _flat(config.model_dump(mode="json", by_alias=True))
    return {name: Source.CONFIG if name in written else Source.DEFAULT for name in every}


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for name, inner in value.items():
        path = f"{prefix}{name}"
        rows |= _flat(inner, f"{path}.") if isinstance(inner, dict) else {path: inner}
    return rows


def _shown(value: object) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)
