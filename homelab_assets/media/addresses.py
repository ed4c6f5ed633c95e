"""Whose address it is that the internet sees: the home's, or not?"""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(addresses: Sequence[str], version: int) -> Sequence[Network]:
    """Return those of the home's addresses and prefixes that are of one IP version and that the internet can see.

    What is no address is left out, and so is a private one: nothing that the internet sees is ever in it, so a
    comparison with it would prove nothing. A name of the home may well have one inside of the home.
    """
    found = []
    for text in addresses:
        try:
            network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError:
            continue
        if network.version == version and is_public(str(network.network_address)):
            found.append(network)
    return found


def is_public(text: str) -> bool:
    """Say whether a text is an address that the internet can see. Documentation prefixes count as public."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast:
        return False
    return not any(address.version == one.version and address in one for one in _LAN)


def is_home(text: str, home: Sequence[Network]) -> bool:
    """Say whether an address is one of the home's."""
    address = ipaddress.ip_address(text)
    return any(address in network for network in home)


_LAN = [
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
]
