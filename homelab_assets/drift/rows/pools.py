"""Address pools of a network: what git says of them, and what of those there the engine may have chosen by itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from homelab_assets.drift.leaf import Leaf
from homelab_assets.drift.rows.shapes import has_marker, unseen

Written = Mapping[str, Any]
"""A pool as a compose file has it."""

WasSaid = Callable[[Sequence[Written]], bool]
"""Whether the network was made from git's definition, but with these pools."""

_FIELDS = {"subnet": "Subnet", "gateway": "Gateway", "ip_range": "IPRange", "aux_addresses": "AuxiliaryAddresses"}
_BUILT_IN = (("172.16.0.0/12", 16), ("192.168.0.0/16", 20))
"""Where an engine takes its pools from if nobody tells it, and how large they are."""


class Pool(NamedTuple):
    """One pool, as compared. What it doesn't have is empty."""

    subnet: str
    gateway: str = ""
    ip_range: str = ""
    aux_addresses: tuple[tuple[str, str], ...] = ()

    @property
    def written(self) -> dict[str, Any]:
        """As it would stand in a compose file."""
        return {
            name: dict(value) if isinstance(value, tuple) else value for name, value in self._asdict().items() if value
        }

    @property
    def family(self) -> str:
        """Which kind of addresses it has, "" where a variable says it."""
        return "" if has_marker(self.subnet) else "IPv6" if ":" in self.subnet else "IPv4"

    @property
    def has_usual_gateway(self) -> bool:
        """Whether its gateway is what an engine chooses by itself, and shows once it was restarted: one of the first
        addresses of the range that it gives."""
        try:
            first = ip_network(self.ip_range or self.subnet)[0]
            return not self.gateway or 0 <= int(ip_address(self.gateway)) - int(first) <= 1 + len(self.aux_addresses)
        except ValueError:
            return not self.gateway


def of_git(pools: Sequence[Written]) -> list[Pool]:
    """The pools of a canonical definition."""
    return [_pool(pool) for pool in pools]


def of_engine(pools: Sequence[Mapping[str, Any]]) -> list[Pool]:
    """The pools of an inspect document."""
    return [_pool({name: pool.get(field) for name, field in _FIELDS.items()}) for pool in pools]


def leaf_of(pools: Sequence[Pool]) -> Leaf:
    """All pools of a network, in whatever order they are written."""
    ordered = tuple(sorted(pools))
    return Leaf(ordered, [pool.written for pool in ordered])


def as_git_would_say(
    found: Sequence[Pool], declared: Sequence[Written], was_said: WasSaid, info: Mapping[str, Any]
) -> Leaf | None:
    """The engine's pools without what it may have chosen by itself; None where nothing is left.

    Args:
        declared: git's pools. info: the engine's `/info`.
    """
    wanted = of_git(declared)
    by_subnet = {pool.subnet: pool for pool in wanted}
    families = {pool.family for pool in wanted}
    kept, doubtful = [], False
    for pool in found:
        bare = pool._replace(gateway="")
        others = [other for other, read in zip(declared, wanted, strict=True) if read.subnet != pool.subnet]
        said = next((one for one in (pool, bare) if any(map(was_said, _with(one.written, others)))), None)
        if not families.isdisjoint((pool.family, "")):
            mine = by_subnet.get(pool.subnet)
            silent = not mine.gateway if mine else not any(other.gateway for other in wanted)
            kept.append(bare if silent and pool.has_usual_gateway and said is not pool else pool)
        elif said or not pool.gateway or pool.ip_range or pool.aux_addresses or not pool.has_usual_gateway:
            kept.append(said or pool)
        elif not _is_within(pool.subnet, info):
            doubtful = True
    if doubtful and sorted(kept) == sorted(wanted):
        return unseen("the engine may have chosen one by itself")
    return leaf_of(kept) if kept else None


def _with(one: Written, others: Sequence[Written]) -> Iterator[Sequence[Written]]:
    """A pool at every place among others."""
    for place in range(len(others) + 1):
        yield [*others[:place], one, *others[place:]]


def _pool(written: Written) -> Pool:
    aux = {str(name): _address(str(address)) for name, address in (written.get("aux_addresses") or {}).items()}
    return Pool(
        subnet=_range(str(written.get("subnet") or "")),
        gateway=_address(str(written.get("gateway") or "")),
        ip_range=_range(str(written.get("ip_range") or "")),
        aux_addresses=tuple(sorted(aux.items())),
    )


def _range(text: str) -> str:
    """A range of addresses in its usual spelling; what is none stays."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return text


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _is_within(subnet: str, info: Mapping[str, Any]) -> bool:
    """Whether an engine takes such a pool by itself."""
    told = [(str(one.get("Base")), one.get("Size")) for one in info.get("DefaultAddressPools") or ()]
    try:
        own = ip_network(subnet)
        ranges = [(ip_network(base), size) for base, size in told or _BUILT_IN]
    except ValueError:
        return False
    return any(
        own.prefixlen == size and own.version == base.version and own.subnet_of(base)  # type: ignore[arg-type]
        for base, size in ranges
    )
