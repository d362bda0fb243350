"""Where each network lives. Nothing above this table asks which network it is.

Live and testnet hosts are those of Gate's API v4 documentation of 2026-05 (gate-notes, hosts); the
paper exchange tells its own address at run time and may only be on this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ConfigError

API_PREFIX = "/api/v4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The URLs of one network. `hosts` are the only ones a request or socket may go to."""

    network: Network
    rest: str
    ws_spot: str
    ws_futures: Mapping[str, str]
    hosts: frozenset[str]


LIVE = Addresses(
    network=Network.LIVE,
    rest="https://api.gateio.ws/api/v4",
    ws_spot="wss://api.gateio.ws/ws/v4/",
    ws_futures={
        "usdt": "wss://fx-ws.gateio.ws/v4/ws/usdt",
        "btc": "wss://fx-ws.gateio.ws/v4/ws/btc",
    },
    hosts=frozenset({"api.gateio.ws", "fx-ws.gateio.ws"}),
)

TESTNET = Addresses(
    network=Network.TESTNET,
    rest="https://api-testnet.gateapi.io/api/v4",
    ws_spot="wss://ws-testnet.gate.com/v4/ws/spot",
    ws_futures={
        "usdt": "wss://ws-testnet.gate.com/v4/ws/futures/usdt",
        "btc": "wss://fx-ws-testnet.gateio.ws/v4/ws/btc",
    },
    hosts=frozenset({"api-testnet.gateapi.io", "ws-testnet.gate.com", "fx-ws-testnet.gateio.ws"}),
)


def addresses(network: Network, paper_url: str = "") -> Addresses:
    """The addresses of a network; `paper_url` is where the paper exchange listens now.

    Raises ConfigError when the paper address is missing or not on this machine: nothing signed for
    paper ever leaves it.
    """
    if network is Network.LIVE:
        return LIVE
    if network is Network.TESTNET:
        return TESTNET
    return _paper(paper_url)


def _paper(url: str) -> Addresses:
    """`http://127.0.0.1:8780`, with or without the API prefix."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_paper_url(url) from None
    path_ok = parts.path.rstrip("/") in ("", API_PREFIX)
    if parts.scheme != "http" or not _is_loopback(host) or not path_ok or parts.username:
        raise _bad_paper_url(url)
    shown = f"[{host}]" if ":" in host else host
    base = f"{shown}:{port or 80}"
    return Addresses(
        network=Network.PAPER,
        rest=f"http://{base}{API_PREFIX}",
        ws_spot=f"ws://{base}/ws/v4/",
        ws_futures={s: f"ws://{base}/v4/ws/futures/{s}" for s in ("usdt", "btc")},
        hosts=frozenset({host}),
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _bad_paper_url(url: str) -> ConfigError:
    return ConfigError(
        f"MTRADE_PAPER_URL must be an address of this computer like http://127.0.0.1:8780, "
        f"not {url[:80]!r}"
    )
