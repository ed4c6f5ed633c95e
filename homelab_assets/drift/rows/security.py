"""Privileges: capabilities, security options, devices, kernel settings."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from homelab_assets.drift.leaf import ANYTHING, Given, Leaf, Row
from homelab_assets.drift.rows.shapes import boolean, has_marker, number, scalar, unseen
from homelab_assets.drift.view import Declared, Observed


def capability(text: str) -> str:
    """A capability in one spelling: `cap_net_admin` → `NET_ADMIN`."""
    return text if has_marker(text) else text.upper().removeprefix("CAP_")


def members(key: str, field: str, *, normal: Callable[[str], str] = str, **options: Any) -> Row:
    """A row for a list in which order means nothing: a leaf for each member."""

    def leaves(values: Any) -> dict[str, Leaf]:
        return {f"{key}.{normal(str(value))}": Leaf(normal(str(value)), str(value)) for value in values or ()}

    def observed(container: Observed, declared: Declared) -> dict[str, Leaf]:
        return {path: Leaf(leaf.value, leaf.value) for path, leaf in leaves(container.host_config.get(field)).items()}

    return Row(
        key=key, kind="set", where=f"HostConfig.{field}", still=(f"HostConfig.{field}",),
        expected=lambda declared: leaves(declared.get(key)), **{"observed": observed, **options},
    )  # fmt: skip


def pairs(key: str, field: str, **options: Any) -> Row:
    """A row for a mapping of names to texts: a leaf for each name."""

    def leaves(values: Any) -> dict[str, Leaf]:
        return {f"{key}.{name}": Leaf(str(value)) for name, value in (values or {}).items()}

    return Row(
        key=key, kind="keyed", where=f"HostConfig.{field}", seal="name", still=(f"HostConfig.{field}",),
        expected=lambda declared: leaves(declared.get(key)),
        observed=lambda container, declared: leaves(container.host_config.get(field)), **options,
    )  # fmt: skip


PODMANS_CAPABILITIES = frozenset(
    {
        *("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP"),
        *("SETUID", "SYS_CHROOT"),
    }
)
"""Podman's default. The API says by how much a container's differ from them."""

DOCKERS_MORE = frozenset({"AUDIT_WRITE", "MKNOD", "NET_RAW"})
"""What Docker's default has beyond them: podman 4 counts from there, and says that these were dropped."""


def _observed_drops(container: Observed, declared: Declared) -> dict[str, Leaf]:
    dropped = {capability(str(name)): name for name in container.host_config.get("CapDrop") or ()}
    if container.host.podman and dropped.keys() >= PODMANS_CAPABILITIES and not declared.get("cap_drop"):
        return {"cap_drop.ALL": Leaf("ALL")}
    return {f"cap_drop.{name}": Leaf(name) for name in dropped}


def _podman_drops(container: Observed, declared: Declared) -> Given:
    """What podman says was dropped though nobody named it: what its default lacks, and each one of all."""
    if not container.host.podman:
        return {}
    names = {capability(str(name)) for name in declared.get("cap_drop") or ()}
    anything = container.host_config.get("Privileged") or any(name == "ALL" or has_marker(name) for name in names)
    return {
        path: ANYTHING
        for path, leaf in _observed_drops(container, declared).items()
        if anything or leaf.value in DOCKERS_MORE
    }


def _option(text: str) -> tuple[str, str]:
    """Name and value of a security option; `no-new-privileges` alone means true."""
    name, _, value = re.sub("[:=]", "=", text, count=1).partition("=")
    return name, value or ("true" if name == "no-new-privileges" else "")


def _option_forms(leaf: Leaf) -> tuple[str, ...]:
    """Every way to write a security option."""
    text = str(leaf.shown)
    return tuple(dict.fromkeys((text, *(sign.join(_option(text)) for sign in ":="))))


_ANY_PROFILE = "seccomp:<profile>"


