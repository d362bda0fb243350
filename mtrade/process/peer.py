"""Whether a browser has left: cheroot tells nobody, so the socket itself is asked."""

from __future__ import annotations

import select
import socket
import ssl

ENVIRON_KEY = "mtrade.peer_gone"  # a callable in the WSGI environment


def peer_gone(connection: socket.socket) -> bool:
    """Whether the other end has closed. Never blocks and takes no byte.

    Through TLS nothing can be told, so the answer is False until a write fails.
    """
    if isinstance(connection, ssl.SSLSocket):
        return False
    try:
        return _has_news(connection) and not connection.recv(1, socket.MSG_PEEK)
    except (OSError, ValueError):  # reset, or closed on this side
        return True


def _has_news(connection: socket.socket) -> bool:
    """Whether a read would return at once. `select` takes no descriptor above 1023 on POSIX, and
    Windows has no `poll`."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([connection], [], [], 0)[0])
