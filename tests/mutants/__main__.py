"""`python -m tests.mutants [--only NAME ...] [--list] [--jobs 2]`.

Plants every seeded bug of the table in a copy of the source and demands that a test fails there.
Prints who caught it; ends with 0 only when all were caught.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.mutants.run import Result, hunted, snapshot, unsound
from tests.mutants.table import MUTANTS

NAME = max(len(mutant.name) for mutant in MUTANTS)
WHERE = max(len(mutant.file) for mutant in MUTANTS) + len(":999")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all were caught, 1 when not, 2 when the tests fail without any bug."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    names = [mutant.name for mutant in MUTANTS]
    parser.add_argument("--only", action="append", choices=names, metavar="NAME")
    parser.add_argument("--list", action="store_true", help="what there is, without a run")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(arguments)
    chosen = [m for m in MUTANTS if not options.only or m.name in options.only]
    if options.list:
        _say(*(f"{m.name:{NAME}}  {m.means}" for m in chosen))
        return 0
    with snapshot() as tree:
        if said := unsound(tree, chosen):
            _say("the tests fail without any bug:", said)
            return 2
        caught = 0
        for number, result in enumerate(hunted(tree, chosen, options.jobs), 1):
            caught += not result.fault
            _say(row(number, result))
    _say(f"{caught} of {len(chosen)} caught")
    return 0 if caught == len(chosen) else 1


def row(number: int, result: Result) -> str:
    """One line of the table."""
    mutant = result.mutant
    where = result.where or mutant.file
    end = result.caught_by or result.fault.upper()
    return f"{number:3}  {mutant.name:{NAME}}  {where:{WHERE}}  {result.seconds:5.1f} s  {end}"


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
