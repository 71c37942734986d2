"""Where a webhook may go: a name in the public internet, over TLS. Everything else might be something of our own network.

A name says nothing about where it leads, so it is looked at twice: the address as it is registered, and what it resolves to
each time, just before the connection is made (`sending`).
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

PORTS = frozenset({None, 443, 8443})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

MOST_CHARACTERS = 500
# Labels of letters, digits and hyphens, at least two, the last one with a letter first: no form of an IP address fits, neither
# decimal (2130706433) nor octal (0177.0.0.1) nor hexadecimal (0x7f.1).
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
# No fragment, and no backslash, which some take for a slash.
_VISIBLE = re.compile(r"(?:(?![#\\])[!-~])+")

# Of special use (RFC 6890, RFC 7526), which not every version of Python's `ipaddress` knows.
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
# Unicast addresses of the IPv6 internet (RFC 4291); what lies outside is local, multicast or stands for an IPv4 address.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# 6to4 (RFC 3056) and Teredo (RFC 4380) carry an IPv4 address of anybody's choosing.
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))


def registrable(url: str, *, loopback: bool) -> bool:
    """Whether an address may be registered; with `loopback` also one of this machine, by http and on any port."""
    if len(url) > MOST_CHARACTERS or _VISIBLE.fullmatch(url) is None:
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or port == 0:
        return False
    if loopback and host in LOOPBACK_NAMES:
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and port in PORTS and _NAME.fullmatch(host) is not None


def reachable(address: str, *, loopback: bool) -> bool:
    """Whether a connection may be made to this IP address: it is global unicast and no other address in disguise."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if parsed.is_loopback:
        return loopback
    if isinstance(parsed, IPv4Address):
        special = parsed.is_multicast or parsed.is_reserved or any(parsed in network for network in _SPECIAL)
        return parsed.is_global and not special
    return _is_public(parsed)


def _is_public(address: IPv6Address) -> bool:
    inside = address in _GLOBAL_UNICAST and not any(address in tunnel for tunnel in _TUNNELS)
    return inside and address.is_global and not address.is_multicast
