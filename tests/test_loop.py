"""LoopThread: results, failures, time-outs and the end cross threads as promised."""

from __future__ import annotations

import asyncio
import threading

import pytest

from mtrade.loop import LoopThread


@pytest.fixture
def loop():
    thread = LoopThread("test-loop")
    thread.start()
    yield thread
    assert thread.close()


async def value(number: int) -> int:
    await asyncio.sleep(0)
    return number


def test_call_returns_the_result_from_the_loops_thread(loop):
    async def name() -> str:
        return threading.current_thread().name

    assert loop.call(name(), 5) == "test-loop"


def test_call_raises_what_the_coroutine_raises(loop):
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        loop.call(fail(), 5)


def test_timeout_cancels_the_coroutine(loop):
    ended = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        loop.call(forever(), 0.05)
    assert ended.wait(5)


def test_many_threads_may_call_at_once(loop):
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(loop.call(value(n), 5)))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(20))


def test_calling_from_the_loop_itself_is_refused_instead_of_dead_locking(loop):
    async def nested() -> int:
        return loop.call(value(1), 5)

    with pytest.raises(RuntimeError):
        loop.call(nested(), 5)


def test_close_cancels_and_lets_tasks_clean_up():
    thread = LoopThread()
    thread.start()
    started, cleaned = threading.Event(), threading.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    future = thread.submit(work())
    assert started.wait(5)
    assert thread.close()
    assert cleaned.is_set()
    assert future.cancelled()
    assert thread.close()


def test_after_close_nothing_is_accepted():
    thread = LoopThread()
    thread.start()
    ran: list[int] = []
    assert thread.post(ran.append, 1)
    assert thread.close()
    assert not thread.post(ran.append, 2)
    with pytest.raises(RuntimeError):
        thread.call(value(1), 5)
    assert ran == [1]


def test_a_loop_that_never_started_can_be_closed():
    assert LoopThread().close()
