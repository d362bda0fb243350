"""The official `gate_api` SDK pointed at a running paper exchange."""

from __future__ import annotations

import re
from pathlib import Path

import gate_api

from tests.paper.running import Running

APIS = {
    "spot": gate_api.SpotApi,
    "futures": gate_api.FuturesApi,
    "wallet": gate_api.WalletApi,
    "account": gate_api.AccountApi,
    "subs": gate_api.SubAccountApi,
    "unified": gate_api.UnifiedApi,
}


class Sdk:
    """Every API of the SDK for one key."""

    def __init__(self, running: Running, key: str, secret: str | None = None) -> None:
        secret = running.secrets.get(key, "") if secret is None else secret
        host = running.addresses["rest"]
        self.client = gate_api.ApiClient(gate_api.Configuration(host=host, key=key, secret=secret))
        self.spot = gate_api.SpotApi(self.client)
        self.futures = gate_api.FuturesApi(self.client)
        self.wallet = gate_api.WalletApi(self.client)
        self.account = gate_api.AccountApi(self.client)
        self.subs = gate_api.SubAccountApi(self.client)
        self.unified = gate_api.UnifiedApi(self.client)


def calls_in(*files: Path) -> set[str]:
    """The different SDK methods that the given test files call."""
    found = set()
    for file in files:
        names = re.findall(r"\.(\w+)\.(\w+)\(", file.read_text(encoding="utf-8"))
        found |= {
            f"{api}.{method}" for api, method in names if hasattr(APIS.get(api, object), method)
        }
    return found
