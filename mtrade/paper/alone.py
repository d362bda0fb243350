"""The paper exchange alone: `python -m mtrade.paper --port 8780 --account KEY:SECRET:UID:BTC=1`.

Prints one JSON line with its addresses and its process id when it is ready, then serves until
SIGINT, SIGTERM or the closing of its console. Each deposit of an account is credited to the spot
wallet; USDT and BTC are credited a second time to the futures wallet they settle, so that both
markets can be tried at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

from mtrade.clock import SystemClock
from mtrade.domain.errors import InvalidRequest, MTradeError
from mtrade.domain.numbers import parse
from mtrade.paper.catalogue import CURRENCIES
from mtrade.paper.exchange import PaperExchange
from mtrade.paper.saver import PaperStorage
from mtrade.paper.users import PaperAccount
from mtrade.store.paper import SqlitePaperStorage


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop; 0 after a clean stop, 1 when it could not start, 2 bad arguments."""
    options = _parser().parse_args(argv)
    try:
        asyncio.run(_serve(options))
    except (MTradeError, OSError) as error:
        print(f"mtrade.paper: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


async def _serve(options: argparse.Namespace) -> None:
    exchange = PaperExchange(
        seed=options.seed,
        clock=SystemClock(),
        accounts=options.account,
        storage=_storage(options.state),
        control=options.control,
        enforce_limits=not options.no_limits,
    )
    stop = asyncio.Event()
    _stop_on_signals(asyncio.get_running_loop(), stop)
    try:
        addresses = await exchange.start(options.host, options.port)
        print(json.dumps({**asdict(addresses), "pid": os.getpid()}), flush=True)
        await stop.wait()
    finally:
        await exchange.close()


def _stop_on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Ctrl+C, a polite kill, and on Windows Ctrl+Break and the closing of the console."""

    def ask(signum: int, frame: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    names = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")
    for name in names:
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, ask)


def _storage(path: Path | None) -> PaperStorage | None:
    return None if path is None else SqlitePaperStorage(path)


def account(value: str) -> PaperAccount:
    """Read `KEY:SECRET:UID[:CUR=AMOUNT,...]`."""
    parts = value.split(":")
    if len(parts) not in (3, 4) or not all(parts[:3]):
        raise argparse.ArgumentTypeError("write KEY:SECRET:UID:USDT=10000,BTC=1")
    key, secret, uid = parts[:3]
    if not (uid.isascii() and uid.isdigit() and 0 < int(uid) < 2**53):
        raise argparse.ArgumentTypeError(f"{uid!r} is not a user id")
    deposits = dict(_deposit(part) for part in parts[3].split(",")) if len(parts) == 4 else {}
    return PaperAccount(key=key, secret=secret, uid=int(uid), deposits=deposits, name=key)


def _deposit(part: str) -> tuple[str, Decimal]:
    currency, _, amount = part.partition("=")
    if currency not in {coin.symbol for coin in CURRENCIES}:
        raise argparse.ArgumentTypeError(f"{currency!r} is not a currency of this exchange")
    try:
        return currency, parse(amount, field=currency)
    except InvalidRequest as error:
        raise argparse.ArgumentTypeError(error.message) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mtrade.paper", description="Paper exchange")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8780, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=7, help="of the synthetic market")
    parser.add_argument(
        "--account",
        type=account,
        action="append",
        default=[],
        metavar="KEY:SECRET:UID:USDT=10000,BTC=1",
        help="may be repeated; known accounts of a saved state are not funded again",
    )
    parser.add_argument("--state", type=Path, help="SQLite file that keeps the state")
    parser.add_argument("--control", action="store_true", help="open the test paths")
    parser.add_argument("--no-limits", action="store_true", help="count requests, refuse none")
    return parser