def _option_leaf(text: str) -> tuple[str, Leaf]:
    name, value = _option(text)
    if name == "seccomp" and value.lstrip().startswith("{"):
        return "security_opt.seccomp", Leaf(_profile(value), _ANY_PROFILE)
    if name in ("seccomp", "apparmor"):
        return f"security_opt.{name}", Leaf(value, text)
    if name == "label" and ":" in value:
        part, _, value = value.partition(":")
        return f"security_opt.label:{part}", Leaf(value, text)
    return f"security_opt.{name}:{value}", Leaf(value, text)


def _profile(text: str | bytes) -> Any:
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return None


def _expected_options(declared: Declared) -> dict[str, Leaf]:
    leaves = {}
    for text in declared.get("security_opt") or ():
        name, value = _option(text)
        if name == "seccomp" and value not in ("unconfined", "builtin", "") and not has_marker(value):
            profile = _profile(declared.project.read(value) or b"")
            leaf = Leaf(profile, text) if profile else unseen("the seccomp profile isn't in git")
            leaves["security_opt.seccomp"] = leaf
            continue
        path, leaf = _option_leaf(text)
        leaves[path] = leaf
    return leaves


def _observed_options(container: Observed, declared: Declared) -> dict[str, Leaf]:
    leaves = dict(_option_leaf(text) for text in container.host_config.get("SecurityOpt") or ())
    unmasked = container.host_config.get("MaskedPaths") == [] and not container.host_config.get("Privileged")
    wanted = _expected_options(declared)
    profile = leaves.get("security_opt.seccomp")
    if profile and profile.shown == _ANY_PROFILE and has_marker(wanted.get("security_opt.seccomp")):
        leaves["security_opt.seccomp"] = unseen("a variable names the file of the seccomp profile")
    path, leaf = _option_leaf("systempaths=unconfined")
    if unmasked or (path in wanted and not container.host_config.get("MaskedPaths")):
        leaves[path] = leaf
    return leaves


def _given_options(container: Observed, declared: Declared) -> Given:
    config = container.host_config
    given: dict[str, Any] = {}
    if config.get("Privileged") or config.get("PidMode") == "host" or config.get("IpcMode") == "host":
        given["security_opt.label:disable"] = ANYTHING
    if container.host.podman:
        given["security_opt.label:disable"] = ANYTHING
        if config.get("Privileged"):
            given["security_opt.unmask:all"] = ANYTHING
    return given


def _device(entry: Any) -> tuple[str, Leaf]:
    if isinstance(entry, str):
        source, _, rest = entry.partition(":")
        target, _, permissions = rest.partition(":")
        entry = {"source": source, "target": target or source, "permissions": permissions or "rwm"}
    source, target = str(entry.get("source") or ""), str(entry.get("target") or entry.get("source") or "")
    permissions = entry.get("permissions") or "rwm"
    flags = permissions if has_marker(permissions) else "".join(sorted(permissions))
    return f"devices.{target}", Leaf((source, flags), _write_device(source, target, permissions))


def _write_device(source: str, target: str, permissions: str) -> str:
    return f"{source}:{target}" + ("" if sorted(permissions) == sorted("rwm") else f":{permissions}")


def _expected_devices(declared: Declared) -> dict[str, Leaf]:
    return dict(_device(entry) for entry in declared.get("devices") or ())


def _observed_devices(container: Observed, declared: Declared) -> dict[str, Leaf]:
    leaves = {}
    for device in container.host_config.get("Devices") or ():
        path, leaf = _device(
            {"source": device.get("PathOnHost"), "target": device.get("PathInContainer"),
             "permissions": device.get("CgroupPermissions")}
        )  # fmt: skip
        leaves[path] = leaf
    for request in container.host_config.get("DeviceRequests") or ():
        if request.get("Driver") == "cdi":
            leaves |= dict(_device(f"{name}:{name}") for name in request.get("DeviceIDs") or ())
    return leaves


Request = tuple[str, int, tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]


def _request(entry: Mapping[str, Any]) -> Request:
    """Driver, count (-1: all), device ids, capabilities, options."""
    ids = tuple(sorted(str(identity) for identity in entry.get("device_ids") or ()))
    count = entry.get("count")
    if count in ("all", None, ""):
        count = 0 if ids else -1
    options = tuple(sorted((str(name), str(value)) for name, value in (entry.get("options") or {}).items()))
    capabilities = tuple(sorted(set(entry.get("capabilities") or ("gpu",))))
    return str(entry.get("driver") or ""), number(count), ids, capabilities, options


