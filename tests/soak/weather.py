"""The faults of a soak: one at a time, every kind in its turn, in an order drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

Fault = dict[str, Any]

# Each is short: the next one comes five seconds later. A silence outlasts the watchdog of a stream.
FAULTS: tuple[Fault, ...] = (
    {"kind": "drop_push", "probability": "0.3", "count": 30},
    {"kind": "delay_push", "probability": "0.5", "count": 30, "seconds": "0.7"},
    {"kind": "repeat_push", "count": 40},
    {"kind": "swap_push", "probability": "0.5", "count": 30},
    {"kind": "close_on_push", "match": "futures.*", "count": 1},
    {"kind": "close_on_push", "match": "spot.*", "count": 1},
    {"kind": "close_on_push", "match": "*.orders", "count": 2},
    {"kind": "silence", "seconds": "20"},
    {"kind": "silence", "match": "futures.book_ticker", "seconds": "25"},
    {"kind": "silence", "match": "*.orders", "seconds": "15"},
    {"kind": "refuse", "match": "*.order_book_update", "count": 1},
    {"kind": "no_ack", "match": "*.tickers", "count": 1},
    {"kind": "no_ack", "match": "*order_place", "count": 1},
    {"kind": "lose_answer", "match": "*order_place", "count": 1},
    {"kind": "drop_request", "match": "*order_place", "count": 1},
    {"kind": "delay_request", "match": "*order_place", "count": 1, "seconds": "2"},
    {"kind": "delay_answer", "match": "*order_place", "count": 2, "seconds": "2"},
    {"kind": "close_before", "match": "*order_place", "count": 1},
    {"kind": "close_before_ack", "match": "*order_place", "count": 1},
    {"kind": "close_before_final", "match": "*order_place", "count": 1},
    {"kind": "close_mid_frame", "match": "*order_place", "count": 1},
    {"kind": "truncate", "match": "*order_place", "count": 1},
    {"kind": "html", "match": "*order_place", "count": 1},
    {"kind": "contradict", "match": "*order_place", "count": 1},
    {"kind": "foreign_answer", "match": "*order_place", "count": 1},
    {"kind": "repeat_answer", "match": "*order_place", "count": 2},
    {"kind": "server_error", "match": "*order_place", "count": 1, "status": 500},
    {"kind": "server_error_after", "match": "*order_place", "count": 1, "status": 504},
    {"kind": "rate_limit", "match": "*order_place", "count": 2, "seconds": "1"},
    {"kind": "drop_request", "surface": "rest", "count": 1, "seconds": "1"},
    {"kind": "delay_request", "surface": "rest", "count": 4, "seconds": "2"},
    {"kind": "delay_answer", "surface": "rest", "count": 4, "seconds": "2"},
    {"kind": "lose_answer", "surface": "rest", "count": 2},
    {"kind": "server_error", "surface": "rest", "count": 4, "status": 503},
    {"kind": "server_error_after", "surface": "rest", "count": 2, "status": 502},
    {"kind": "rate_limit", "surface": "rest", "count": 3, "seconds": "1"},
    {"kind": "truncate", "surface": "rest", "count": 2},
    {"kind": "html", "surface": "rest", "count": 2},
    {"kind": "close_mid_frame", "surface": "rest", "count": 2},
    {"kind": "break"},
    {"kind": "break", "market": "futures"},
    {"kind": "upgrade"},
)


def faults(seed: int) -> Iterator[Fault]:
    """For ever: all of them in some order, then all of them in another."""
    pick = random.Random(seed)
    while True:
        yield from pick.sample(FAULTS, len(FAULTS))
