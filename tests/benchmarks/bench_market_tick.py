"""What one tick of all instruments costs: `python -m tests.benchmarks.bench_market_tick`."""

from __future__ import annotations

import time
from statistics import median

from tests.paper.floor import NOW, open_market

TICKS = 2_000


def main() -> None:
    """Run eight minutes of market time and print milliseconds per tick."""
    world, engine, venue = open_market()
    took = []
    for number in range(TICKS):
        began = time.perf_counter()
        engine.tick(NOW + 250 * number)
        took.append((time.perf_counter() - began) * 1000)
        world.take_dirty()
    warm = sorted(took[100:])
    operations = venue.operations / TICKS / len(world.rooms)
    print(f"{len(world.rooms)} instruments, {TICKS} ticks")
    print(f"first ticks (with history) max {max(took[:100]):.1f} ms")
    print(f"median {median(warm):.2f} ms, p99 {warm[int(len(warm) * 0.99)]:.2f} ms")
    print(f"{operations:.1f} order operations per instrument and tick")


if __name__ == "__main__":
    main()
