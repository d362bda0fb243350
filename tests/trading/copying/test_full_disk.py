"""While the journal takes nothing, copying tries once a second, and not all the time."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.errors import StoreError
from tests.trading.copying.stand import Stand


def test_a_full_disk_is_tried_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(tmp_path, followers=1)
    stand.link()
    stand.run(5)
    loads: list[float] = []
    load = stand.store.load

    def full(*anything: object) -> None:
        raise StoreError("the disk is full", code="disk_full")

    def counted() -> object:
        loads.append(stand.stage.now)
        return load()

    with monkeypatch.context() as during:
        during.setattr(stand.journal, "commit", full)
        during.setattr(stand.journal, "update", full)
        during.setattr(stand.store, "load", counted)
        stand.trade("20")
        stand.run(5)
    assert 4 <= len(loads) <= 6
    stand.run(3)
    assert stand.owned() == stand.held() == D(10)
