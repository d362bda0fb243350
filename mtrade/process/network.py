"""The listening socket, who else has the port, and the addresses to show."""

from __future__ import annotations

import ipaddress
import socket
import sys
from dataclasses import dataclass

import psutil

from mtrade.domain.errors import ProcessError
from mtrade.process.record import bracketed, local_host

PORT_BUSY = 7
# On BSD and macOS one address of a port can be taken while all addresses seem free.
_SHARED_BY_ADDRESS = sys.platform not in ("linux", "win32")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a browser finds the server. `adapter` is empty for this computer itself."""

    url: str
    adapter: str


def bind(host: str, port: int) -> socket.socket:
    """A bound TCP socket that no other program can share.

    Raises ProcessError with exit code 7 naming the port and, where visible, its owner.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        _own_alone(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((host, port))
        if _SHARED_BY_ADDRESS and port_owner(port):
            raise OSError("address already in use")
    except OSError as error:
        sock.close()
        raise _refusal(host, port, error) from error
    return sock


def _own_alone(sock: socket.socket) -> None:
    if sys.platform == "win32":
        # Without it another program could bind the same port and take our visitors.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        # Only lets a restart follow at once; a second listener is still refused.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _refusal(host: str, port: int, error: OSError) -> ProcessError:
    owner = port_owner(port)
    reason = f"it is taken by {owner}" if owner else (error.strerror or str(error))
    message = f"port {port} on {host} cannot be used: {reason}"
    failure = ProcessError(message, exit_code=PORT_BUSY, code="port_busy")
    failure.params = {"port": str(port), "host": host, "reason": reason}
    return failure


def port_owner(port: int) -> str:
    """`name (PID n)` of the program listening on `port`; empty when the system does not say."""
    try:
        found = [
            c.pid
            for c in psutil.net_connections(kind="tcp")
            if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port
        ]
        pid = next((p for p in found if p), None)
        return f"{psutil.Process(pid).name()} (PID {pid})" if pid else ""
    except psutil.Error:
        return _guess(port)


def _guess(port: int) -> str:
    return "AirPlay Receiver, probably" if sys.platform == "darwin" and port == 5000 else ""


def addresses(scheme: str, host: str, port: int) -> tuple[Address, ...]:
    """This computer first, then each adapter of the local network by name."""
    here = Address(f"{scheme}://{bracketed(local_host(host))}:{port}", "")
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return (here,)
    return (here, *(Address(f"{scheme}://{ip}:{port}", name) for name, ip in _adapters()))


def _adapters() -> list[tuple[str, str]]:
    try:
        up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
        rows = [
            (name, entry.address)
            for name, entries in psutil.net_if_addrs().items()
            if name in up
            for entry in entries
            if entry.family == socket.AF_INET and _reachable(entry.address)
        ]
    except OSError:
        return []
    return sorted(rows, key=lambda row: (not ipaddress.ip_address(row[1]).is_private, row))


def _reachable(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return not (address.is_loopback or address.is_link_local or address.is_unspecified)
