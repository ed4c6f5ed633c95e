"""What Compose adds to a complete project: implied networks, dependencies and names."""

import re
from typing import Any

from homelab_assets.compose.interpolation import Lookup
from homelab_assets.compose.paths import clean
from homelab_assets.compose.problems import refuse
from homelab_assets.compose.tree import Map, Seq

_SHARED_NAMESPACES = ("network_mode", "ipc", "pid", "uts", "cgroup")


def normalised_name(text: str) -> str:
    """Make a name that a project can have: lower-case, only `[a-z0-9_-]`, not starting with `_` or `-`."""
    return re.sub(r"[^a-z0-9_-]", "", text.lower()).lstrip("_-")


def normalise(tree: Map, name: str, lookup: Lookup) -> None:
    """Complete a merged project in place.

    Args:
        name: the project's name. lookup: resolves variables that are passed through.
    """
    _networks(tree)
    for service in (tree.get("services") or {}).values():
        _service(service, lookup)
    for section in ("networks", "volumes", "configs", "secrets"):
        _names(tree, section, name)


def _networks(tree: Map) -> None:
    used = False
    for service in (tree.get("services") or {}).values():
        if "provider" in service or "network_mode" in service:
            continue
        if not service.get("networks"):
            service["networks"] = Map({"default": None})
        used = used or "default" in service["networks"]
    networks = tree.get("networks")
    if used and (networks is None or "default" not in networks):
        if networks is None:
            tree["networks"] = networks = Map()
        networks["default"] = None


def _service(service: Map, lookup: Lookup) -> None:
    if service.get("pull_policy") == "if_not_present":
        service["pull_policy"] = "missing"
    build = service.get("build")
    if build is not None:
        _build(build, lookup)
    if "environment" in service:
        service["environment"] = _passed_through(service["environment"], lookup, keep=True)
    for volume in service.get("volumes") or ():
        volume["target"] = clean(volume["target"])
    _dependencies(service)


def _build(build: Map, lookup: Lookup) -> None:
    if build.get("context") is None:
        build["context"] = "."
    if build.get("dockerfile") is None and build.get("dockerfile_inline") is None:
        build["dockerfile"] = "Dockerfile"
    if "args" in build:
        build["args"] = _passed_through(build["args"], lookup, keep=False)


def _passed_through(value: Any, lookup: Lookup, *, keep: bool) -> Any:
    """Give keys without a value the one they have outside. `keep`: keep those that have none."""
    if type(value) is Map:
        for key in [key for key, item in value.items() if item is None]:
            found = lookup(key)
            if found is not None:
                value[key] = found
            elif not keep:
                value.drop(key)
        return value
    if type(value) is not Seq:
        return value
    result = Seq()
    for item, place in zip(value, value.places, strict=True):
        found = lookup(item) if "=" not in item else None
        if found is not None:
            result.add(f"{item}={found}", place)
        elif "=" in item or keep:
            result.add(item, place)
    return result


def _dependencies(service: Map) -> None:
    depends_on = service.get("depends_on")
    depends_on = Map() if depends_on is None else depends_on
    for link in service.get("links") or ():
        parts = link.split(":")
        _depend(depends_on, parts[0] if len(parts) == 2 else link, restart=True)
    for namespace in _SHARED_NAMESPACES:
        reference = service.get(namespace, "")
        if reference is None:
            refuse(f"`{namespace}` must be a string, not a null", service.places.get(namespace))
        if type(reference) is str and reference.startswith("service:"):
            _depend(depends_on, reference.removeprefix("service:"), restart=True)
    for source in service.get("volumes_from") or ():
        if not source.startswith("container:"):
            _depend(depends_on, source.partition(":")[0], restart=False)
    if depends_on:
        service["depends_on"] = depends_on


def _depend(depends_on: Map, name: str, *, restart: bool) -> None:
    if name not in depends_on:
        depends_on[name] = Map({"condition": "service_started", "restart": restart, "required": True})


def _names(tree: Map, section: str, project: str) -> None:
    resources = tree.get(section)
    if resources is None:
        return
    for key, value in resources.items():
        resource = Map() if value is None else value
        if type(resource) is not Map:
            refuse(f"{section}.{key} must be a mapping", resources.places.get(key))
        if resource.get("name") is None:
            resource["name"] = key if resource.get("external") is True else f"{project}_{key}"
        resources[key] = resource
