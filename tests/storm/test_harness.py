"""The storms and their judge find what they are there to find: each planted bug is caught."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.errors import OrderRejected, OutcomeUnknown
from mtrade.gate import trading_frames, trading_line
from mtrade.gate.paths import Change, Paths
from mtrade.gate.trading_line import NotWritten
from mtrade.trading import courier, pipeline, resolver
from tests.storm.world import World

SEEDS = range(200)  # the rarest bug shows in three storms of a hundred; the first one is enough
Plant = Callable[[pytest.MonkeyPatch], None]


def sends_again_over_rest(patch: pytest.MonkeyPatch) -> None:
    right = Paths.change

    def wrong(self: Paths, call: Change[Any], chosen: Any = lambda path: None) -> Any:
        try:
            return right(self, call, chosen)
        except OutcomeUnknown:
            return right(Paths(self._client), call, chosen)

    patch.setattr(Paths, "change", wrong)


def takes_a_lost_connection_for_not_sent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trading_line, "_lost", NotWritten)


def takes_a_server_error_for_a_refusal(patch: pytest.MonkeyPatch) -> None:
    def wrong(status: int, label: str, raw: str, **more: Any) -> OrderRejected:
        return OrderRejected("no", label=label, raw=raw, http_status=status)

    patch.setattr(trading_frames, "refused", wrong)


def waits_for_no_deadline(patch: pytest.MonkeyPatch) -> None:
    for module in (courier, resolver):
        patch.setattr(module, "past_fence", lambda intent, now_ms: True)
    patch.setattr(resolver, "MISS_GAP_S", 0.05)


def sends_anew_after_a_crash(patch: pytest.MonkeyPatch) -> None:
    right = pipeline.Pipeline.start

    def wrong(self: pipeline.Pipeline) -> None:
        right(self)
        for intent in self.live.values():
            if intent.sent_ms is None and not intent.final:
                self._courier.send(intent)

    patch.setattr(pipeline.Pipeline, "start", wrong)


PLANTED = [
    sends_again_over_rest,
    takes_a_lost_connection_for_not_sent,
    takes_a_server_error_for_a_refusal,
    waits_for_no_deadline,
    sends_anew_after_a_crash,
]


@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_bug_is_caught(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch)
    for seed in SEEDS:
        if World(seed, tmp_path, worst=0.9).run().wrong:
            return
    pytest.fail("no storm showed the bug")
