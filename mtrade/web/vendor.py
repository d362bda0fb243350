"""The chart library's file, taken out of an installed package and served only when it is exactly
the one this page was built for.

The package is never imported: its file is found through its metadata. Another version, a missing or
a changed file is no failure; the page then draws its own simple chart and says why.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from mtrade.web.assets import TYPES, Asset

PACKAGE = "litecharts"
FILE = "litecharts/js/lightweight-charts.js"
LIBRARY = "TradingView Lightweight Charts 5.1.0"
SHA256 = "756b0ba9f58930226d6b8b9d47ad310448ab85d799ea1f7c2c02304777c10b52"
MARK = SHA256[:8]
PATH = "/vendor/lightweight-charts.js"
URL = f"{PATH}?v={MARK}"


@dataclass(frozen=True, slots=True)
class ChartLibrary:
    """What was found: the file as served, or None and the reason in one sentence."""

    asset: Asset | None
    sentence: str


def installed() -> Path | None:
    """Where the package keeps the file; None when the package is not installed."""
    try:
        return Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError:
        return None


def load(path: Path | None) -> ChartLibrary:
    """Read the file and compare it with the one that was tested."""
    if path is None:
        return ChartLibrary(None, f"the package {PACKAGE} is not installed")
    try:
        body = path.read_bytes()
    except OSError as error:
        return ChartLibrary(None, f"{path} cannot be read: {error.strerror}")
    found = hashlib.sha256(body).hexdigest()
    if found != SHA256:
        return ChartLibrary(None, f"{path} is not {LIBRARY}: sha256 {found[:12]}")
    packed = gzip.compress(body, compresslevel=9, mtime=0)
    return ChartLibrary(Asset(TYPES[".js"], body, packed, SHA256[:20]), LIBRARY)
