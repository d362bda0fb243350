"""A fresh exchange without sockets for each test."""

from __future__ import annotations

import pytest

from tests.paper.ws.stand import Stand


@pytest.fixture
def stand() -> Stand:
    return Stand()
