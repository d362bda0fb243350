"""Owned JSON files: old or new, never mixed; the unreadable is kept, the last good copy is used."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtrade.domain.errors import StoreError
from mtrade.store import atomic, files
from tests.store.damage import corruptions

NOW = 1_700_000_000_000
OLD = {"one": {"uid": "1", "created_at": 5, "note": "до"}}
NEW = {"one": {"uid": "1"}, "two": {"uid": "9223372036854775807"}}


def identity(document: dict[str, Any]) -> dict[str, Any]:
    return document


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "accounts.json"
    files.write_json(file, OLD)
    files.write_json(file, NEW)
    return file


def test_what_was_written_is_read(path: Path) -> None:
    owned = files.read_owned(path, identity, NOW)
    assert owned == files.Owned(NEW)
    assert files.read_json(path.with_name("accounts.json.bak")) == OLD
    assert not list(path.parent.glob(".tmp-*"))


def test_a_missing_file_is_nothing(tmp_path: Path) -> None:
    assert files.read_json(tmp_path / "x.json") is None
    assert files.read_owned(tmp_path / "x.json", identity, NOW) is None


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_only_the_owner_may_read_it(path: Path) -> None:
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0


def test_every_corruption_is_moved_aside_and_the_last_good_copy_used(path: Path) -> None:
    good = path.read_bytes()
    backup = path.with_name("accounts.json.bak").read_bytes()
    cases = corruptions(good)
    assert len(cases) > 60
    for name, broken in cases.items():
        path.write_bytes(broken)
        owned = files.read_owned(path, identity, NOW)
        assert owned is not None, name
        if broken.rstrip() == good.rstrip():
            continue
        assert owned.recovered, name
        assert owned.value == OLD, name
        assert owned.set_aside is not None, name
        assert owned.set_aside.read_bytes() == broken, name
        assert files.read_owned(path, identity, NOW) == files.Owned(OLD), name
        path.with_name("accounts.json.bak").write_bytes(backup)


def test_an_unreadable_file_is_never_overwritten(path: Path) -> None:
    good = path.read_bytes()
    for name, broken in corruptions(good).items():
        path.write_bytes(broken)
        if broken.rstrip() == good.rstrip():
            continue
        with pytest.raises(StoreError):
            files.write_json(path, OLD)
        assert path.read_bytes() == broken, name


def test_without_a_good_copy_nothing_is_touched(path: Path) -> None:
    path.write_bytes(b"{")
    backup = path.with_name("accounts.json.bak")
    for left in (b"[", None):
        if left is None:
            backup.unlink()
        else:
            backup.write_bytes(left)
        with pytest.raises(StoreError):
            files.read_owned(path, identity, NOW)
        assert path.read_bytes() == b"{"


def test_a_lost_file_comes_back_from_its_copy(path: Path) -> None:
    path.unlink()
    owned = files.read_owned(path, identity, NOW)
    assert owned == files.Owned(OLD, recovered=True)
    assert files.read_json(path) == OLD


def test_a_meaning_that_does_not_hold_is_damage_too(path: Path) -> None:
    def only_old(document: dict[str, Any]) -> dict[str, Any]:
        if "two" in document:
            raise ValueError("two is too many")
        return document

    owned = files.read_owned(path, only_old, NOW)
    assert owned is not None
    assert owned.value == OLD


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{\n "a": 1,\n "b" 2}', 3, 6),
        (b'{"a":1,\n "a":2}', 2, 2),
        (b'{\n"a":"\xff"}', 2, 6),
        (b'\xef\xbb\xbf{"a":}', 1, 6),
    ],
)
def test_a_fault_is_named_by_line_and_column(
    tmp_path: Path, body: bytes, line: int, column: int
) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(body)
    with pytest.raises(StoreError) as fault:
        files.read_json(file)
    assert (fault.value.params["line"], fault.value.params["column"]) == (str(line), str(column))
    assert "config.json" in fault.value.message
    assert file.read_bytes() == body


def test_a_mark_at_the_start_is_forgiven(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(b'\xef\xbb\xbf{"a":1}')
    assert files.read_json(file) == {"a": 1}


@pytest.mark.skipif(os.name == "nt", reason="needs a privilege on Windows")
def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.json"
    foreign.write_text('{"mine": 1}')
    link = tmp_path / "accounts.json"
    link.symlink_to(foreign)
    for act in (lambda: files.write_json(link, NEW), lambda: files.read_json(link)):
        with pytest.raises(StoreError, match="symbolic link"):
            act()
    assert foreign.read_text() == '{"mine": 1}'


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "accounts.json").mkdir()
    with pytest.raises(StoreError, match="not a file"):
        files.write_json(tmp_path / "accounts.json", NEW)


def test_a_read_only_file_is_respected(path: Path) -> None:
    path.chmod(0o400)
    with pytest.raises(StoreError, match="read-only"):
        files.write_json(path, OLD)
    assert files.read_json(path) == NEW


def test_limits_refuse_and_never_cut(path: Path) -> None:
    with pytest.raises(StoreError, match="exceed"):
        files.write_json(path, {"a": "x" * files.LIMIT})
    assert files.read_json(path) == NEW


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_failing_disk_leaves_the_old_version(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    def fail(*args: object, **kwargs: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(Path if call == "replace" else os, call, fail)
        with pytest.raises(StoreError, match=r"accounts\.json"):
            files.write_json(path, {"three": {}})
    assert files.read_json(path) == NEW
    assert not list(path.parent.glob(".tmp-*"))


def test_a_full_disk_in_the_middle_of_the_bytes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(handle: int, mode: str) -> Any:
        os.write(handle, b"{")
        os.close(handle)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", half)
        with pytest.raises(StoreError, match="No space"):
            files.write_json(path, {"three": {}})
    assert files.read_json(path) == NEW
    files.write_json(path, OLD)
    assert files.read_json(path) == OLD


def test_a_windows_scanner_is_waited_for_but_not_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls, waited = Path.replace, [], []

    def held(source: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) < 4:
            error = PermissionError(errno.EACCES, "held")
            error.winerror = 32  # type: ignore[attr-defined]
            raise error
        return real(source, target)

    monkeypatch.setattr(atomic.time, "sleep", waited.append)
    monkeypatch.setattr(Path, "replace", held)
    files.write_json(path, OLD)
    assert waited == [0.01, 0.025, 0.05]
    assert files.read_json(path) == OLD


def test_a_plain_refusal_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(atomic.time, "sleep", lambda s: pytest.fail("waited"))
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StoreError):
        files.write_json(path, OLD)


def test_old_leftovers_are_swept_and_young_ones_kept(tmp_path: Path) -> None:
    old, young, other = (tmp_path / n for n in (".tmp-a-1", ".tmp-a-2", "accounts.json"))
    for file in (old, young, other):
        file.write_text("x")
        os.utime(file, (NOW / 1000, NOW / 1000))
    os.utime(old, (NOW / 1000 - 3_700, NOW / 1000 - 3_700))
    atomic.sweep(tmp_path, NOW)
    assert sorted(p.name for p in tmp_path.iterdir()) == [".tmp-a-2", "accounts.json"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), values))
def test_any_document_comes_back(tmp_path: Path, document: dict[str, Any]) -> None:
    document.pop(files.CHECKSUM, None)
    file = tmp_path / "any.json"
    try:
        files.write_json(file, document)
    except (StoreError, ValueError):
        pytest.fail("a plain document was refused")
    assert files.read_json(file) == document
