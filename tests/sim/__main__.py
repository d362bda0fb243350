"""`python -m tests.sim --seed N [--schedules K] [--hostile|--power-loss] [--trace] [--jobs 2]`.

Runs schedules of copying from seed N on, those first that once failed, and says what went wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.sim.copying.runs import Totals, keep, kept, many, one

SHOWN = 6  # breaches of one seed


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options; leaves with 2 when they make no sense."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--schedules", type=int, default=None)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--trace", action="store_true", help="print the history of one seed")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--hostile", action="store_true")
    kind.add_argument("--power-loss", action="store_true")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when nothing went wrong."""
    chosen = parsed(arguments)
    weather = "hostile" if chosen.hostile else "power-loss" if chosen.power_loss else "default"
    totals = Totals()
    if chosen.trace:
        totals.add(one(chosen.seed, weather, trace=True))
    else:
        number = 1 if chosen.schedules is None else chosen.schedules
        seeds = [*kept(weather), *range(chosen.seed, chosen.seed + number)]
        for outcome in many(list(dict.fromkeys(seeds)), weather, chosen.jobs):
            totals.add(outcome)
            if outcome.wrong:
                _say(outcome.seed, outcome.wrong)
    sys.stdout.writelines(f"{line}\n" for line in totals.lines())
    if totals.wrong and not chosen.trace:
        keep(weather, (outcome.seed for outcome in totals.wrong))
    for outcome in totals.wrong if chosen.trace else ():
        _say(outcome.seed, outcome.wrong)
    return 1 if totals.wrong else 0


def _say(seed: int, wrong: tuple[str, ...]) -> None:
    sys.stdout.write(f"seed {seed}: {len(wrong)} breaches\n")
    sys.stdout.writelines(f"  {line}\n" for line in wrong[:SHOWN])
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
