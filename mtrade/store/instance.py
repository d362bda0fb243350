"""The instance id: four characters in every order text, so that two installations never mix.

It is bound to the machine and to the place of the data. A copied or restored folder gets a new one;
earlier ones stay known, so that orders placed under them are still recognised as ours.
"""

from __future__ import annotations

import ctypes
import hashlib
import secrets
import socket
import sys
import uuid
from pathlib import Path

from mtrade.store.database import Database

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_MACHINE_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def instance_id(database: Database, machine: str) -> str:
    """The id of this installation, made anew when machine or folder differ from last time."""
    place = f"{machine}\0{database.path.resolve()}"
    binding = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()
    with database.write() as db:
        row = db.execute("SELECT code, binding FROM instance WHERE current=1").fetchone()
        if row and row["binding"] == binding:
            return str(row["code"])
        known = {str(r["code"]) for r in db.execute("SELECT code FROM instance")}
        code = _new_code(known)
        db.execute("UPDATE instance SET current=0")
        db.execute("INSERT INTO instance(code, binding, current) VALUES(?,?,1)", (code, binding))
    return code


def former_instances(database: Database) -> frozenset[str]:
    """Ids that orders of this journal may still carry besides the present one."""
    with database.read() as db:
        found = db.execute("SELECT code FROM instance WHERE current=0").fetchall()
    return frozenset(str(row["code"]) for row in found)


def forget_place(database: Database) -> None:
    """Make the next start take a new id: a restored journal is not the one that sent orders."""
    with database.write() as db:
        db.execute("UPDATE instance SET current=0")


def machine_id() -> str:
    """What the operating system calls this machine; name and network card when it has no word."""
    fallback = f"{socket.gethostname()}-{uuid.getnode():x}"
    try:
        return _system_id() or fallback
    except (OSError, AttributeError):
        return fallback


if sys.platform == "win32":
    import winreg

    def _system_id() -> str:
        place = r"SOFTWARE\Microsoft\Cryptography"
        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place, 0, access) as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])

elif sys.platform == "darwin":

    def _system_id() -> str:
        # gethostuuid(uuid_t, const struct timespec *): the time is how long it may wait.
        found = (ctypes.c_ubyte * 16)()
        wait = (ctypes.c_long * 2)(1, 0)
        failed = ctypes.CDLL(None).gethostuuid(found, wait)
        return "" if failed else bytes(found).hex()

else:

    def _system_id() -> str:
        return next((f.read_text("ascii").strip() for f in _MACHINE_FILES if f.is_file()), "")


def _new_code(known: set[str]) -> str:
    while True:
        code = "".join(secrets.choice(_BASE32) for _ in range(4))
        if code not in known:
            return code
