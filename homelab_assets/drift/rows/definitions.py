"""Networks and volumes as git defines them, and as they were made: no engine changes one that is there.

Their rows are no part of the field table, by which every container is compared: of a network or volume that several
services use one alone tells (see `drift.definitions`).
"""

import posixpath
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from homelab_assets.drift.compose_v1 import spelled_alike
from homelab_assets.drift.deployed import NO_FOLDER
from homelab_assets.drift.leaf import Leaf, Leaves, Row
from homelab_assets.drift.rows import pools
from homelab_assets.drift.rows.environment import COMPOSE_LABELS, writer_of
from homelab_assets.drift.rows.made import Made, Resource, made_of, resources
from homelab_assets.drift.rows.mount import below_a_home, below_home
from homelab_assets.drift.rows.shapes import boolean, dig, has_marker, unseen
from homelab_assets.drift.view import Declared, Observed, clean
from homelab_assets.model import Json


class _Key(Struct, frozen=True, kw_only=True):
    """One key of the definitions, as both sides have it.

    Attributes:
        key, field: where it stands in the canonical definition, and in the inspect document; dotted.
        each: it holds values by name, each of which is a leaf.
        default: what the engine has where nobody says anything.
        daemon: the first API of engines whose daemon may be told another default.
        since: the first Compose that passes it on.
    """

    section: str
    key: str
    field: str
    each: bool = False
    default: tuple[Any, ...] = ()
    daemon: tuple[int, ...] = ()
    since: tuple[int, ...] = ()

    def expected(self, declared: Declared) -> dict[str, Leaf]:
        mine = (one for one in resources(declared) if one.section == self.section)
        return {path: leaf for one in mine for path, leaf in self.wanted(one, declared).items()}

    def wanted(self, one: Resource, declared: Declared) -> dict[str, Leaf]:
        """What git says of one network or volume."""
        value = dig(one.definition, *self.key.split("."))
        if self.each:
            named = {name: text for name, text in (value or {}).items() if not name.startswith(COMPOSE_LABELS)}
            return {f"{one.prefix}.{self.key}.{name}": Leaf(text, _as_typed(text)) for name, text in named.items()}
        return {} if value in (None, "") else {f"{one.prefix}.{self.key}": Leaf(boolean(value))}

    def observed(self, container: Observed, declared: Declared) -> dict[str, Leaf]:
        leaves: dict[str, Leaf] = {}
        for one in resources(declared):
            if one.section == self.section:
                wanted, made = self.wanted(one, declared), made_of(one, container, declared)
                leaves |= wanted if made is None or made.same else self.found(made, wanted, container, declared)
        return leaves

    def found(self, made: Made, wanted: Leaves, container: Observed, declared: Declared) -> dict[str, Leaf]:
        """What one has that differs from git's definition, or may."""
        if container.host.podman and self.key not in _TOLD_BY_PODMAN:
            return dict.fromkeys(wanted, unseen("podman's API may tell it in another way"))
        prefix = f"{made.resource.prefix}.{self.key}"
        value = dig(made.document, *self.field.split("."))
        values = {f"{prefix}.{name}": text for name, text in (value or {}).items()} if self.each else {prefix: value}
        leaves = {}
        for path, running in values.items():
            if path in wanted:
                leaves[path] = self._against(wanted[path], running, made, declared)
            elif running not in (None, *self.default) and not made.foreign:
                leaves |= self._undeclared(path, running, made, container)
        for path in wanted.keys() - values.keys():
            if field := _FLAGS.get(path.removeprefix(f"{prefix}.")):
                agrees = (str(wanted[path].value).lower() in ("1", "t", "true")) == made.document.get(field)
                leaves[path] = wanted[path] if agrees else unseen("the engine heeds what Compose says by itself")
        return leaves

    def _against(self, wanted: Leaf, running: Any, made: Made, declared: Declared) -> Leaf:
        """What runs where git says something."""
        if running is None:
            return unseen("the engine is too old to show it")
        if running != wanted.value and self.since and made.made_before(*self.since):
            return unseen("the Compose that created it ignores it")
        if has_marker(wanted.value) and (wanted.written or (made.by_v1 and wanted.value[:1] == ".")):
            return unseen("it lies beside a folder that isn't known here")
        if self.key == "driver" and running == f"{wanted.value}:latest":
            # What a plugin is called that is named without a tag.
            return wanted
        alike = made.by_v1 and spelled_alike(wanted.value, running)
        return wanted if alike or _is_same_folder(wanted.value, running, made, declared) else Leaf(running)

    def _undeclared(self, path: str, running: Any, made: Made, container: Observed) -> Leaves:
        """What runs where git says nothing, if neither engine nor Compose put it there."""
        name = path.removeprefix(f"{made.resource.prefix}.{self.key}.") if self.each else ""
        by_a_tool = writer_of(name) if self.key == "labels" else name.startswith(_BY_ENGINE)
        if by_a_tool or (self.key == "attachable" and made.by_v1) or container.host.podman:
            return {}
        below = (*self.key.split("."), name) if self.each else self.key.split(".")
        if self.daemon and container.host.api >= self.daemon and not made.was_said(running, *below):
            field = (*self.field.split("."), name) if self.each else self.field.split(".")
            others = [dig(other, *field) == running for other in _of_the_same_kind(made.document, container)]
            if 2 * others.count(True) > len(others):
                return {}
            if any(others) or not others:
                return {path: unseen("may be this daemon's default: the other networks don't tell")}
        return {path: Leaf(running)}


