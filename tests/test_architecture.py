"""The shape of the house: who may import whom, which library lives behind which door, how long a
file may grow, and that an order leaves through one place only."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mtrade"

GATE_PURE = {f"mtrade.gate.{name}" for name in ("networks", "signing", "labels", "frames")}
FLOORS: dict[str, set[str]] = {
    "domain": set(),
    "gate": {"domain", "loop"},
    "paper": {"domain"},
    "store": {"domain"},
    "trading": {"domain"},
    "config": {"domain"},
    "logs": set(),
    "loop": set(),
    "clock": set(),
    "admin": set(),
    "keeper": {"domain", "store"},
    "price_watch": {"domain"},
    "embedded": {"config", "domain", "gate", "loop", "paper", "price_watch", "store"},
    "process": {"config", "logs"},
    "web": {"domain", "trading"},
}
EXTRA: dict[str, set[str]] = {
    "paper": GATE_PURE | {"mtrade.clock"},
    "process": {"mtrade.domain.errors"},
    "logs": {"mtrade.domain.errors"},
}
# Entry points wire the floors together; nothing imports them.
ENTRIES = {
    "mtrade/bootstrap.py",
    "mtrade/admin/__main__.py",
    "mtrade/admin/commands.py",
    "mtrade/doctor.py",
    "mtrade/paper/__main__.py",
    "mtrade/paper/alone.py",
}
DOORS: dict[str, set[str]] = {
    "flask": {"web"},
    "flask_openapi3": {"web"},
    "sqlite3": {"store"},
    "requests": {"gate"},
    "urllib3": {"gate"},
    "aiohttp": {"paper"},
    "picows": {"gate"},
    "msgspec": {"domain", "gate", "store", "trading"},
    "psutil": {"process"},
    "cheroot": {"process"},
    "structlog": {"logs"},
    "dotenv": {"config"},
    "cryptography": {"store", "web"},
}
# Where whatever nobody foresaw is caught, because the next turn must come (docs/architecture.md).
# What cleans up and raises again may stand anywhere.
CATCH_ALL = {
    ("mtrade/trading/worker.py", "_safely"),
    ("mtrade/trading/live/hub.py", "_run"),
    ("mtrade/paper/exchange.py", "_tick_for_ever"),
    ("mtrade/paper/ws/shell.py", "_beat"),
    ("mtrade/paper/gateway.py", "run"),
}
PURE_FORBIDDEN = {
    "asyncio", "threading", "socket", "time", "random", "secrets", "uuid", "os", "sqlite3",
    "requests", "aiohttp", "picows", "subprocess", "queue", "concurrent", "pathlib",
}  # fmt: skip
CEILINGS = {".py": 300, ".js": 200, ".css": 250, ".html": 200}
ROOT_ENTRIES = {
    "mTrade.py", "start.py", "stop.py", "restart.py", "status.py",
    "START.bat", "STOP.bat", "RESTART.bat", "STATUS.bat",
    "templates", "static", "mtrade", "tests", "docs", ".ci", ".github",
    "requirements.txt", "requirements.in", "requirements-dev.txt", "requirements-dev.in",
    "README.md", "README.ru.md", "QUICKSTART.md", "CHANGELOG.md", "LICENSE",
    "THIRD_PARTY_NOTICES.md", "pyproject.toml", ".gitignore", ".gitattributes",
    ".env.example", ".editorconfig",
}  # fmt: skip

SOURCES = sorted(PACKAGE.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every imported module of a file, also those inside functions, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def room_of(path: Path) -> str:
    """The first floor a file belongs to: `gate`, `loop`, `bootstrap` ..."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.splitlines()


def arrow_allowed(room: str, module: str) -> bool:
    parts = module.split(".")
    target = parts[1] if len(parts) > 1 else ""
    if target in (room, "", "__version__") or target in FLOORS[room]:
        return True
    extra = EXTRA.get(room, set())
    return any(module == name or module.startswith(f"{name}.") for name in extra)


