"""What the console says, in Russian and English. Standard library only: works before `.venv`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

# Russian, then English.
_TEXTS: dict[str, tuple[str, str]] = {
    "network_paper": ("бумажная сеть", "paper network"),
    "network_testnet": ("тестовая сеть", "test network"),
    "network_live": ("НАСТОЯЩИЕ ДЕНЬГИ", "REAL MONEY"),
    "ok": ("[ok]", "[ok]"),
    "wait": ("[..]", "[..]"),
    "warn": ("[внимание]", "[warning]"),
    "error": ("[ошибка]", "[error]"),
    "env_ready": (
        "Python {python} · .venv · зависимости в порядке",
        "Python {python} · .venv · packages ready",
    ),
    "env_create": ("создаю .venv (один раз)", "making .venv (once)"),
    "env_install": (
        "устанавливаю пакеты: {count} (один раз, нужен интернет)",
        "installing {count} packages (once, needs the internet)",
    ),
    "env_package": ("  {done}/{count} {name}", "  {done}/{count} {name}"),
    "env_wait": ("другой запуск готовит .venv, жду", "another start is preparing .venv, waiting"),
    "env_no_venv": (
        "в этом Python нет модуля venv. Установите его: sudo apt install {package}",
        "this Python has no venv module. Install it: sudo apt install {package}",
    ),
    "env_failed": (
        "пакеты не установлены: {reason}\nНе хватает: {missing}\n"
        "Проверьте интернет и запустите снова: python start.py",
        "the packages were not installed: {reason}\nMissing: {missing}\n"
        "Check the internet connection and run again: python start.py",
    ),
    "env_venv_failed": ("папка .venv не создана: {reason}", ".venv could not be made: {reason}"),
    "env_missing": (
        "папки .venv нет. Сначала запустите: python start.py",
        "there is no .venv. Run first: python start.py",
    ),
    "env_incomplete": (
        "в .venv нет пакета {name}. Удалите папку .venv и запустите: python start.py",
        "the package {name} is missing in .venv. Delete the folder .venv and run: python start.py",
    ),
    "config_ok": ("config.json · .env", "config.json · .env"),
    "port_free": ("порт {port} свободен", "port {port} is free"),
    "started": (
        "Сервер запущен  PID {pid}  ({seconds} с)",
        "Server started  PID {pid}  ({seconds} s)",
    ),
    "already": ("Сервер уже работает  PID {pid}", "The server is already running  PID {pid}"),
    "restarted": (
        "Сервер снова работает  PID {pid}  ({seconds} с)",
        "Server running again  PID {pid}  ({seconds} s)",
    ),
    "this_computer": ("Этот компьютер", "This computer"),
    "phone": ("Телефон, планшет", "Phone, tablet"),
    "setup_code": (
        "Первый вход: код настройки {code}  ({url})",
        "First login: setup code {code}  ({url})",
    ),
    "footer": (
        "Журнал: {log}    Остановить: python stop.py    Состояние: python status.py",
        "Log: {log}    Stop: python stop.py    Status: python status.py",
    ),
    "ctrl_c": ("Остановить: Ctrl+C", "Stop: Ctrl+C"),
    "stopped": ("Сервер остановлен", "Server stopped"),
    "not_running": (
        "Сервер не запущен. Запустить: python start.py",
        "The server is not running. Start it: python start.py",
    ),
    "start_failed": (
        "Сервер не запустился: {message}",
        "The server did not start: {message}",
    ),
    "last_lines": ("Последние строки:", "Last lines:"),
    "see_log": ("Журнал: {log}", "Log: {log}"),
    "port_busy": (
        "порт {port} недоступен: {reason}. Выберите другой: python start.py --port {other}",
        "port {port} cannot be used: {reason}. Choose another: python start.py --port {other}",
    ),
    "airplay": (
        "На macOS порт 5000 занимает AirPlay: Системные настройки, AirDrop и Handoff, "
        "Приёмник AirPlay.",
        "On macOS AirPlay uses port 5000: System Settings, AirDrop & Handoff, AirPlay Receiver.",
    ),
    "stop_timeout": (
        "процесс {pid} не завершился за {seconds} с. "
        "Завершить принудительно: python stop.py --force",
        "process {pid} did not end within {seconds} s. End it by force: python stop.py --force",
    ),
    "not_ours": (
        "mtrade_server.pid и mtrade_server.json не описывают процесс, который держит "
        "mtrade_server.lock. Никому не послан сигнал. Остановите сервер в браузере или Ctrl+C "
        "в его окне.",
        "mtrade_server.pid and mtrade_server.json do not describe the process that holds "
        "mtrade_server.lock. Nothing was signalled. Stop the server in the browser or with Ctrl+C "
        "in its window.",
    ),
    "state_RUNNING": ("работает", "running"),
    "state_STARTING": ("запускается", "starting"),
    "state_UNRESPONSIVE": ("процесс жив, но не отвечает", "alive but not answering"),
    "state_FOREIGN": (
        "файлы не описывают держателя блокировки",
        "the files do not describe the lock holder",
    ),
    "state_STALE": (
        "завершился аварийно; остатки убраны: {files}",
        "died; left-over files removed: {files}",
    ),
    "state_STOPPED": ("не запущен", "not running"),
    "row_state": ("Состояние", "State"),
    "row_pid": ("PID", "PID"),
    "row_uptime": ("Работает", "Uptime"),
    "row_version": ("Версия", "Version"),
    "row_address": ("Адрес", "Address"),
    "row_home": ("Папка", "Folder"),
    "row_database": ("База данных", "Database"),
    "row_setup": ("Пароль", "Password"),
    "setup_needed": ("ещё не задан", "not set yet"),
    "setup_done": ("задан", "set"),
    "row_restart": ("Перезапуск", "Restart"),
    "config_syntax": ("{where}: {key}ошибка записи: {reason}", "{where}: {key}{reason}"),
    "config_unknown_key": ("{where}: {key}неизвестное имя", "{where}: {key}unknown name"),
    "config_value": ("{where}: {key}{reason}", "{where}: {key}{reason}"),
    "config_unreadable": ("{where}: {key}{reason}", "{where}: {key}{reason}"),
    "allowed": ("допустимо: {allowed}", "allowed: {allowed}"),
    "near": ("имелось в виду «{near}»?", 'did you mean "{near}"?'),
    "where": ("{file}, строка {line}, столбец {column}", "{file}, line {line}, column {column}"),
    "backup": ("последняя исправная копия: {backup}", "last good copy: {backup}"),
    "cloud": (
        "папка {home} синхронизируется с облаком: база данных может быть повреждена, а копии "
        "утекают. Перенесите её: MTRADE_HOME",
        "the folder {home} is synchronised with a cloud: that damages databases and leaks "
        "backups. Move it with MTRADE_HOME",
    ),
    "disk": ("на диске меньше 200 МБ: {home}", "less than 200 MB free on the disk of {home}"),
    "network_share": (
        "папка {home} лежит на сетевом диске, там блокировки и база данных ненадёжны. "
        "Укажите MTRADE_HOME на этом компьютере",
        "the folder {home} is on a network share, where locks and databases are not safe. "
        "Set MTRADE_HOME to a folder of this computer",
    ),
}


def language(wanted: str | None, environ: Mapping[str, str] | None = None) -> str:
    """`ru` or `en`: what was asked for, else the system's language if it is one of the two."""
    if wanted in ("ru", "en"):
        return wanted
    return "ru" if _system_language(os.environ if environ is None else environ) == "ru" else "en"


def _system_language(environ: Mapping[str, str]) -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return environ[name][:2].lower()
    return _interface_language()


if sys.platform == "win32":
    from mtrade.process.windows import ui_language

    def _interface_language() -> str:
        return "ru" if ui_language() == 0x19 else "en"

else:

    def _interface_language() -> str:
        return "en"


def text(key: str, lang: str, /, **params: object) -> str:
    """The sentence for `key`. An unknown key is a mistake of ours and raises KeyError."""
    russian, english = _TEXTS[key]
    return (russian if lang == "ru" else english).format(**params)
