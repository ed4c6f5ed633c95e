"""Where earlier versions of Compose v2 make less of a file than today's: what they leave out is no change of a host.

Each limit was seen with upstream's programs of 2.18 to 2.40, and with Debian's 2.26.1.
"""

from collections.abc import Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

from homelab_assets.compose import dotenv
from homelab_assets.compose.scope import text_of
from homelab_assets.drift.compose_v1 import in_env_file
from homelab_assets.drift.leaf import Difference
from homelab_assets.drift.rows.shapes import number
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.errors import BaselineError
from homelab_assets.model import Span

_PASSED_ON_SINCE: Mapping[str, tuple[int, ...]] = {
    "annotations.*": (2, 26),
    "healthcheck.start_interval": (2, 24),
    "networks.*.driver_opts.*": (2, 27, 1),
    "networks.*.gw_priority": (2, 34),
}
"""Keys that earlier versions take and don't tell the engine."""

_ALL_ADDRESSES = (2, 24, 6)
_DEVICE_OPTIONS = (2, 30)
_SCALE_ZERO = (2, 24)
_ENV_FILES_SEE_THE_SERVICE = (2, 35)
_OF_THE_SERVICE = "\ue002"


def as_older(declared: Declared, container: Observed) -> Declared:
    """The service as the version that created the container understands it."""
    if not container.made_before(*_DEVICE_OPTIONS):
        return declared
    service = dict(declared.service)
    if devices := declared.deploy("resources", "reservations", "devices"):
        service["deploy"] = _without_options(service["deploy"], devices)
    if container.made_before(*_ALL_ADDRESSES) and isinstance(hosts := service.get("extra_hosts"), list):
        # Of several addresses of one host the last one counted.
        service["extra_hosts"] = list({str(host).partition("=")[0]: host for host in hosts}.values())
    if container.made_before(*_SCALE_ZERO) and number(service.get("scale")) == 0:
        del service["scale"]
    return declared.read_as(service)


def _without_options(deploy: Mapping[str, Any], devices: list[Mapping[str, Any]]) -> dict[str, Any]:
    bare = [{name: value for name, value in device.items() if name != "options"} for device in devices]
    resources = deploy["resources"]
    reservations = {**resources["reservations"], "devices": bare}
    return {**deploy, "resources": {**resources, "reservations": reservations}}


def not_passed_on(difference: Difference, container: Observed) -> bool:
    """Whether the container lacks what the version that created it never passed on."""
    return difference.change == "removed" and any(
        fnmatchcase(difference.path, pattern) and container.made_before(*since)
        for pattern, since in _PASSED_ON_SINCE.items()
    )


def read_apart(
    difference: Difference, declared: Declared, container: Observed, sources: Mapping[tuple[str, ...], Span]
) -> bool:
    """Whether another value may come of an env file that names variables of its own service: earlier versions look for
    them in the project alone.

    Args:
        sources: where values are written, by their path in the model.
    """
    if difference.change != "changed" or not container.made_before(*_ENV_FILES_SEE_THE_SERVICE):
        return False
    files = {
        name: sources["services", declared.name, "environment", name].file
        for name in declared.get("environment") or ()
        if in_env_file(sources, declared.name, f"environment.{name}")
    }
    root, _, variable = difference.path.partition(".")
    if root != "environment" or variable not in files:
        return False

    def lookup(name: str) -> str | None:
        return None if name in files or name not in declared.get("environment") else _OF_THE_SERVICE

    with suppress(BaselineError):
        text = text_of(declared.project.read(files[variable]) or b"")
        return _OF_THE_SERVICE in dotenv.parse(text, lookup, file=files[variable]).get(variable, "")
    return False
