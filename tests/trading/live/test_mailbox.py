"""The mailbox: never more than a few frames, a loss told once, nobody ever blocked."""

from __future__ import annotations

import threading

from mtrade.trading.live.mailbox import LONGEST, Mailbox


def test_what_waits_is_taken_at_once() -> None:
    box = Mailbox(())
    box.put(b"a")
    box.put(b"b")
    assert box.take(0) == b"ab"
    assert box.take(0) == b""
    assert not box.overflown()


def test_a_slow_reader_loses_all_and_is_told_once() -> None:
    box = Mailbox(())
    for _ in range(LONGEST + 5):
        box.put(b"old")
    assert box.take(0) == b""
    assert box.overflown()
    assert not box.overflown()
    box.put(b"new")
    assert box.take(0) == b"new"


def test_a_waiting_reader_wakes_for_a_frame_and_for_the_end() -> None:
    box = Mailbox(())
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(box.take(10)))
    reader.start()
    box.put(b"x")
    reader.join(5)
    assert found == [b"x"]
    reader = threading.Thread(target=lambda: found.append(box.take(10)))
    reader.start()
    box.close()
    reader.join(5)
    assert not reader.is_alive()
    assert box.closed
    box.put(b"late")
    assert box.take(0) == b""
