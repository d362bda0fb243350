"""Records of one kind by key, noting every change for the next save."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from mtrade.paper.rows import pack, unpack
from mtrade.paper.world import World

T = TypeVar("T")


class Table(Generic[T]):
    """A dictionary that tells the world what changed. `key` derives a record's key."""

    def __init__(self, world: World, kind: str, record: type[T], key: Callable[[T], str]) -> None:
        self.kind = kind
        self.rows: dict[str, T] = {}
        self._world = world
        self._record = record
        self._key = key

    def put(self, record: T) -> None:
        """Add a record, or note that it changed."""
        key = self._key(record)
        self.rows[key] = record
        self._world.dirty(self.kind, key)

    def drop(self, record: T) -> None:
        """Forget a record."""
        key = self._key(record)
        if self.rows.pop(key, None) is not None:
            self._world.dirty(self.kind, key)

    def row(self, key: str) -> Mapping[str, Any] | None:
        """The JSON values of a record; None when it is gone."""
        record = self.rows.get(key)
        return None if record is None else pack(record)

    def restore(self, data: Mapping[str, Any]) -> T:
        """Take a saved record back."""
        record = unpack(self._record, data)
        self.rows[self._key(record)] = record
        return record


class Owned(Protocol):
    """A row of somebody's history."""

    @property
    def id(self) -> int: ...

    @property
    def uid(self) -> int: ...

    @property
    def settle(self) -> str: ...


H = TypeVar("H", bound=Owned)


class Log(Generic[H]):
    """History rows per account, oldest first; beyond `kept` the oldest are forgotten."""

    def __init__(
        self,
        world: World,
        kind: str,
        record: type[H],
        *,
        kept: int,
        key: Callable[[H], str] = lambda row: str(row.id),
    ) -> None:
        self.kind = kind
        self._table: Table[H] = Table(world, kind, record, key)
        self._owned: dict[tuple[int, str], deque[H]] = {}
        self._kept = kept

    def add(self, row: H) -> None:
        """Append a row."""
        self._table.put(row)
        self._append(row)

    def of(self, uid: int, settle: str) -> list[H]:
        """The rows of an account, newest first."""
        return list(reversed(self._owned.get((uid, settle), ())))

    def row(self, key: str) -> Mapping[str, Any] | None:
        """The JSON values of a row; None when it was forgotten."""
        return self._table.row(key)

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take a saved row back. Rows of an account come in any order: ids tell their age."""
        row = self._table.restore(data)
        owned = self._append(row)
        if len(owned) > 1 and owned[-2].id > row.id:
            self._owned[row.uid, row.settle] = deque(sorted(owned, key=lambda item: item.id))

    def _append(self, row: H) -> deque[H]:
        owned = self._owned.setdefault((row.uid, row.settle), deque())
        owned.append(row)
        if len(owned) > self._kept:
            self._table.drop(owned.popleft())
        return owned
