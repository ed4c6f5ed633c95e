"""What a compose project holds that its services refer to, and how the engine calls it."""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from homelab_assets.compose.interpolation import MARKER, OPEN
from homelab_assets.model import Json


class ProjectView(Struct, frozen=True, kw_only=True):
    """The part of a compose project that its services refer to.

    Attributes:
        name: project name. directory: its folder as the host knows it. read: a file below it, None where there is none.
        provided: names of services that something else than a container is, as a `provider` makes them.
    """

    name: str
    directory: str = "/"
    networks: Mapping[str, Mapping[str, Json] | None] = field(default_factory=dict)
    volumes: Mapping[str, Mapping[str, Json] | None] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, Json] | None] = field(default_factory=dict)
    configs: Mapping[str, Mapping[str, Json] | None] = field(default_factory=dict)
    read: Callable[[str], bytes | None] = lambda path: None
    provided: frozenset[str] = frozenset()

    @property
    def resources(self) -> tuple[Mapping[str, Mapping[str, Json] | None], ...]:
        """All that its services share."""
        return self.networks, self.volumes, self.secrets, self.configs

    def network_name(self, key: str) -> str:
        """The engine's name of a network: its `name:`, else `<project>_<key>`."""
        return (self.networks.get(key) or {}).get("name") or f"{self.name}_{key}"

    def volume_name(self, key: str) -> str:
        """The engine's name of a volume: its `name:`, else `<project>_<key>`."""
        return (self.volumes.get(key) or {}).get("name") or f"{self.name}_{key}"

    def network_key(self, name: str) -> str:
        """The compose key of an attached network, or its name where the project doesn't know it."""
        for key in self.networks:
            if self.network_name(key) == name:
                return key
        for key in self.networks:
            if may_be(self.network_name(key), name):
                return key
        return "default" if name == f"{self.name}_default" else name

    def volume_key(self, name: str) -> str:
        """The compose key of a mounted volume, or its name where the project doesn't know it."""
        return next((key for key in self.volumes if self.volume_name(key) == name), name)

    def relative(self, path: str) -> str:
        """A host path as a person would write it: relative to the project's folder where it lies below it."""
        directory = self.directory.rstrip("/")
        if directory and path.startswith(directory + "/"):
            return "./" + path[len(directory) + 1 :]
        return "." if directory and path == directory else path


def may_be(template: str, name: str) -> bool:
    """Whether a name with open variables in it may be this one."""
    if OPEN not in template:
        return False
    return re.fullmatch(".*".join(map(re.escape, MARKER.split(template)[::2])), name) is not None
