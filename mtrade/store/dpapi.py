"""Windows' own vault: seals bytes so that only this user on this machine opens them (DPAPI).

Source: Microsoft, dpapi.h, CryptProtectData and CryptUnprotectData.
"""

from __future__ import annotations

import sys

from mtrade.domain.errors import StoreError

AVAILABLE = sys.platform == "win32"

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _NO_PROMPT = 0x1  # CRYPTPROTECT_UI_FORBIDDEN: a server has nobody to ask

    class _Blob(ctypes.Structure):
        _fields_ = (("size", wintypes.DWORD), ("data", ctypes.POINTER(ctypes.c_char)))

    def _call(name: str, raw: bytes) -> bytes:
        crypt32 = ctypes.WinDLL("crypt32", use_last_error=True)
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel32.LocalFree.argtypes = [ctypes.c_void_p]
        buffer = ctypes.create_string_buffer(raw, len(raw))
        given = _Blob(len(raw), ctypes.cast(buffer, ctypes.POINTER(ctypes.c_char)))
        made = _Blob()
        done = getattr(crypt32, name)(
            ctypes.byref(given), None, None, None, None, _NO_PROMPT, ctypes.byref(made)
        )
        if not done:
            raise ctypes.WinError(ctypes.get_last_error())
        try:
            return ctypes.string_at(made.data, made.size)
        finally:
            kernel32.LocalFree(made.data)

    def protect(raw: bytes) -> bytes:
        """Seal for the current user. Raises StoreError."""
        try:
            return _call("CryptProtectData", raw)
        except OSError as error:
            raise StoreError(f"Windows could not seal the data key: {error}") from error

    def unprotect(sealed: bytes) -> bytes:
        """Open what `protect` sealed. Raises StoreError `vault_key_wrong`."""
        try:
            return _call("CryptUnprotectData", sealed)
        except OSError as error:
            raise StoreError(
                "secrets.json was sealed by another Windows user or machine",
                code="vault_key_wrong",
            ) from error

else:

    def protect(raw: bytes) -> bytes:
        """Only Windows has it. Raises StoreError."""
        raise StoreError("DPAPI exists only on Windows")

    def unprotect(sealed: bytes) -> bytes:
        """Only Windows has it. Raises StoreError `vault_key_wrong`."""
        raise StoreError(
            "secrets.json was sealed on Windows and opens only there", code="vault_key_wrong"
        )
