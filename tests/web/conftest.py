"""A fresh site per test, with a cheap password hash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mtrade.store import passwords
from tests.web.site import Site


@pytest.fixture(autouse=True)
def _cheap_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_MEMORY_KIB", 64)
    monkeypatch.setattr(passwords, "_PASSES", 1)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path, stack)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Site]:
    """A server before its first password."""
    with ExitStack() as stack:
        yield Site(tmp_path, stack, with_password=False)
