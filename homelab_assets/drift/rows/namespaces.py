"""Namespaces shared with the host or another container: IPC, process ids, names, users, control groups."""

from typing import Any

from homelab_assets.drift.leaf import ANYTHING, Difference, Leaf, Row
from homelab_assets.drift.rows.shapes import on_podman, scalar, usual
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.labels import name_of


def shared_namespace(mode: str, container: Observed, declared: str) -> str:
    """The engine's value as compose writes it: the id of another container becomes its service or name.

    A container that is gone leaves `container:<short id>`: its namespace is stale.
    """
    if not mode.startswith("container:"):
        return mode
    reference = mode.removeprefix("container:")
    other = container.host.by_reference(reference)
    if other is None:
        return f"container:{reference[:12]}"
    project, service = Observed(other, container.host).origin
    if declared.startswith("container:") and declared.removeprefix("container:") in (name_of(other), other.get("Id")):
        return declared
    mine, _ = container.origin
    if service and (project == mine or (mine is None and declared == f"service:{service}")):
        return f"service:{service}"
    if project is None and declared == f"service:{name_of(other)}":
        return declared
    return f"container:{name_of(other)}"


def whose_is_gone(difference: Difference, container: Observed) -> str | None:
    """Say that what a container shares is of one that is not there any more."""
    if difference.expected is None or difference.observed is None:
        return None
    _, shared, other = str(difference.observed.shown).partition("container:")
    gone = shared and container.host.by_reference(other) is None
    return "the container that it shares this with is gone" if gone else None


def _sharing(key: str, field: str, *, default: Any = (), given: Any = None, **options: Any) -> Row:
    def expected(declared: Declared) -> dict[str, Leaf]:
        mode = str(declared.get(key) or "")
        return {key: Leaf(mode)} if mode else {}

    def observed(container: Observed, declared: Declared) -> dict[str, Leaf]:
        mode = str(container.host_config.get(field) or "")
        return {key: Leaf(shared_namespace(mode, container, str(declared.get(key) or "")))} if mode else {}

    if given:
        options["given"] = lambda container, declared: {key: given(container)}
    return Row(
        key=key, kind="scalar", where=f"HostConfig.{field}", expected=expected, observed=observed, nothing=default,
        beyond=whose_is_gone, **options,
    )  # fmt: skip


def _cgroup_default(container: Observed) -> tuple[Any, ...]:
    default = "private" if str(container.host.info.get("CgroupVersion")) == "2" else "host"
    privileged = ("host",) if container.host_config.get("Privileged") else ()
    return (default, *privileged, *usual("cgroup", "CgroupnsMode", container))


def _ipc_default(container: Observed) -> tuple[Any, ...]:
    # A daemon may be set up to share, as others would show, and gives old clients (API 1.39) what they know.
    if container.v1 or container.host.habits.alone("ipc", container):
        return ("shareable",)
    given = usual("ipc", "IpcMode", container)
    # Docker's daemon takes no other one for its default, whatever all containers have.
    return given if given == ("shareable",) or container.host.podman else ()


ROWS: tuple[Row, ...] = (
    _sharing(
        "ipc", "IpcMode", default=("private",), given=_ipc_default, daemon=True, still=("HostConfig.IpcMode",),
        engine="`private` or `shareable`, as the daemon is set up",
    ),
    _sharing("pid", "PidMode", default=("private",), still=("HostConfig.PidMode",)),
    scalar("uts", "HostConfig.UTSMode", default=("private",)),
    scalar("userns_mode", "HostConfig.UsernsMode"),
    _sharing(
        "cgroup", "CgroupnsMode", given=_cgroup_default, daemon=True,
        still=("HostConfig.CgroupnsMode", "HostConfig.Privileged"),
        engine="`host` (cgroup v1), `private` (v2), or the daemon's",
    ),
    scalar(
        "cgroup_parent", "HostConfig.CgroupParent", given=on_podman(ANYTHING), still=("HostConfig.CgroupParent",),
    ),
)  # fmt: skip
