"""Single changes of definitions of networks and volumes, as data: what runs, what git says, the one item of it."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from homelab_assets.model import Captured
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.mutations import PLAIN
from homelab_assets_tests.drift.world import audit, baseline

Definition = dict[str, Any] | None
Wanted = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redefinition:
    """One change of a definition.

    Attributes:
        section: `networks` or `volumes`. made: what it was made from. git: what git says now.
        path: of the item that must come, behind the network or the mount; "" where none may.
        since: the first Compose that knows the key. newest: no older engine shows it.
        by_hash: it takes Compose's hash to tell it from what the engine does by itself.
    """

    section: str
    made: Definition
    git: Definition
    path: str
    change: str = "changed"
    since: tuple[int, ...] = (1,)
    newest: bool = False
    by_hash: bool = False


def _ways(section: str, path: str, one: Definition, other: Definition, **options: Any) -> Iterator[Redefinition]:
    """A change and the way back, of which the `one` lacks what the `other` has, or has another value."""
    there, back = options.pop("changes", ("changed", "changed"))
    by_hash = options.pop("by_hash", False)
    yield Redefinition(section=section, made=one, git=other, path=path, change=there, **options)
    yield Redefinition(section=section, made=other, git=one, path=path, change=back, by_hash=by_hash, **options)


_LESS_AND_MORE = ("removed", "added")
_NETWORK_OPTION, _ANOTHER = "com.docker.network.driver.mtu", "com.docker.network.bridge.enable_icc"


def _pools(*pools: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"ipam": {"config": list(pools)}, **more}


def _local(kind: str, options: str, device: str) -> dict[str, Any]:
    return {"driver_opts": {"type": kind, "o": options, "device": device}}


_V4, _V6 = {"subnet": "10.230.{n}.0/24"}, {"subnet": "fd00:{n}::/64"}
_NFS = _local("nfs", "addr=10.9.8.7,rw,nfsvers=4", ":/export/media")
_CIFS = _local("cifs", "username=larry,password=hunter2abc,vers=3.0", "//10.9.8.7/media")

NETWORKS: tuple[Redefinition, ...] = (
    *_ways("networks", "internal", None, {"internal": True}, changes=_LESS_AND_MORE),
    *_ways("networks", "attachable", None, {"attachable": True}, changes=_LESS_AND_MORE, since=(2,)),
    *_ways("networks", f"driver_opts.{_NETWORK_OPTION}", None, {"driver_opts": {_NETWORK_OPTION: 1300}},
           changes=_LESS_AND_MORE),
    *_ways("networks", f"driver_opts.{_NETWORK_OPTION}", {"driver_opts": {_NETWORK_OPTION: 1400, _ANOTHER: "true"}},
           {"driver_opts": {_NETWORK_OPTION: "1450", _ANOTHER: "true"}}),
    *_ways("networks", "ipam.config", None, _pools(_V4), changes=("changed", "added"), by_hash=True),
    *_ways("networks", "ipam.config", _pools(_V4), _pools({"subnet": "10.231.{n}.0/24"})),
    *_ways("networks", "ipam.config", _pools(_V4), _pools({**_V4, "gateway": "10.230.{n}.254"})),
    *_ways("networks", "ipam.config", _pools(_V4), _pools({**_V4, "ip_range": "10.230.{n}.128/25"})),
    *_ways("networks", "ipam.config", _pools(_V4), _pools({**_V4, "aux_addresses": {"nas": "10.230.{n}.9"}})),
    *_ways("networks", "ipam.config", _pools(_V4, enable_ipv6=True), _pools(_V4, _V6, enable_ipv6=True),
           newest=True, by_hash=True),
    *_ways("networks", "enable_ipv6", _pools(_V4, _V6), _pools(_V4, _V6, enable_ipv6=True), changes=_LESS_AND_MORE,
           by_hash=True),
    *_ways("networks", "enable_ipv4", {"enable_ipv6": True}, {"enable_ipv6": True, "enable_ipv4": False},
           changes=("changed", "added"), since=(2, 33, 1), newest=True),
    *_ways("networks", "labels.a.b", None, {"labels": {"a.b": "c"}}, changes=_LESS_AND_MORE),
    *_ways("networks", "labels.a.b", {"labels": {"a.b": "c", "d": True}}, {"labels": {"a.b": "x", "d": True}}),
    Redefinition(section="networks", made=None, git={"driver": "macvlan"}, path="driver", change="changed"),
    Redefinition(section="networks", made=None, git={"ipam": {"driver": "other"}}, path="ipam.driver"),
    *_ways("networks", "", None, {"driver": "bridge"}),
    *_ways("networks", "", None, {"ipam": {"driver": "default"}}),
    *_ways("networks", "", None, {"enable_ipv6": False, "internal": False}),
    *_ways("networks", "", _pools(_V4), _pools(_V4, driver="bridge", attachable=False)),
)  # fmt: skip

VOLUMES: tuple[Redefinition, ...] = (
    *_ways("volumes", "driver_opts.device", _NFS, _local("nfs", "addr=10.9.8.7,rw,nfsvers=4", ":/export/films")),
    *_ways("volumes", "driver_opts.o", _NFS, _local("nfs", "addr=10.9.8.6,rw,nfsvers=4", ":/export/media")),
    *_ways("volumes", "driver_opts.o", _CIFS,
           _local("cifs", "username=larry,password=hunter3abc,vers=3.0", "//10.9.8.7/media")),
    *_ways("volumes", "driver_opts.device", _local("none", "bind", "/opt/a"), _local("none", "bind", "/opt/b")),
    *_ways("volumes", "driver_opts.device", {"driver": "local", **_local("none", "bind", "./x")},
           {"driver": "local", **_local("none", "bind", "./y")}),
    *_ways("volumes", "driver_opts.o", {"driver_opts": {"type": "tmpfs", "device": "tmpfs"}},
           _local("tmpfs", "size=100m", "tmpfs"), changes=_LESS_AND_MORE),
    *_ways("volumes", "labels.backup", None, {"labels": {"backup": "daily"}}, changes=_LESS_AND_MORE),
    *_ways("volumes", "labels.backup", {"labels": {"backup": "daily"}}, {"labels": ["backup=weekly"]}),
    Redefinition(section="volumes", made=None, git={"driver": "rclone"}, path="driver"),
    *_ways("volumes", "", None, {"driver": "local"}),
    *_ways("volumes", "", {"labels": {"n": 1}}, {"labels": ["n=1"]}),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Defined:
    """A stack of which every network and volume has two users, the second of them the first by its name.

    Attributes:
        document: what it is made from. changed: for each change the same with that one, and the items (service, path,
            change) that must come. by_hash: those which it takes Compose's hash to tell.
    """

    document: dict[str, Any]
    changed: Mapping[str, tuple[dict[str, Any], list[Wanted]]]
    by_hash: frozenset[Wanted] = frozenset()

    def given_to(self, compose: str) -> dict[str, Any]:
        """The document as a Compose is given it: v1 in the format in which it knows these keys."""
        return {"version": "2.4", **self.document} if compose == "v1" else self.document

    @property
    def all_at_once(self) -> "Defined":
        """The same with all its changes in one."""
        git, every = dict(self.document), list[Wanted]()
        for name, (document, wanted) in self.changed.items():
            number, section, *_ = name.split(" ")
            git[section] = {**git[section], f"r{number}": document[section][f"r{number}"]}
            every += wanted
        return replace(self, changed={"all": (git, sorted(every))})

    def mistakes(self, stack: str, captured: Captured, vault: Vault, *, hashed: bool) -> list[str]:
        """What an audit says wrongly of the stack: as it was made, and after each change in git.

        Args:
            hashed: whether the Compose that made it puts its hash on all of it.
        """
        wrong = []
        for name, (git, wanted) in {"as it is": (self.document, []), **self.changed}.items():
            document = audit(captured, [baseline(stack, git, endpoint=captured.host)], vault=vault)
            told = [(one.service, item.path, item.change) for one in document.services for item in one.items]
            silent = {(one.service, path) for one in document.services for path in one.uncompared}
            excused = {item for item in wanted if not hashed and item in self.by_hash and item[:2] in silent}
            if document.problems or sorted(told) != [item for item in wanted if item not in excused or item in told]:
                wrong.append(f"{name}: {told} instead of {wanted}")
        return wrong


def defined(compose: tuple[int, ...] = (9,), *, newest: bool = True) -> Defined:
    """The stack of all changes that a Compose and an engine can make."""
    every = [one for one in (*NETWORKS, *VOLUMES) if one.since <= compose and (newest or not one.newest)]
    return _stack([(one, one.made, one.git) for one in every])


def generated(dice: random.Random, compose: tuple[int, ...] = (9,)) -> Defined:
    """A stack of definitions put together from several, with one change in each."""
    chosen = []
    for section, table in (("networks", NETWORKS), ("volumes", VOLUMES)):
        usable = [one for one in table if one.since <= compose and not one.newest]
        for _ in range(8):
            change, *others = dice.sample(usable, 3)
            more: dict[str, Any] = {}
            for other in others if section == "networks" else ():
                own = {**(change.made or {}), **(change.git or {})}
                more |= {k: v for k, v in (other.made or {}).items() if k not in own and k != "enable_ipv6"}
            chosen.append((change, {**more, **(change.made or {})}, {**more, **(change.git or {})}))
    return _stack(chosen)


def _stack(chosen: list[tuple[Redefinition, Definition, Definition]]) -> Defined:
    document: dict[str, Any] = {"services": {}, "networks": {}, "volumes": {}}
    for number, (one, made, _) in enumerate(chosen):
        document[one.section][f"r{number}"] = _filled(made, number)
        used = {"networks": [f"r{number}"]} if one.section == "networks" else {"volumes": [f"r{number}:/data/{number}"]}
        for name in (f"z{number}", f"a{number}"):
            document["services"][name] = {"image": PLAIN, "network_mode": "none", **used}
            if one.section == "networks":
                del document["services"][name]["network_mode"]
    changed, by_hash = {}, set[Wanted]()
    for number, (one, _, git) in enumerate(chosen):
        own = {**document, one.section: {**document[one.section], f"r{number}": _filled(git, number)}}
        prefix = f"networks.r{number}" if one.section == "networks" else f"volumes./data/{number}"
        wanted = [(f"z{number}", f"{prefix}.{one.path}", one.change)] if one.path else []
        changed[f"{number} {one.section} {one.path}"] = (own, wanted)
        by_hash.update(wanted if one.by_hash else [])
    return Defined(document=document, changed=changed, by_hash=frozenset(by_hash))


def _filled(value: Any, number: int) -> Any:
    """A definition with addresses of its own."""
    if isinstance(value, str):
        return value.replace("{n}", str(number))
    if isinstance(value, list):
        return [_filled(part, number) for part in value]
    return {key: _filled(part, number) for key, part in value.items()} if isinstance(value, dict) else value
