"""Each network has its own hosts, and paper lives only on this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ConfigError
from mtrade.gate.networks import LIVE, TESTNET, addresses


def test_live_and_testnet_share_no_host() -> None:
    assert not LIVE.hosts & TESTNET.hosts


@pytest.mark.parametrize("where", [LIVE, TESTNET], ids=["live", "testnet"])
def test_every_address_is_encrypted_and_on_an_allowed_host(where) -> None:  # type: ignore[no-untyped-def]
    urls = [where.rest, where.ws_spot, *where.ws_futures.values()]
    assert {urlsplit(url).scheme for url in urls} == {"https", "wss"}
    assert {urlsplit(url).hostname for url in urls} == where.hosts
    assert addresses(where.network) is where


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8780", "http://127.0.0.1:8780/", "http://127.0.0.1:8780/api/v4"]
)
def test_paper_addresses_follow_from_its_url(url: str) -> None:
    paper = addresses(Network.PAPER, url)
    assert paper.rest == "http://127.0.0.1:8780/api/v4"
    assert paper.ws_futures["usdt"] == "ws://127.0.0.1:8780/v4/ws/futures/usdt"
    assert paper.hosts == {"127.0.0.1"}


def test_paper_over_ipv6() -> None:
    assert addresses(Network.PAPER, "http://[::1]:8780").rest == "http://[::1]:8780/api/v4"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "https://127.0.0.1:1",
        "http://10.0.0.1:8780",
        "http://api.gateio.ws",
        "http://127.0.0.1:8780/other",
        "http://127.0.0.1:99999",
        "http://localhost.evil.com",
        "http://user@127.0.0.1:1",
        "http://[::1",
    ],
)
def test_paper_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="MTRADE_PAPER_URL"):
        addresses(Network.PAPER, url)