def test_arrows_between_floors() -> None:
    wrong = []
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        if name in ENTRIES or (path.name == "__init__.py" and path.parent == PACKAGE):
            continue
        room = room_of(path)
        assert room in FLOORS, f"{name}: a new room needs its arrows in this test"
        for module, line in imports(parsed(path)):
            if module.startswith("mtrade") and not arrow_allowed(room, module):
                wrong.append(f"{name}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_libraries_stay_behind_their_doors() -> None:
    wrong = []
    for path in SOURCES:
        room = room_of(path)
        for module, line in imports(parsed(path)):
            allowed = DOORS.get(module.split(".")[0])
            if allowed is not None and room not in allowed:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_caught_wholesale_but_at_the_top_of_a_thread() -> None:
    found = set()
    for path in SOURCES:
        for function in ast.walk(parsed(path)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.ExceptHandler) and is_catch_all(node):
                        found.add((path.relative_to(ROOT).as_posix(), function.name))
    assert found == CATCH_ALL


def is_catch_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    last = handler.body[-1]
    raises = isinstance(last, ast.Raise) and last.exc is None
    return not raises and (handler.type is None or bool(names & {"Exception", "BaseException"}))


def test_the_domain_is_pure() -> None:
    wrong = []
    for path in (PACKAGE / "domain").rglob("*.py"):
        tree = parsed(path)
        found = {module.split(".")[0] for module, _ in imports(tree)} & PURE_FORBIDDEN
        floats = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, float)
        ]
        if found or floats:
            wrong.append(f"{path.name}: {sorted(found)} float literals at {floats}")
    assert not wrong, "\n".join(wrong)


def test_an_order_leaves_through_one_place() -> None:
    callers = []
    for path in SOURCES:
        if room_of(path) in ("gate", "paper"):
            continue
        for node in ast.walk(parsed(path)):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if called and node.func.attr in ("place", "place_trigger"):  # type: ignore[attr-defined]
                callers.append(path.relative_to(ROOT).as_posix())
    assert sorted(callers) == ["mtrade/trading/courier.py"] * 2


def test_broad_excepts_stand_only_where_the_design_puts_them() -> None:
    found = []
    for path in SOURCES:
        for node in ast.walk(parsed(path)):
            passes_on = isinstance(node, ast.ExceptHandler) and isinstance(node.body[-1], ast.Raise)
            if isinstance(node, ast.ExceptHandler) and not passes_on:
                names = ast.unparse(node.type) if node.type else ""
                if names in ("", "Exception", "BaseException"):
                    found.append(path.relative_to(ROOT).as_posix())
    allowed = {
        "mtrade/trading/worker.py",  # top of the engine thread
        "mtrade/trading/live/hub.py",  # top of the hub thread
        "mtrade/paper/exchange.py",  # top of the exchange's clock task
        "mtrade/paper/ws/shell.py",  # top of the exchange's feed task
        "mtrade/paper/gateway.py",
        "mtrade/web/errors.py",  # the Flask fallback
    }
    assert set(found) <= allowed, sorted(set(found) - allowed)


@pytest.mark.parametrize("ending", sorted(CEILINGS))
def test_files_stay_under_their_ceiling(ending: str) -> None:
    long = []
    for name in tracked():
        path = ROOT / name
        if path.suffix != ending or not path.is_file() or name.startswith("tests/"):
            continue
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > CEILINGS[ending]:
            long.append(f"{name}: {lines} lines, ceiling {CEILINGS[ending]}")
    assert not long, "\n".join(long)


def test_the_root_holds_only_what_is_meant_to_be_there() -> None:
    roots = {name.split("/")[0] for name in tracked()}
    assert roots <= ROOT_ENTRIES, sorted(roots - ROOT_ENTRIES)


def test_no_page_script_turns_text_into_markup() -> None:
    sinks = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
    wrong = []
    for path in (ROOT / "static" / "js").rglob("*.js"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if any(sink in line for sink in sinks):
                wrong.append(f"{path.relative_to(ROOT)}:{number} {line.strip()}")
    assert not wrong, "\n".join(wrong)


def test_pages_hold_no_inline_script_or_style() -> None:
    wrong = []
    for path in (ROOT / "templates").rglob("*.html"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            inline = " style=" in line or "<style" in line or " onclick=" in line
            script = "<script" in line and "src=" not in line and "application/json" not in line
            if inline or script:
                wrong.append(f"{path.relative_to(ROOT)}:{number} {line.strip()}")
    assert not wrong, "\n".join(wrong)