_TOLD_BY_PODMAN = ("internal", "labels")

_FLAGS = {"com.docker.network.enable_ipv4": "EnableIPv4", "com.docker.network.enable_ipv6": "EnableIPv6"}
"""Options that newer engines forget where the client has said the same by itself, with the fields that tell it."""

_BY_ENGINE = ("com.docker.network.driver.overlay.", *_FLAGS)
"""Options that an engine writes into its own documents."""


def _of_the_same_kind(document: Mapping[str, Json], container: Observed) -> list[Mapping[str, Json]]:
    """The other networks of a host for which its daemon has the same defaults."""
    return [
        other
        for other in container.host.captured.networks
        if other.get("Id") != document.get("Id") and other.get("Driver") == document.get("Driver")
        and "com.docker.network.bridge.default_bridge" not in (other.get("Options") or {})
    ]  # fmt: skip


def _as_typed(text: Any) -> str | None:
    """A folder that is relative to something that isn't known here, as a person would write it."""
    if not isinstance(text, str) or not text.startswith("/"):
        return None
    if text.startswith(NO_FOLDER):
        return "." + text.removeprefix(NO_FOLDER)
    tail = below_home(text)
    return None if tail is None else f"~{tail}"


def _is_same_folder(wanted: Any, running: Any, made: Made, declared: Declared) -> bool:
    """Whether what runs may be git's folder: relative to one that isn't known here, or where v1 alone looks for it."""
    if not isinstance(wanted, str) or not isinstance(running, str):
        return False
    if wanted.startswith(NO_FOLDER):
        return running.endswith(wanted.removeprefix(NO_FOLDER))
    tail = below_home(wanted)
    if tail is not None:
        return below_a_home(tail, running)
    return made.by_v1 and wanted[:1] == "." and posixpath.join(declared.project.directory, clean(wanted)) == running


class _Pools(_Key, frozen=True, kw_only=True):
    """The address pools, of which the engine chooses some by itself."""

    def wanted(self, one: Resource, declared: Declared) -> dict[str, Leaf]:
        declared_pools = dig(one.definition, "ipam", "config")
        return {f"{one.prefix}.{self.key}": pools.leaf_of(pools.of_git(declared_pools))} if declared_pools else {}

    def found(self, made: Made, wanted: Leaves, container: Observed, declared: Declared) -> dict[str, Leaf]:
        if container.host.podman:
            return dict.fromkeys(wanted, unseen("podman's API may tell it in another way"))
        if made.foreign and not wanted:
            return {}
        leaf = pools.as_git_would_say(
            pools.of_engine(dig(made.document, "IPAM", "Config") or ()),
            dig(made.resource.definition, "ipam", "config") or (),
            lambda said: made.was_said(said, "ipam", "config"),
            container.host.info,
        )
        return {f"{made.resource.prefix}.{self.key}": leaf} if leaf else {}


def _row(section: str, key: str, field: str, engine: str = "", **options: Any) -> Row:
    kind = _Pools if key == "ipam.config" else _Key
    reading = kind(section=section, key=key, field=field, **options)
    return Row(
        key=f"{section}.*.{key}", kind="keyed" if reading.each else "scalar", where=field,
        expected=reading.expected, observed=reading.observed, keys=(section,), engine=engine, shared=True,
        nothing=(False,) if False in reading.default else (), seal="name" if reading.each else "text",
        implied=section == "networks",
    )  # fmt: skip


_DAEMONS = "the daemon's `default-network-opts`"

ROWS: tuple[Row, ...] = (
    _row("networks", "driver", "Driver", "`bridge`", default=("bridge",)),
    _row("networks", "driver_opts", "Options", _DAEMONS, each=True, daemon=(1, 43)),
    _row("networks", "ipam.driver", "IPAM.Driver", "`default`", default=("default",)),
    _row("networks", "ipam.config", "IPAM.Config", "subnets and gateways of its own choice"),
    _row("networks", "internal", "Internal", default=(False,)),
    _row("networks", "attachable", "Attachable", "set by Compose v1", default=(False,)),
    _row("networks", "enable_ipv4", "EnableIPv4", _DAEMONS, default=(True,), daemon=(1, 48), since=(2, 33, 1)),
    _row("networks", "enable_ipv6", "EnableIPv6", _DAEMONS, default=(False,), daemon=(1, 46)),
    _row("networks", "labels", "Labels", "`com.docker.compose.*` by Compose", each=True),
    _row("volumes", "driver", "Driver", "`local`", default=("local",)),
    _row("volumes", "driver_opts", "Options", each=True),
    _row("volumes", "labels", "Labels", "`com.docker.compose.*` by Compose", each=True),
)
