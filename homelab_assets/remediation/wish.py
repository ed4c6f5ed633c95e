"""What a compose file shall say, and which keys are written how."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from homelab_assets.remediation import short_forms
from homelab_assets.remediation.yaml_tree import Node

KEYED = frozenset({"environment", "labels", "annotations", "sysctls", "storage_opt", "extra_hosts"})
# Lists whose items are told apart by a key: how to read the key of an item.
LISTED: Mapping[str, Callable[[Node], str | None]] = {
    "ports": short_forms.port_key,
    "volumes": short_forms.volume_key,
    "devices": short_forms.device_key,
    "tmpfs": short_forms.tmpfs_key,
    "secrets": short_forms.source_key,
    "configs": short_forms.source_key,
    "expose": short_forms.port_key,
    "links": short_forms.link_key,
    "external_links": short_forms.link_key,
    "volumes_from": short_forms.lender_key,
    **dict.fromkeys(("group_add", "device_cgroup_rules"), short_forms.text_key),
    **dict.fromkeys(("cap_add", "cap_drop", "security_opt"), short_forms.member_key),
}  # fmt: skip


class Wish(Struct, frozen=True, kw_only=True):
    """What a compose file shall say.

    Attributes:
        path: in the drift document's words. change: `changed`, `added` or `removed`.
        value: as it stands in the file: `$` doubled, `${NAME}` for a secret. None for `removed`.
        previous: what git says now, as a person would write it.
        declared: networks and volumes that some file of the stack declares, as `volumes.data`.
        fresh: the lines of the file, without their indentation, that the same plan has written.
        kept: names of git's own variables, which stand in the value as they do in git.
    """

    service: str
    path: str
    change: str
    value: Any = None
    previous: Any = None
    declared: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    @property
    def head(self) -> str:
        """The first part of the path: the key of the service."""
        return self.path.partition(".")[0]

    @property
    def rest(self) -> str:
        """The path behind the key."""
        return self.path.partition(".")[2]

    @property
    def removes(self) -> bool:
        """Whether something shall go."""
        return self.change == "removed"
