"""Secrets at rest: one random data key seals them, key slots seal the data key.

The key that opens a slot lies outside the data folder, so a copied folder alone is useless. Nothing
is overwritten when the key is missing or wrong. Thread-safe after `open`.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mtrade.domain.accounts import Secret
from mtrade.domain.errors import StoreError
from mtrade.store import dpapi
from mtrade.store.atomic import private_folder, refuse_foreign, replace_file
from mtrade.store.database import store_errors
from mtrade.store.files import Document, Owned, read_owned, write_json

SECRETS = "secrets.json"
_SLOT = b"mt1|slot|machine"
_KEY_BYTES = 32
_NONCE_BYTES = 12

Box = dict[str, Any]


class Vault:
    """Seals and unseals secrets with the data key of one MTRADE_HOME."""

    def __init__(self, data_key: bytes) -> None:
        self._cipher = AESGCM(data_key)

    @classmethod
    def open(cls, home: Path, key_file: Path | None = None, *, now_ms: int = 0) -> Vault:
        """Open the vault of `home`, making it on the first run.

        `key_file` overrides where the machine key lies. Raises StoreError: `vault_key_missing`,
        `vault_key_wrong`, or `vault_missing` when sealed accounts exist but their vault is gone.
        """
        path = home / SECRETS
        owned: Owned[Document] | None = read_owned(path, _check_document, now_ms)
        if owned is None:
            return cls(_create(path, home, key_file))
        return cls(_unwrap(owned.value["slots"]["machine"], key_file))

    def seal(self, secret: Secret, aad: str) -> Box:
        """Encrypt; `aad` says what this is and must be given again to unseal."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, secret.reveal().encode(), aad.encode())
        return {"v": 1, "n": _encode(nonce), "c": _encode(sealed)}

    def unseal(self, box: Box, aad: str) -> Secret:
        """Decrypt; StoreError `vault_sealed_otherwise` for another key, place or damaged bytes."""
        try:
            plain = self._cipher.decrypt(_decode(box["n"]), _decode(box["c"]), aad.encode())
            return Secret(plain.decode())
        except (InvalidTag, ValueError, KeyError, TypeError):
            raise StoreError(
                "a stored secret does not open with this machine's key, or was moved or damaged; "
                "enter it again",
                code="vault_sealed_otherwise",
            ) from None


def default_key_file() -> Path:
    """Where the machine key lies unless MTRADE_KEY_FILE says otherwise."""
    if dpapi.AVAILABLE:
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData/Roaming") / "mTrade" / "key"
    mac = Path.home() / "Library" / "Application Support"
    if mac.is_dir():
        return mac / "mTrade" / "key"
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "mtrade" / "key"


def _create(path: Path, home: Path, key_file: Path | None) -> bytes:
    _refuse_orphans(home / "accounts.json", path)
    data_key = secrets.token_bytes(_KEY_BYTES)
    write_json(path, {"version": 1, "slots": {"machine": _wrap(data_key, key_file)}})
    return data_key


def _refuse_orphans(accounts: Path, path: Path) -> None:
    """A new data key would make sealed accounts look damaged; say what is really missing."""
    with store_errors(accounts):
        if accounts.exists() and b'"enc"' in accounts.read_bytes():
            raise StoreError(
                f"{path} is gone, and {accounts} is sealed with it; restore it from a backup",
                code="vault_missing",
                params={"file": str(path)},
            )


def _wrap(data_key: bytes, key_file: Path | None) -> Box:
    if key_file is None and dpapi.AVAILABLE:
        return {"kind": "dpapi", "c": _encode(dpapi.protect(data_key))}
    nonce = secrets.token_bytes(_NONCE_BYTES)
    key = _machine_key(key_file or default_key_file(), create=True)
    return {
        "kind": "keyfile",
        "n": _encode(nonce),
        "c": _encode(AESGCM(key).encrypt(nonce, data_key, _SLOT)),
    }


def _unwrap(slot: Box, key_file: Path | None) -> bytes:
    if slot["kind"] == "dpapi":
        return dpapi.unprotect(_decode(slot["c"]))
    path = key_file or default_key_file()
    key = _machine_key(path, create=False)
    try:
        return AESGCM(key).decrypt(_decode(slot["n"]), _decode(slot["c"]), _SLOT)
    except InvalidTag:
        raise _wrong_key(path) from None


def _machine_key(path: Path, *, create: bool) -> bytes:
    with store_errors(path):
        refuse_foreign(path)
        if path.exists():
            return _read_key(path)
        if not create:
            raise StoreError(
                f"the key file {path} is missing, so the stored secrets cannot be opened; put it "
                "back, or set MTRADE_KEY_FILE to where it is",
                code="vault_key_missing",
                params={"file": str(path)},
            )
        private_folder(path.parent)
        key = secrets.token_bytes(_KEY_BYTES)
        replace_file(path, _encode(key).encode() + b"\n")
        return key


def _read_key(path: Path) -> bytes:
    if os.name != "nt" and path.stat().st_mode & 0o077:
        path.chmod(0o600)
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error:
        raise _wrong_key(path) from None
    if len(key) != _KEY_BYTES:
        raise _wrong_key(path)
    return key


def _wrong_key(path: Path) -> StoreError:
    return StoreError(
        f"the key file {path} is not the one the stored secrets were sealed with",
        code="vault_key_wrong",
        params={"file": str(path)},
    )


def _check_document(document: Document) -> Document:
    try:
        slot = document["slots"]["machine"]
        well_formed = (document["version"], slot["kind"] in ("dpapi", "keyfile")) == (1, True)
        _decode(slot["c"])
        _decode(slot.get("n", ""))
    except (KeyError, TypeError, AttributeError, ValueError):
        well_formed = False
    if not well_formed:
        raise ValueError("not a vault of this version")
    return document


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
