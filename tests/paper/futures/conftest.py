"""The stand of the futures tests: a house quoting 59 990 / 60 010 and two funded traders."""

from __future__ import annotations

import pytest

from tests.paper.futures.stand import COIN, ETH, Stand


@pytest.fixture
def stand() -> Stand:
    made = Stand()
    made.book("59990", "60010")
    made.book("2999", "3001", key=ETH)
    made.book("49990", "50010", key=COIN)
    made.events()
    return made
