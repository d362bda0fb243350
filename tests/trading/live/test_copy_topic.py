"""The topic of copying: its written forms, and its steady pace."""

from __future__ import annotations

import pytest

from mtrade.domain.errors import InvalidRequest
from mtrade.trading.live.board import Board
from mtrade.trading.live.listeners import Listeners
from mtrade.trading.live.mailbox import Mailbox
from mtrade.trading.live.topics import CopyTopic, ServerTopic, parse_topics
from tests.clocks import FakeClock


@pytest.mark.parametrize("text", ["copy", "copy:ru", "copy:en"])
def test_it_reads_as_it_is_written(text: str) -> None:
    [topic] = parse_topics(text)
    assert str(topic) == text
    assert topic.kind == "copy"


@pytest.mark.parametrize("text", ["copy:", "copy:de", "copy:en:ru", "copies"])
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_topics(text)


def test_it_is_told_at_every_beat_to_those_who_listen() -> None:
    listeners = Listeners(Board(FakeClock()))
    listeners.mark_kind(CopyTopic)
    assert not listeners.any_news
    listeners.add(Mailbox([CopyTopic("en"), CopyTopic(), ServerTopic()]))
    listeners.mark_kind(CopyTopic)
    assert set(listeners.take_news(1.0)) == {CopyTopic("en"), CopyTopic()}
