"""Saves what has changed before anybody is told about it. Runs on the loop; the disk does not.

One save runs at a time and takes along everything that changed meanwhile (group commit), so a
hundred orders at once cost a few transactions, not a hundred.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from mtrade.domain.errors import StoreError
from mtrade.paper.world import Row, World

_IDS = ("world", "ids")
_SLICE = 4


class PaperStorage(Protocol):
    """A blocking store of rows; called in one thread that is not the loop's."""

    def load(self) -> Iterable[Row]:
        """Everything that was saved, in any order."""
        ...

    def save(self, rows: Sequence[Row], deletions: Sequence[tuple[str, str]]) -> None:
        """Keep all of it durably in one step, or raise and keep none."""
        ...

    def close(self) -> None: ...


class Source(Protocol):
    """Who knows the rows of some kinds."""

    @property
    def kinds(self) -> tuple[str, ...]: ...

    def row(self, kind: str, key: str) -> Mapping[str, Any] | None: ...

    def restore(self, kind: str, key: str, data: Mapping[str, Any]) -> None: ...


class Saver:
    """Collects dirty rows of the world and writes them. `lazy` kinds may wait a few seconds."""

    def __init__(
        self,
        world: World,
        storage: PaperStorage | None,
        sources: Sequence[Source],
        *,
        lazy: Iterable[str],
    ) -> None:
        self._world = world
        self._storage = storage
        self._sources = {kind: source for source in sources for kind in source.kinds}
        self._lazy_kinds = frozenset(lazy)
        self._eager: dict[tuple[str, str], None] = {}
        self._lazy: dict[tuple[str, str], None] = {}
        self._running: asyncio.Future[None] | None = None
        self._executor = ThreadPoolExecutor(1, "paper-disk") if storage else None

    async def load(self) -> None:
        """Restore the world from the storage, ids ascending, before the first call."""
        if self._storage is None:
            return
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._executor, lambda: list(self._stored()))
        for kind, key, data in sorted(rows, key=_age):
            source = self._sources.get(kind)
            if source is None:
                raise StoreError(f"the saved state has rows of an unknown kind: {kind}")
            source.restore(kind, key, data)
        self._world.take_dirty()
        self._world.events.clear()

    def idle(self) -> bool:
        """Whether everything that has changed up to now is on disk, or there is no disk."""
        self._collect()
        return self._running is None and not self._eager

    async def settled(self) -> None:
        """Return when everything that has changed up to now is on disk; at once when it is."""
        self._collect()
        await self._flush()

    async def all(self) -> None:
        """Like `settled`, with the lazy rows: a few at a time, so that nobody waits for them."""
        self._collect()
        while self._lazy:
            for change in list(self._lazy)[:_SLICE]:
                del self._lazy[change]
                self._eager[change] = None
            await self._flush()
        await self._flush()

    def close(self) -> None:
        """Let go of the disk; after the last save."""
        if self._executor is not None:
            self._executor.shutdown()
        if self._storage is not None:
            self._storage.close()

    def _stored(self) -> Iterable[Row]:
        return self._storage.load() if self._storage is not None else ()

    def _collect(self) -> None:
        changes = self._world.take_dirty()
        if self._storage is None:
            return
        for change in changes:
            lazy = change[0] in self._lazy_kinds
            (self._lazy if lazy else self._eager)[change] = None

    async def _flush(self) -> None:
        """Wait for the running save, then for the next one if something came too late for it."""
        late = bool(self._eager)
        if self._running is not None:
            await asyncio.shield(self._running)
        if late and self._running is None and self._eager:
            self._running = asyncio.ensure_future(self._save())
        if late and self._running is not None:
            # Shielded: a caller that goes away must not take everybody's save with it.
            await asyncio.shield(self._running)

    async def _save(self) -> None:
        changes, self._eager = self._eager, {}
        try:
            await self._write(changes)
        except BaseException:
            self._eager = changes | self._eager
            raise
        finally:
            self._running = None

    async def _write(self, changes: dict[tuple[str, str], None]) -> None:
        if self._storage is None:
            return
        # Ids go with every save: an id that anybody has seen is never given out again.
        rows, gone = self._rows([*changes, _IDS])
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._storage.save, rows, gone)

    def _rows(self, changes: Iterable[tuple[str, str]]) -> tuple[list[Row], list[tuple[str, str]]]:
        rows: list[Row] = []
        gone: list[tuple[str, str]] = []
        for kind, key in dict.fromkeys(changes):
            data = self._sources[kind].row(kind, key)
            if data is None:
                gone.append((kind, key))
            else:
                rows.append((kind, key, data))
        return rows, gone


def _age(row: Row) -> tuple[str, int, str]:
    """Rows with numbered keys in the order of their numbers: books keep their time priority."""
    number = row[1].partition(":")[0]
    return row[0], int(number) if number.isascii() and number.isdigit() else 0, row[1]
