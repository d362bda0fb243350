"""The owner's password: which one is acceptable, and its argon2id record.

At most one hash runs at a time, so a flood of logins costs 64 MiB and not 64 times as much.
"""

from __future__ import annotations

import itertools
import re
import secrets
import threading
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from mtrade.domain.errors import InvalidRequest, LimitExceeded

SHORTEST, LONGEST = 12, 128
_MEMORY_KIB = 65_536
_PASSES = 3
_PATIENCE_S = 5.0

# The most used passwords that have twelve characters at all are made of these.
_COMMON = re.compile(
    r"passw[o0]rd|p[a@]ssw[o0]rd|qwerty|qwertz|azerty|asdfgh|zxcvbn|qazwsx|1q2w3e|abc123|abcdef|"
    r"letmein|welcome|iloveyou|administrator|admin|changeme|dragon|monkey|football|baseball|"
    r"superman|princess|sunshine|master|secret|login|йцукен|пароль|привет|любовь|"
    r"mtrade|gateio|gate\.io|trading|trader|bitcoin|ethereum|usdt"
)
_LEAST_OF_ITS_OWN = 8
_LEAST_DISTINCT = 5

_one_at_a_time = threading.Semaphore(1)


def check_password(password: str) -> None:
    """Raise InvalidRequest naming the rule: 12 to 128 characters, and not a guessable pattern."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise _refused(f"needs {SHORTEST} to {LONGEST} characters")
    lower = _normal(password).lower()
    own = re.sub(r"[\W\d_]", "", _COMMON.sub("", lower))
    plain = _COMMON.search(lower) is not None and len(own) < _LEAST_OF_ITS_OWN
    if plain or len(set(lower)) < _LEAST_DISTINCT or _is_sequence(lower):
        raise _refused("is among the first ones guessed, choose another")


def hash_password(password: str) -> str:
    """The argon2id record (64 MiB, 3 passes) to store."""
    kdf = Argon2id(
        salt=secrets.token_bytes(16),
        length=32,
        iterations=_PASSES,
        lanes=1,
        memory_cost=_MEMORY_KIB,
    )
    with _Turn():
        return kdf.derive_phc_encoded(_normal(password).encode("utf-8", "surrogatepass"))


def matches(password: str, record: str) -> bool:
    """Whether the password belongs to the record. Raises LimitExceeded when others are in line."""
    with _Turn():
        try:
            Argon2id.verify_phc_encoded(_normal(password).encode("utf-8", "surrogatepass"), record)
        except InvalidKey:
            return False
        return True


class _Turn:
    """Waits for the one place at the hash."""

    def __enter__(self) -> None:
        if not _one_at_a_time.acquire(timeout=_PATIENCE_S):
            raise LimitExceeded("too many logins at once, wait", retry_after=int(_PATIENCE_S))

    def __exit__(self, *exc: object) -> None:
        _one_at_a_time.release()


def _normal(password: str) -> str:
    """One spelling: devices compose accents differently."""
    return unicodedata.normalize("NFC", password)


def _is_sequence(lower: str) -> bool:
    """Whether most neighbours are neighbours in the alphabet too: 123456789012, abcdefghijkl."""
    steps = [ord(b) - ord(a) for a, b in itertools.pairwise(lower)]
    return sum(abs(step) <= 1 for step in steps) > len(steps) * 3 // 4


def _refused(reason: str) -> InvalidRequest:
    return InvalidRequest(f"password {reason}", fields={"password": reason}, code="weak_password")
