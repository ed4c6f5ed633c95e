"""What an engine has made of the networks and volumes that a service uses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from homelab_assets.compose.confighash import resource_hash
from homelab_assets.drift.rows.mount import mounts_of
from homelab_assets.drift.rows.networks import declared_networks
from homelab_assets.drift.rows.shapes import has_marker
from homelab_assets.drift.view import Declared, Observed, clean, once
from homelab_assets.labels import HASH, PROJECT, VERSION
from homelab_assets.model import Json
from homelab_assets.moments import utc_text
from homelab_assets.secrecy import has_token


class Resource(NamedTuple):
    """A network or volume that a service uses and its project makes.

    Attributes:
        section, key: where the compose file defines it. prefix: how paths of its leaves begin.
        target: a path at which the service mounts the volume.
    """

    section: str
    key: str
    prefix: str
    definition: Mapping[str, Json]
    target: str = ""

    @property
    def name(self) -> str:
        """What the engine calls it."""
        return str(self.definition.get("name") or "")

    @property
    def is_plain(self) -> bool:
        """Whether git says nothing but what it is called."""
        return not any(value for key, value in self.definition.items() if key != "name")


class Made(Struct, frozen=True, kw_only=True):
    """What an engine has made of one.

    Attributes:
        label: Compose's hash of what it was made from, "" where there is none.
        same: whether that is git's definition. foreign: whether another project made it: to that one belongs what git
            doesn't say here.
    """

    resource: Resource
    document: Mapping[str, Json]
    label: str
    same: bool
    foreign: bool

    @property
    def when(self) -> str:
        """When it was made, ISO 8601 UTC; "" where that isn't known. Engines write the time of their own place."""
        text = str(self.document.get("Created") or self.document.get("CreatedAt") or "")
        try:
            return utc_text(datetime.fromisoformat(text))
        except ValueError:
            return ""

    @property
    def project(self) -> str | None:
        """The project that made it, None where no Compose did."""
        return _labels(self.document).get(PROJECT)

    def was_said(self, value: Any, *path: str) -> bool:
        """Whether it was made from git's definition with another value in it."""
        return bool(self.label) and resource_hash(_put(self.resource.definition, value, *path)) == self.label

    @property
    def by_v1(self) -> bool:
        """Whether Compose v1 made it."""
        return self.made_before(2)

    def made_before(self, *version: int) -> bool:
        """Whether a Compose earlier than this version made it."""
        numbers = (_labels(self.document).get(VERSION) or "").lstrip("v").split(".")
        return all(map(str.isdigit, numbers)) and tuple(map(int, numbers)) < version


@once
def resources(declared: Declared) -> tuple[Resource, ...]:
    """The networks and volumes that a service uses and its project makes."""
    project = declared.project
    used = [("networks", key, f"networks.{key}", "") for key in declared_networks(declared)]
    mounted: dict[str, str] = {}
    for entry in declared.get("volumes") or ():
        if isinstance(entry, Mapping) and entry.get("type") == "volume" and entry.get("source"):
            mounted.setdefault(str(entry["source"]), clean(str(entry.get("target") or "")))
    used += [("volumes", key, f"volumes.{target}", target) for key, target in mounted.items()]
    sections = {"networks": project.networks, "volumes": project.volumes}
    return tuple(
        Resource(section, key, prefix, definition, target)
        for section, key, prefix, target in used
        if (definition := sections[section].get(key)) is not None and is_own(definition)
    )


def is_own(definition: Mapping[str, Json]) -> bool:
    """Whether the project makes it."""
    return not definition.get("external")


def made_of(one: Resource, container: Observed, declared: Declared) -> Made | None:
    """What the engine has made of a network or volume; None where the container doesn't have it, or nobody tells."""
    known = declared.facts.setdefault((made_of, container.id), {})
    if one.prefix not in known:
        known[one.prefix] = _find_made(one, container, declared)
    found: Made | None = known[one.prefix]
    return found


def _find_made(one: Resource, container: Observed, declared: Declared) -> Made | None:
    host, names = container.host, list[str]()
    if one.section == "networks":
        names += (host.networks.get(name, name) for name in container.networks)
        documents = host.network_documents
    else:
        mount = mounts_of(container).get(one.target)
        names += [mount.source] if mount is not None and mount.type == "volume" else []
        documents = host.volume_documents
    mine = (documents[name] for name in names if name in documents)
    document = next((document for document in mine if _is_of(one, document, container)), None)
    if document is None:
        return None
    labels = _labels(document)
    label = str(labels.get(HASH) or "")
    return Made(
        resource=one, document=document, label=label,
        same=bool(label) and resource_hash(one.definition) == label,
        foreign=labels.get(PROJECT) not in (None, declared.project.name),
    )  # fmt: skip


def _is_of(one: Resource, document: Mapping[str, Json], container: Observed) -> bool:
    """Whether a document is the one of this network or volume; where a part of its name isn't known, Compose's labels
    tell."""
    name, labels = str(document.get("Name")), _labels(document)
    if one.name == name or not (has_token(name) or has_marker(one.name)):
        return one.name == name
    key = labels.get(f"com.docker.compose.{one.section.removesuffix('s')}")
    return key == one.key and labels.get(PROJECT) == container.labels.get(PROJECT)


def _labels(document: Mapping[str, Json]) -> Mapping[str, Any]:
    return document.get("Labels") or {}


def _put(definition: Mapping[str, Json], value: Any, *path: str) -> dict[str, Json]:
    """A definition with another value in it."""
    name, *rest = path
    return {**definition, name: _put(definition.get(name) or {}, value, *rest) if rest else value}
