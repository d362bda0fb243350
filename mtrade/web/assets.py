"""The page's own files: found by name inside one folder, with pinned types and a build mark.

The build mark is a hash over the whole tree and stands in the path (`/static/<build>/js/desk.js`),
so that the relative imports of ES modules carry it too and everything may be cached for a year.
Types are pinned here because Windows takes them from the registry.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
COMPRESSIBLE = ("text/", "application/json", "image/svg+xml", "application/manifest+json")
SMALLEST_COMPRESSED = 1024


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as served. `packed` is its gzip form, None when that is not worth it."""

    type: str
    body: bytes
    packed: bytes | None
    etag: str


class Assets:
    """The files of one folder. A changed file is noticed by time and size. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[int, int], Asset]] = {}
        self.build = self._fingerprint()

    def url(self, path: str) -> str:
        """The address of a file, e.g. `css/base.css`."""
        return f"/static/{self.build}/{path}"

    def get(self, path: str) -> Asset | None:
        """The file, or None: unknown, of a type never served, or outside the folder."""
        place = self._place(path)
        if place is None:
            return None
        try:
            stat = place.stat()
            mark = (stat.st_mtime_ns, stat.st_size)
            with self._lock:
                known = self._known.get(path)
            if known is None or known[0] != mark:
                known = (mark, _load(place))
                with self._lock:
                    self._known[path] = known
        except OSError:
            return None
        return known[1]

    def _place(self, path: str) -> Path | None:
        parts = path.split("/")
        if any(not part or part.startswith(".") or "\\" in part or ":" in part for part in parts):
            return None
        place = self._folder.joinpath(*parts)
        if place.suffix not in TYPES or not place.is_file():
            return None
        return place if place.resolve().is_relative_to(self._folder) else None

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(p for p in self._folder.rglob("*") if p.is_file()):
            digest.update(path.relative_to(self._folder).as_posix().encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]


def pack(body: bytes, content_type: str) -> bytes | None:
    """`body` as gzip when its type is text and it is large enough to gain."""
    if len(body) < SMALLEST_COMPRESSED or not content_type.startswith(COMPRESSIBLE):
        return None
    return gzip.compress(body, compresslevel=6, mtime=0)


def _load(place: Path) -> Asset:
    body = place.read_bytes()
    kind = TYPES[place.suffix]
    etag = hashlib.sha256(body).hexdigest()[:20]
    return Asset(type=kind, body=body, packed=pack(body, kind), etag=etag)
