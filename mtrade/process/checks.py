"""Is the home folder a place where locks and databases are safe?"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import psutil

_CLOUDS = ("onedrive", "dropbox", "google drive", "googledrive", "icloud", "mobile documents")
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afpfs", "webdav"})
_FREE_BYTES = 200 * 1024 * 1024


def home_refusals(home: Path) -> list[str]:
    """Message keys of reasons not to start here."""
    return ["network_share"] if _on_network_share(home) else []


def home_warnings(home: Path) -> list[str]:
    """Message keys of what the owner should hear about this folder."""
    parts = [part.lower() for part in home.parts]
    found = ["cloud"] if any(cloud in part for part in parts for cloud in _CLOUDS) else []
    try:
        if shutil.disk_usage(home).free < _FREE_BYTES:
            found.append("disk")
    except OSError:
        return found
    return found


def _on_network_share(home: Path) -> bool:
    if sys.platform == "win32" and str(home).startswith("\\\\"):
        return True
    try:
        mounts = psutil.disk_partitions(all=True)
    except (OSError, psutil.Error):
        return False
    above = [m for m in mounts if home.is_relative_to(m.mountpoint)]
    deepest = max(above, key=lambda m: len(m.mountpoint), default=None)
    if deepest is None:
        return False
    return deepest.fstype.lower() in _REMOTE or "remote" in deepest.opts.split(",")
