"""What every test runs under: the money context, and no way out to the network by accident."""

from __future__ import annotations

import pytest
from hypothesis import settings

from mtrade.domain.numbers import use_decimal_context

use_decimal_context()

# Examples are drawn anew each run; a machine under load must not fail a property by its pace.
settings.register_profile("quick", deadline=None, max_examples=60, print_blob=True)
settings.register_profile("full", deadline=None, max_examples=1000, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the long sweeps too")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("full" if config.getoption("--full") else "quick")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    long = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]
