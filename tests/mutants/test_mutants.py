"""The table of seeded bugs fits today's source, and the run tells caught from merely broken."""

from __future__ import annotations

import ast

import pytest

from mtrade.domain.frozen import replace
from tests.__main__ import PROJECT
from tests.mutants.__main__ import main, row
from tests.mutants.model import Mutant
from tests.mutants.run import hunted, snapshot, unsound, verdict
from tests.mutants.table import MUTANTS
from tests.sim.__main__ import parsed

HARMLESS = Mutant(
    name="harmless",
    means="nothing changes",
    file="mtrade/domain/copying/episodes.py",
    text="NOTHING = Fraction(0)",
    bug="NOTHING = Fraction(0, 1)",
    by=("tests/domain/copying/test_retries.py",),
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_bug_still_has_its_place(mutant: Mutant) -> None:
    source = (PROJECT / mutant.file).read_text(encoding="utf-8")
    assert mutant.file.startswith("mtrade/")
    assert mutant.planted(source) != source


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_bug_names_tests_that_exist(mutant: Mutant) -> None:
    if mutant.simulated:
        assert parsed(mutant.by).schedules
        return
    for wanted in mutant.by:
        file, _, name = wanted.partition("::")
        tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in there, wanted


def test_bugs_are_many_and_none_is_there_twice() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({(mutant.file, mutant.text, mutant.bug) for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize(
    ("code", "said", "caught_by", "fault"),
    [
        (1, "FAILED tests/a.py::test_b[x y] - AssertionError: no", "test_b", ""),
        (1, "seed 7: 2 breaches\n  lost\n", "seed 7", ""),
        (0, "1 passed", "", "survived"),
        (2, "ERROR tests/a.py - ImportError: no", "", "broken"),
        (1, "ERROR tests/a.py::test_b - StoreError: no", "", "broken"),
        (1, "FAILED tests/a.py::test_b - NameError: x", "", "broken"),
        (1, "Traceback (most recent call last):", "", "broken"),
        (5, "no tests ran", "", "broken"),
        (-1, "FAILED tests/a.py::test_b", "", "broken"),
    ],
)
def test_only_a_test_that_fails_catches_a_bug(
    code: int, said: str, caught_by: str, fault: str
) -> None:
    found = verdict(code, said)
    assert found[0] == caught_by
    assert found[1].partition(":")[0] == fault


def test_a_bug_is_planted_in_a_copy_and_what_survives_or_has_no_place_is_told() -> None:
    bugs = [MUTANTS[0], HARMLESS, replace(HARMLESS, text="no such line")]
    before = {mutant.file: (PROJECT / mutant.file).read_bytes() for mutant in bugs}
    with snapshot() as tree:
        assert unsound(tree, bugs) == ""
        results = list(hunted(tree, bugs))
    assert [bool(result.caught_by) for result in results] == [True, False, False]
    assert results[1].fault == "survived"
    assert "stands 0 times" in results[2].fault
    assert "SURVIVED" in row(2, results[1])
    assert {name: (PROJECT / name).read_bytes() for name in before} == before


def test_tests_that_fail_by_themselves_catch_nothing() -> None:
    missing = replace(
        HARMLESS, by=("tests/domain/copying/test_retries.py::test_that_is_not_there",)
    )
    with snapshot() as tree:
        assert "not found" in unsound(tree, [missing])


def test_the_list_tells_what_each_bug_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    told = capsys.readouterr().out
    assert all(mutant.name in told and mutant.means in told for mutant in MUTANTS)


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_every_bug_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--jobs", "2"]) == 0, capsys.readouterr().out
