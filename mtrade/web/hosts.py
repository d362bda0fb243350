"""Which Host and Origin headers are this server's own (docs/adr: LAN access). Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping

_HOST = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}))(?::(\d{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def host_is_ours(
    host: str | None,
    *,
    scheme: str,
    port: int,
    names: Collection[str],
    own_addresses: Callable[[], Collection[str]],
) -> bool:
    """Whether a Host header may be served: one of our names or addresses, with our port.

    An address literal cannot be rebound by a foreign name server, so private, loopback and
    link-local ones are accepted; a public one only if it is an own address. `names` are lower case.
    """
    match = _HOST.fullmatch(host or "")
    if match is None:
        return False
    name, digits = match.groups()
    if (int(digits) if digits else _DEFAULT_PORTS.get(scheme)) != port:
        return False
    literal = address_of(name.strip("[]"))
    if literal is None:
        return name.lower() in names
    if literal.is_loopback or literal.is_private or literal.is_link_local:
        return not literal.is_unspecified
    return str(literal) in own_addresses()


def address_of(text: str) -> Address | None:
    """The address a text names; IPv4 written inside IPv6 is the IPv4 address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address


def is_loopback(address: str) -> bool:
    """Whether a client address is this computer itself."""
    parsed = address_of(address)
    return parsed is not None and parsed.is_loopback


def machine_names(hostname: str, extra: Collection[str]) -> frozenset[str]:
    """Lower-case names this server answers to: localhost, the machine's, and configured ones."""
    own = hostname.lower()
    names = {"localhost", own, own.partition(".")[0], *(name.lower() for name in extra)}
    return frozenset({name for name in names if name} | {f"{own.partition('.')[0]}.local"})


def origin_is_ours(origin: str, *, scheme: str, host: str) -> bool:
    """Exact match, never by prefix or suffix; `null` is nobody's."""
    return origin == f"{scheme}://{host}"


def fetch_site_allowed(headers: Mapping[str, str], *, page: bool) -> bool:
    """Fetch metadata (sent over TLS and on localhost): same origin, or a person opening a page."""
    site = headers.get("Sec-Fetch-Site")
    if site is None or site == "same-origin":
        return True
    if not page:
        return False
    navigation = (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest"))
    return site == "none" or navigation == ("navigate", "document")
