"""A look over REST at one futures wallet: margins and liquidation prices that no push carries."""

from __future__ import annotations

from mtrade.domain.frozen import replace
from mtrade.trading.live.legs import replaced_legs
from mtrade.trading.live.messages import WalletRead
from mtrade.trading.live.views import Section


def fold_reading(section: Section, reading: WalletRead) -> Section:
    """The section after a reading; what pushes said since it began stays."""
    legs = replaced_legs(section.legs, reading.positions, reading.read_ms)
    read = replace(section, legs=legs, futures=reading.futures, wallet_at=reading.began_at)
    if section.wallet_time_ms >= reading.read_ms:
        return read
    return replace(read, wallet_total=None, wallet_time_ms=reading.read_ms)