def _requests(declared: Declared) -> Iterator[tuple[str, Request]]:
    gpus = declared.get("gpus")
    for entry in [{}] if isinstance(gpus, str) else gpus or ():
        # Compose asks for a GPU whatever else is asked of it, and so twice for one that says it itself.
        yield "gpus", _request({**entry, "capabilities": [*(entry.get("capabilities") or ()), "gpu"]})
    for entry in declared.deploy("resources", "reservations", "devices") or ():
        yield "deploy.resources.reservations.devices", _request(entry)


def _expected_gpus(declared: Declared) -> dict[str, Leaf]:
    requests = list(_requests(declared))
    if not requests:
        return {}
    written = declared.get("gpus") or declared.deploy("resources", "reservations", "devices")
    return {requests[0][0]: Leaf(tuple(sorted(request for _, request in requests)), written)}


def _observed_gpus(container: Observed, declared: Declared) -> dict[str, Leaf]:
    wanted = _expected_gpus(declared)
    path = next(iter(wanted), "gpus")
    if path == "gpus" and wanted and container.made_before(2, 30):
        return {path: unseen("this version of Compose ignores it")}
    # Compose before 2.30 tells no count where git has none, which today means all.
    older = container.v1 or container.made_before(2, 30)
    uncounted = -1 if older and any(count == -1 for _, (_, count, *_) in _requests(declared)) else 0
    found = []
    for request in container.host_config.get("DeviceRequests") or ():
        if request.get("Driver") == "cdi":
            continue
        capabilities = [name for group in request.get("Capabilities") or () for name in group]
        count = request.get("Count") or (uncounted if not request.get("DeviceIDs") else 0)
        found.append(
            _request({"driver": request.get("Driver"), "count": count, "device_ids": request.get("DeviceIDs"),
                      "capabilities": capabilities, "options": request.get("Options")})
        )  # fmt: skip
    return {path: Leaf(tuple(sorted(found)), [_write_request(request) for request in found])} if found else {}


def _write_request(request: Request) -> dict[str, Any]:
    driver, count, ids, capabilities, options = request
    fields = {"driver": driver, "count": "all" if count == -1 else count, "device_ids": list(ids),
              "capabilities": list(capabilities), "options": dict(options)}  # fmt: skip
    return {name: value for name, value in fields.items() if value and not (name == "count" and ids)}


_OPTION_FIELDS = tuple(
    f"HostConfig.{field}" for field in ("SecurityOpt", "MaskedPaths", "Privileged", "PidMode", "IpcMode")
)

ROWS: tuple[Row, ...] = (
    scalar("privileged", "HostConfig.Privileged", normal=boolean, default=False),
    scalar("read_only", "HostConfig.ReadonlyRootfs", normal=boolean, default=False),
    members("cap_add", "CapAdd", normal=capability),
    members("cap_drop", "CapDrop", normal=capability, observed=_observed_drops, given=_podman_drops),
    members("group_add", "GroupAdd"),
    Row(
        key="security_opt", kind="set", where="HostConfig.SecurityOpt, MaskedPaths",
        still=_OPTION_FIELDS,
        expected=_expected_options, observed=_observed_options, given=_given_options, forms=_option_forms,
        engine="`label=disable` with `privileged`, `pid: host` or `ipc: host`",
    ),
    Row(
        key="devices", kind="keyed", where="HostConfig.Devices",
        still=("HostConfig.Devices", "HostConfig.DeviceRequests"),
        expected=_expected_devices, observed=_observed_devices,
    ),
    members("device_cgroup_rules", "DeviceCgroupRules"),
    Row(
        key="gpus", kind="set", where="HostConfig.DeviceRequests", keys=("gpus", "deploy"),
        still=("HostConfig.DeviceRequests",),
        expected=_expected_gpus, observed=_observed_gpus,
    ),
    pairs("sysctls", "Sysctls"),
    pairs("storage_opt", "StorageOpt"),
)  # fmt: skip
