"""What of the files a deployment takes up: services by their profiles, and the resources that these use."""

from collections.abc import Mapping, Sequence
from typing import Any

Plain = dict[str, Any]


def is_on(service: Plain, profiles: Sequence[str]) -> bool:
    """Whether a service is part of a deployment with these profiles."""
    return "profiles" not in service or any(each == "*" or each in service["profiles"] for each in profiles)


def used(services: Mapping[str, Plain], resources: Mapping[str, dict[str, Plain]]) -> dict[str, dict[str, Plain]]:
    """Keep the resources that services use."""
    wanted: dict[str, set[str]] = {section: set() for section in resources}
    for service in services.values():
        wanted["networks"].update(service.get("networks") or ())
        for volume in service.get("volumes") or ():
            if volume.get("type") in ("volume", "bind-or-volume") and volume.get("source"):
                wanted["volumes"].add(volume["source"])
        for reference in (*(service.get("secrets") or ()), *((service.get("build") or {}).get("secrets") or ())):
            wanted["secrets"].add(reference.get("source"))
        wanted["configs"].update(reference.get("source") for reference in service.get("configs") or ())
    return {
        section: {key: value for key, value in found.items() if key in wanted[section]}
        for section, found in resources.items()
    }
