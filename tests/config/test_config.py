"""Settings: precedence, sources, and a fault that names file, line, column, key and remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mtrade.config import Config, Settings, Source, home_of, load
from mtrade.config.machine import MACHINE
from mtrade.config.model import config_text, schema_text
from mtrade.config.reader import parse_config, read_env_file, remember_good
from mtrade.domain.accounts import Network
from mtrade.domain.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def settings(project: Path, arguments: dict[str, str | None] | None = None, **env: str) -> Settings:
    return load(arguments, environ=env, project=project)


def test_first_run_makes_a_file_that_reads_back_the_same(project: Path) -> None:
    assert settings(project).config == Config()
    text = (project / "config.json").read_text("utf-8")
    assert parse_config(text, "config.json") == Config()
    assert settings(project).sources["server.port"] is Source.CONFIG
    assert (project / "config.json").stat().st_mode & 0o077 == 0
    assert not list(project.glob(".tmp-*"))


def test_precedence(project: Path) -> None:
    def port() -> tuple[int, Source]:
        found = settings(project, arguments, **environ)
        return found.port, found.sources["MTRADE_PORT"]

    arguments: dict[str, str | None] = {}
    environ: dict[str, str] = {}
    (project / "config.json").write_text("{}")
    assert port() == (5000, Source.DEFAULT)
    (project / "config.json").write_text('{"server": {"port": 5001}}')
    assert port() == (5001, Source.CONFIG)
    (project / ".env").write_text("MTRADE_PORT=5002\n")
    assert port() == (5002, Source.ENV_FILE)
    environ["MTRADE_PORT"] = "5003"
    assert port() == (5003, Source.ENVIRONMENT)
    arguments["port"] = "5004"
    assert port() == (5004, Source.ARGUMENT)
    environ["MTRADE_PORT"] = " "
    arguments.clear()
    assert port() == (5002, Source.ENV_FILE), "an empty variable is none"


def test_every_machine_setting_is_read(project: Path) -> None:
    for name in ("cert", "key"):
        (project / name).touch()
    found = settings(
        project,
        MTRADE_HOME=str(project / "home"),
        MTRADE_HOST="127.0.0.1",
        MTRADE_PORT="5005",
        MTRADE_LANG="RU",
        MTRADE_ALLOWED_HOSTS="desk.local, Other ",
        MTRADE_KEY_FILE="key.bin",
        MTRADE_TLS_CERT="cert",
        MTRADE_TLS_KEY="key",
        MTRADE_LOG_LEVEL="debug",
        MTRADE_LIVE="0",
        MTRADE_PAPER_URL="http://127.0.0.1:8780/",
        MTRADE_PAPER_PRICES="synthetic",
    )
    assert found.home == (project / "home").resolve()
    assert (found.host, found.port, found.lang) == ("127.0.0.1", 5005, "ru")
    assert found.allowed_hosts == ("desk.local", "other")
    assert found.key_file == (project / "key.bin").resolve()
    assert found.scheme == "https"
    assert (found.log_level, found.live) == ("DEBUG", False)
    assert found.paper_url == "http://127.0.0.1:8780"
    assert {row.source for row in found.table() if row.name.startswith("MTRADE")} == {
        Source.ENVIRONMENT
    }


def test_a_restart_repeats_what_command_line_and_environment_chose(project: Path) -> None:
    (project / ".env").write_text("MTRADE_LIVE=0\n")
    found = settings(project, {"port": "5006"}, MTRADE_ALLOWED_HOSTS="a,b")
    assert found.arguments == ("--port", "5006", "--allowed-hosts", "a,b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "6000"),
        ("PORT", "٥٠٠٠"),
        ("PORT", "5e3"),
        ("HOST", "example.org"),
        ("HOST", "127.0.0.1:5000"),
        ("LANG", "de"),
        ("ALLOWED_HOSTS", "http://x"),
        ("LIVE", "yes"),
        ("LOG_LEVEL", "LOUD"),
        ("TLS_CERT", "absent"),
        ("PAPER_URL", "https://127.0.0.1:1"),
        ("PAPER_URL", "http://example.org:80"),
        ("PAPER_URL", "http://127.0.0.1.example.org:80"),
        ("PAPER_URL", "http://user:pass@127.0.0.1:80"),
        ("PAPER_URL", "http://127.0.0.1"),
        ("PAPER_URL", "http://[::1"),
    ],
)
def test_wrong_machine_settings_name_themselves(project: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        settings(project, **{f"MTRADE_{name}": value})
    assert wrong.value.params["key"] == f"MTRADE_{name}"
    assert wrong.value.params["allowed"]
    (project / ".env").write_text(f"\n# a note\nMTRADE_{name}={value}\n", "utf-8")
    with pytest.raises(ConfigError, match=r"\.env, line 3, column 1"):
        settings(project)


def test_half_a_certificate_is_refused(project: Path) -> None:
    (project / "cert").touch()
    with pytest.raises(ConfigError, match="MTRADE_TLS_KEY"):
        settings(project, MTRADE_TLS_CERT="cert")


def at(*path: str | int) -> Callable[[Any, Any], None]:
    def put(whole: Any, value: Any) -> None:
        for name in path[:-1]:
            whole = whole[name]
        whole[path[-1]] = value

    return put


WRONG = [
    (at("server", "port"), "5000", "server.port", "a whole number"),
    (at("server", "port"), 5000.5, "server.port", "a whole number"),
    (at("server", "port"), True, "server.port", "a whole number"),
    (at("server", "port"), 0, "server.port", "at least 1"),
    (at("server", "port"), 6000, "server.port", ""),
    (at("server", "host"), "my pc", "server.host", ""),
    (at("server", "threads"), 10, "server.threads", "at least 20"),
    (at("network"), "papr", "network", "paper, testnet, live"),
    (at("version"), 2, "version", "1"),
    (at("server", "open_browser"), 1, "server.open_browser", "true, false"),
    (at("ui"), [], "ui", "an object { }"),
    (at("ui", "lang"), "de", "ui.lang", "auto, ru, en"),
    (at("risk", "price_band"), 0.05, "risk.price_band", 'a number in quotes, like "0.5"'),
    (at("risk", "price_band"), "0", "risk.price_band", "more than 0"),
    (at("risk", "price_band"), "2", "risk.price_band", "at most 1"),
    (at("risk", "max_order_usdt"), "1e9", "risk.max_order_usdt", 'a number in quotes, like "0.5"'),
    (at("risk", "max_order_usdt"), "NaN", "risk.max_order_usdt", 'a number in quotes, like "0.5"'),
]


@pytest.mark.parametrize(("put", "value", "key", "allowed"), WRONG)
def test_a_wrong_value_is_told_with_place_and_remedy(
    put: Callable[[Any, Any], None], value: Any, key: str, allowed: str
) -> None:
    whole = json.loads(config_text(Config()))
    put(whole, value)
    text = json.dumps(whole, indent=2)
    with pytest.raises(ConfigError) as wrong:
        parse_config(text, "config.json")
    params = wrong.value.params
    assert (params["file"], params["key"], params["allowed"]) == ("config.json", key, allowed)
    line = text.splitlines()[int(params["line"]) - 1]
    name = key.split(".")[-1] if not key.endswith(".0") else "1"
    assert line[int(params["column"]) - 1 :].startswith((f'"{name}"', name))


def test_an_unknown_key_is_told_with_the_likely_one() -> None:
    with pytest.raises(ConfigError) as wrong:
        parse_config('{\n "risk": {\n  "price_bnad": 5}}', "config.json")
    assert wrong.value.code == "config_unknown_key"
    assert wrong.value.params["near"] == "price_band"
    assert (wrong.value.params["line"], wrong.value.params["column"]) == ("3", "3")


SYNTAX = [
    ("", "1", "1"),
    ("[]", "1", "1"),
    ('{"a": 1,}', "1", "9"),
    ('{\n "mode": "normal" "x"}', "2", "19"),
    ('{"mode": "normal",\n "mode": "copy"}', "2", "2"),
    ('{"risk": {"price_band": NaN}}', "1", "25"),
    ('{"a": [1, -Infinity]}', "1", "11"),
    ('{"mode": "normal"}{}', "1", "19"),
]


@pytest.mark.parametrize(("text", "line", "column"), SYNTAX)
def test_what_is_not_strict_json_is_told_with_its_place(text: str, line: str, column: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        parse_config(text, "config.json")
    assert (wrong.value.params["line"], wrong.value.params["column"]) == (line, column)


def test_a_file_that_cannot_be_read_is_never_overwritten(project: Path) -> None:
    config = project / "config.json"
    cases = (b"{", b"\xff\xfe{\x00", b'{"a":' * 100_000, b"\x00" * 100, b" " * 1_100_000, b"")
    for raw in cases:
        config.write_bytes(raw)
        with pytest.raises(ConfigError):
            settings(project)
        assert config.read_bytes() == raw
    config.unlink()
    config.mkdir()
    with pytest.raises(ConfigError):
        settings(project)
    assert config.is_dir()


def test_every_cut_of_the_file_is_refused_or_whole() -> None:
    text = config_text(Config())
    for end in range(len(text) - 2):
        with pytest.raises(ConfigError):
            parse_config(text[:end], "config.json")


def test_a_byte_order_mark_is_tolerated(project: Path) -> None:
    (project / "config.json").write_text("\ufeff{}", "utf-8")
    (project / ".env").write_text("\ufeffMTRADE_PORT=5007\n", "utf-8")
    assert settings(project).port == 5007


def test_the_last_good_copy_is_kept_and_named(project: Path) -> None:
    settings(project)
    remember_good(project / "config.json")
    (project / "config.json").write_text("{")
    remember_good(project / "absent.json")
    with pytest.raises(ConfigError, match=r"config\.json\.bak"):
        settings(project)
    assert parse_config((project / "config.json.bak").read_text(), "x") == Config()


def test_env_file_is_literal_and_leaves_the_environment_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTRADE_OTHER", "from outside")
    path = project / ".env"
    path.write_text("A='${MTRADE_OTHER}'\nexport B=x # note\nC=\n\n# MTRADE_PORT=1\n", "utf-8")
    assert read_env_file(path) == {"A": ("${MTRADE_OTHER}", 1), "B": ("x", 2), "C": ("", 3)}


@pytest.mark.parametrize("text", ["MTRADE_PORT\n", "A='unclosed\n", "\n\n= 5\n"])
def test_a_broken_env_line_is_told(project: Path, text: str) -> None:
    (project / ".env").write_text(text)
    with pytest.raises(ConfigError, match="NAME=value"):
        settings(project)
    assert home_of({}, environ={}, project=project) == project


def test_a_misspelt_env_name_is_told(project: Path) -> None:
    (project / ".env").write_text("TELEGRAM_CHAT_ID=1\nMTRADE_PROT=5000\n")
    with pytest.raises(ConfigError, match=r'line 2.*did you mean "MTRADE_PORT"'):
        settings(project)


def test_home_survives_other_faults(project: Path) -> None:
    (project / ".env").write_text("MTRADE_PROT=5\n???\nMTRADE_HOME=elsewhere\n")
    assert home_of({}, environ={}, project=project) == project / "elsewhere"
    assert home_of({"home": str(project)}, environ={}, project=project) == project


def test_limits_and_types(project: Path) -> None:
    (project / "config.json").write_text(
        '{"risk": {"max_order_usdt": null, "max_leverage": 5, "price_band": "0.1"},'
        ' "network": "live"}'
    )
    config = settings(project).config
    limits = config.risk.limits()
    assert limits.max_order_value is None
    assert (limits.max_leverage, limits.price_band) == (Decimal(5), Decimal("0.1"))
    assert config.network is Network.LIVE


def test_every_setting_is_read_somewhere() -> None:
    """A setting that nothing reads would be a promise nobody keeps."""
    sources = [
        path.read_text("utf-8")
        for path in (ROOT / "mtrade").rglob("*.py")
        if path.name != "model.py" or path.parent.name != "config"
    ]
    model = (ROOT / "mtrade" / "config" / "model.py").read_text("utf-8")
    limits = model[model.index("def limits") :]
    machine = [setting.config for setting in MACHINE.values() if setting.config]
    for name, section in Config.model_fields.items():
        keys = getattr(section.annotation, "model_fields", {name: None})
        for key in keys:
            direct = any(f".{key}" in source for source in sources)
            read = direct or (name, key) in machine or f"self.{key}" in limits
            assert read or key in ("schema_file", "version"), f"{name}.{key} has no effect"


def test_the_published_schema_and_example_are_those_of_the_code() -> None:
    assert (ROOT / "docs" / "config.schema.json").read_text("utf-8") == schema_text()
    example = (ROOT / "docs" / "config.json.example").read_text("utf-8")
    assert parse_config(example, "config.json.example") == Config()


def test_the_example_env_file_names_every_setting_and_sets_none() -> None:
    path = ROOT / ".env.example"
    assert read_env_file(path) == {}
    text = path.read_text("utf-8")
    named = {line[2:].split("=")[0] for line in text.splitlines() if line.startswith("# MTRADE_")}
    assert named == {setting.variable for setting in MACHINE.values()}
