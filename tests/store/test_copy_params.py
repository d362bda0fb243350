"""Parameters are stored one by one: a version that knows more, or less, still reads them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from mtrade.domain.copying.params import CopyParams
from mtrade.store.copy_params import params_from, params_text
from tests.store import copy_samples as samples


@given(samples.params)
def test_parameters_come_back(params: CopyParams) -> None:
    assert params_from(params_text(params)) == params


def test_a_missing_one_has_its_default_and_a_strange_one_does_no_harm() -> None:
    assert params_from('{"invented_later": 5}') == CopyParams()


def test_numbers_are_stored_as_text_and_a_share_with_its_sign() -> None:
    raw = json.loads(params_text(CopyParams()))
    assert (raw["multiplier"], raw["max_order"], raw["exit_steps_bps"]) == (
        "1",
        "100%",
        ["30", "100", "300"],
    )


@pytest.mark.parametrize(
    "stored",
    [
        '{"multiplier": 1.5}',
        '{"size_mode": "guess"}',
        '{"multiplier": "x"}',
        "[",
        '{"max_order": []}',
        "[]",
    ],
)
def test_what_makes_no_sense_is_refused(stored: str) -> None:
    with pytest.raises((ValueError, TypeError, ArithmeticError)):
        params_from(stored)
