"""Refuses IP addresses in private networks, such as the operator's network."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from services.alerts.delivery.channels.refusals import HOST_NOT_PUBLIC, RouteRefusedError

# An IPv6 address of these networks stands for the IPv4 address in its last 32 bits (RFC 6052 and RFC 4291, 2.5.5.1).
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
_LAST_32_BITS = 0xFFFF_FFFF


def check_public(address: str) -> None:
    """Raises RouteRefusedError unless the address is public."""
    # A link-local address may have a zone behind a percent sign.
    if not is_public(ip_address(address.partition("%")[0])):
        raise RouteRefusedError(HOST_NOT_PUBLIC)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    # The IPv4 address that a translated address leads to.
    if not isinstance(address, IPv6Address):
        return None
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & _LAST_32_BITS)
    if address.teredo:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour
