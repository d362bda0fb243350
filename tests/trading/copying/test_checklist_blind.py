"""The checklist: a feed that looks alive and tells nothing; a leader who cannot be seen at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.choices import OnBlind
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.events import Event
from mtrade.trading.copying.commands import Commands
from tests.trading.copying.follow import Follow
from tests.trading.copying.stand import LEADER, name

MINUTE_S = 60.0


@contextmanager
def zombie(stand: Follow, *, reads: bool) -> Iterator[None]:
    """The leader's stream stays up and says nothing; with `reads` REST still answers."""
    push, line = stand.streams.push, stand.lines[name(LEADER)]
    snapshot = stand.streams._snapshot

    def mute(account_id: str, event: Event) -> None:
        if account_id != name(LEADER):
            push(account_id, event)

    def down(*anything: object) -> Any:
        raise ExchangeUnavailable("no answer")

    def silent(account_id: str) -> None:
        if account_id != name(LEADER):
            snapshot(account_id)

    with pytest.MonkeyPatch.context() as during:
        during.setattr(stand.streams, "push", mute)
        during.setattr(stand.streams, "_snapshot", silent)
        if not reads:
            during.setattr(line, "_read", down)
        yield
    stand.streams._join(name(LEADER))


def following(folder: Path, **params: Any) -> tuple[Follow, int]:
    """A follower that owns 40."""
    stand = Follow(folder)
    link = stand.follow(**params)
    stand.trade("40")
    stand.run(10)
    assert stand.held() == D(40)
    return stand, link


def test_c44_a_zombie_is_made_up_for_by_reads(tmp_path: Path) -> None:
    """Exits and entries follow what REST says, within a read's time."""
    stand, _ = following(tmp_path)
    with zombie(stand, reads=True):
        for change, held in (("20", D(60)), ("-50", D(10)), ("-10", D(0))):
            stand.trade(change)
            stand.run(20)
            assert stand.owned() == stand.held() == held


def test_c44_a_zombie_that_the_watchdog_finds_is_read_every_two_seconds(tmp_path: Path) -> None:
    stand, link = following(tmp_path)
    stand.streams.silence(name(LEADER), 300.0)
    stand.run(20)
    assert stand.view(link).leader_live
    stand.trade("20")
    stand.run(4)
    assert stand.held() == D(60)
    stand.trade("-30")
    stand.run(4)
    assert stand.held() == D(30)


def test_c44_blind_for_ten_minutes_holds_and_calls(tmp_path: Path) -> None:
    """Entries off at once, an alarm after 30 s, nothing sent; the exit follows on sight."""
    stand, link = following(tmp_path)
    sent = len(stand.bourse.arrivals)
    with zombie(stand, reads=False):
        stand.run(22)
        assert not stand.view(link).leader_live
        assert Code.NOT_LIVE in {reason.code for reason in stand.view(link).warnings}
        assert "NOT_LIVE" not in stand.alarms()
        stand.trade("-30")
        stand.run(32)
        assert "NOT_LIVE" in stand.alarms()
        stand.run(10 * MINUTE_S)
        assert (len(stand.bourse.arrivals), stand.held()) == (sent, D(40))
        (told,) = [row for row in stand.told(Code.NOT_LIVE) if row.act is Act.ALERT]
        assert 30 <= int(told.numbers["seconds"]) <= 32
    stand.run(5)
    assert stand.owned() == stand.held() == D(10)
    assert "NOT_LIVE" not in stand.alarms()
    assert stand.view(link).leader_live


@pytest.mark.parametrize("minutes", [2, 10])
def test_c44_blind_for_n_minutes_closes_what_is_owned(tmp_path: Path, minutes: int) -> None:
    """Not a second sooner; what the user holds beside stays, and nothing is bought back until the
    leader has been flat."""
    stand, _ = following(tmp_path, on_blind=OnBlind.CLOSE, blind_close_min=minutes)
    stand.trade("7", uid=2)
    stand.run(10)
    with zombie(stand, reads=False):
        stand.run(minutes * MINUTE_S - 5)
        assert stand.held() == D(47)
        stand.run(40)
        assert (stand.owned(), stand.held()) == (D(0), D(7))
        assert stand.store.load().links[0].state is LinkState.ON
        stand.run(minutes * MINUTE_S)
        assert stand.held() == D(7)
    stand.run(20)
    stand.trade("5")
    stand.run(20)
    assert stand.owned() == D(0)
    stand.trade("-45")
    stand.run(20)
    stand.trade("6")
    stand.run(20)
    assert stand.owned() == D(6)


def test_c44_a_leader_who_comes_and_goes_is_never_blind_for_long(tmp_path: Path) -> None:
    """The minutes count from the last sight, not in sum."""
    stand, _ = following(tmp_path, on_blind=OnBlind.CLOSE, blind_close_min=2)
    for _ in range(4):
        with zombie(stand, reads=False):
            stand.run(90)
        stand.run(15)
    assert stand.held() == D(40)


@pytest.mark.parametrize("rule", list(OnBlind))
def test_c44_a_link_that_only_watches_or_is_hands_off_closes_nothing(
    tmp_path: Path, rule: OnBlind
) -> None:
    stand, _ = following(tmp_path, on_blind=rule, blind_close_min=1)
    link = stand.store.load().links[0]
    commands = Commands(stand.core)
    stand.ask(lambda: commands.set_state(link.id, LinkState.HANDS_OFF, confirm=True))
    with zombie(stand, reads=False):
        stand.run(3 * MINUTE_S)
        assert stand.held() == D(40)
        assert "NOT_LIVE" in stand.alarms()


def test_c44_an_entry_under_way_ends_when_the_leader_is_lost(tmp_path: Path) -> None:
    """The rest of an entry that found no counterpart is not sent blind."""
    stand, _ = following(tmp_path, entry_retry_s=300)
    stand.trade("20")
    stand.empty_book()
    stand.run(2)
    assert stand.held() == D(40)
    with zombie(stand, reads=False):
        stand.run(25)
        stand.fill_book()
        sent = len(stand.bourse.arrivals)
        stand.run(60)
        assert len(stand.bourse.arrivals) == sent
