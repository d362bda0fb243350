"""Guessing is bounded, decays, survives a restart and touches nobody else (I-42)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtrade.domain.errors import LimitExceeded
from mtrade.store.attempts import (
    Attempts,
    address_wait_ms,
    elevation_wait_ms,
    overall_wait_ms,
)
from mtrade.store.database import ACCESS, Database

NOW = 1_700_000_000_000
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
HOME, PHONE = "192.168.1.10", "192.168.1.20"


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [(0, 0), (4, 0), (5, 2), (6, 4), (7, 8), (8, 16), (9, 32), (10, 60), (19, 60), (20, 900)],
)
def test_the_delay_after_so_many_failures(failures: int, wait_s: int) -> None:
    assert address_wait_ms([NOW] * failures, NOW) == wait_s * SECOND


def test_a_delay_runs_down_and_failures_decay() -> None:
    assert address_wait_ms([NOW] * 6, NOW + 3 * SECOND) == SECOND
    assert address_wait_ms([NOW] * 6, NOW + 4 * SECOND) == 0
    assert address_wait_ms([NOW] * 20, NOW + 15 * MINUTE) == 0
    assert address_wait_ms([NOW] * 50, NOW + HOUR) == 0


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    assert address_wait_ms([NOW] * 50, NOW - 1) == 0
    assert overall_wait_ms([NOW] * 50, NOW - 1) == 0


def test_everybody_together_is_checked_thirty_times_a_minute() -> None:
    checks = [NOW + n * SECOND for n in range(30)]
    assert overall_wait_ms(checks[:29], NOW + 30 * SECOND) == 0
    assert overall_wait_ms(checks, NOW + 30 * SECOND) == 30 * SECOND
    assert overall_wait_ms(checks, NOW + MINUTE) == 0


def test_a_session_repeats_the_password_ten_times_an_hour() -> None:
    assert elevation_wait_ms([NOW] * 9, NOW) == 0
    assert elevation_wait_ms([NOW] * 10, NOW) == HOUR


@pytest.fixture
def attempts(tmp_path: Path) -> Iterator[Attempts]:
    database = Database(tmp_path / "access.db", ACCESS)
    yield Attempts(database)
    database.close()


def fail(attempts: Attempts, address: str, now_ms: int, times: int) -> None:
    for _ in range(times):
        attempts.admit_login(address, now_ms)


def test_one_address_does_not_slow_another(attempts: Attempts) -> None:
    fail(attempts, HOME, NOW, 5)
    with pytest.raises(LimitExceeded) as fault:
        attempts.admit_login(HOME, NOW)
    assert fault.value.retry_after == 2
    attempts.admit_login(PHONE, NOW)


def test_a_success_clears_only_its_own_address(attempts: Attempts) -> None:
    fail(attempts, HOME, NOW, 5)
    fail(attempts, PHONE, NOW, 5)
    attempts.login_succeeded(HOME)
    attempts.admit_login(HOME, NOW)
    assert attempts.failures(HOME, NOW) == 1
    with pytest.raises(LimitExceeded):
        attempts.admit_login(PHONE, NOW)


def test_a_refused_attempt_does_not_prolong_the_wait(attempts: Attempts) -> None:
    fail(attempts, HOME, NOW, 5)
    for _ in range(3):
        with pytest.raises(LimitExceeded):
            attempts.admit_login(HOME, NOW + SECOND)
    attempts.admit_login(HOME, NOW + 2 * SECOND)


def test_counters_survive_a_restart(tmp_path: Path) -> None:
    for _ in range(5):
        database = Database(tmp_path / "access.db", ACCESS)
        Attempts(database).admit_login(HOME, NOW)
        database.close()
    database = Database(tmp_path / "access.db", ACCESS)
    with pytest.raises(LimitExceeded):
        Attempts(database).admit_login(HOME, NOW)
    database.close()


def test_an_hour_of_guessing_from_one_address_gets_few_tries(attempts: Attempts) -> None:
    admitted = 0
    for second in range(3600):
        try:
            attempts.admit_login(HOME, NOW + second * SECOND)
            admitted += 1
        except LimitExceeded:
            continue
    assert 20 <= admitted <= 25


def test_guessing_from_many_addresses_is_bounded_and_so_is_the_table(attempts: Attempts) -> None:
    admitted = 0
    for n in range(300):
        try:
            attempts.admit_login(f"10.0.{n // 250}.{n % 250}", NOW + n * 200)
            admitted += 1
        except LimitExceeded:
            continue
    assert admitted == 26
    attempts.admit_login(HOME, NOW + 2 * HOUR)
    with attempts._database.read() as db:
        assert db.execute("SELECT count(*) FROM attempt").fetchone()[0] == 2


def test_a_guessing_crowd_leaves_checks_for_who_did_not_fail_and_who_is_signed_in(
    attempts: Attempts,
) -> None:
    crowd = [f"10.0.0.{n}" for n in range(50)]
    for second in range(300):
        for address in crowd:
            with contextlib.suppress(LimitExceeded):
                attempts.admit_login(address, NOW + second * SECOND)
        if second >= 180:  # all of them have failed by now
            attempts.admit_login(HOME, NOW + second * SECOND)
            attempts.login_succeeded(HOME)
            break
    attempts.admit_elevation("session", NOW + 181 * SECOND)
    attempts.elevation_succeeded("session")


def test_parallel_guesses_do_not_slip_through(attempts: Attempts) -> None:
    admitted: list[int] = []

    def guess() -> None:
        try:
            attempts.admit_login(HOME, NOW)
            admitted.append(1)
        except LimitExceeded:
            pass

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert len(admitted) == 5
