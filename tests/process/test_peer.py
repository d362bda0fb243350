"""Who has left is noticed without a byte being taken."""

from __future__ import annotations

import socket

from mtrade.process.peer import peer_gone


def test_an_open_socket_is_there_with_and_without_bytes() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not peer_gone(ours)
        theirs.sendall(b"x")
        assert not peer_gone(ours)
        assert ours.recv(1) == b"x"


def test_a_closed_socket_is_gone() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        assert peer_gone(ours)
    assert peer_gone(ours), "closed on this side"
