"""What a container is called: by the engine, in its networks, and by itself."""

from collections.abc import Mapping
from typing import Any

from homelab_assets.drift.leaf import ANYTHING, Leaf, Row
from homelab_assets.drift.project_view import may_be
from homelab_assets.drift.rows.shapes import scalar
from homelab_assets.drift.view import Declared, Observed, generated_names
from homelab_assets.labels import PROJECT
from homelab_assets.late import late

_GENERATED_HOSTNAME = late(r"[0-9a-f]{12}")


def _expected_name(declared: Declared) -> dict[str, Leaf]:
    name = declared.get("container_name")
    return {"container_name": Leaf(name)} if name else {}


def _observed_name(container: Observed, declared: Declared) -> dict[str, Leaf]:
    return {"container_name": Leaf(container.name)} if container.name else {}


def _aliases_of_compose(container: Observed, declared: Declared) -> set[str]:
    """The names by which it is known in its networks, but those that git or its hostname gives."""
    options = (declared.get("networks") or {}).values()
    own = {declared.name, container.config.get("Hostname")}
    own.update(*(each["aliases"] for each in options if each and each.get("aliases")))
    aliases = {alias for endpoint in container.networks.values() for alias in (endpoint or {}).get("Aliases") or ()}
    return aliases - own


def _first_name(container: Observed, declared: Declared) -> dict[str, Leaf]:
    """The name that Compose gave, by which a variable in it is known: a rename by hand leaves it behind as an alias."""
    template, aliases = str(declared.get("container_name") or ""), _aliases_of_compose(container, declared)
    left = [alias for alias in aliases if may_be(template, alias) and not _GENERATED_HOSTNAME.fullmatch(alias)]
    renamed = len(left) == 1 and container.name not in aliases
    return {"container_name": Leaf(left[0])} if renamed else _observed_name(container, declared)


def _given_name(container: Observed, declared: Declared) -> Mapping[str, Any]:
    """What Compose calls a container; where an alias tells which of these it was, that one alone."""
    project = container.labels.get(PROJECT) or declared.project.name
    names = generated_names(project, declared.name, container.number)[container.v1 :]
    aliases = _aliases_of_compose(container, declared)
    return {"container_name": tuple(name for name in names if name in aliases) or names}


def _generated(container: Observed) -> bool:
    return _GENERATED_HOSTNAME.fullmatch(str(container.config.get("Hostname") or "")) is not None


def _own_hostname(container: Observed, declared: Declared) -> dict[str, Leaf]:
    """The hostname that somebody gave it: no variable holds what the engine makes up."""
    name = container.config.get("Hostname")
    return {"hostname": Leaf(name)} if name and not _generated(container) else {}


def _shares_network(container: Observed) -> bool:
    """Whether it lives in the network of another container: engines may give it that one's names, too."""
    return container.mode().startswith("container:")


def _given_domainname(container: Observed, declared: Declared) -> Any:
    return ANYTHING if _shares_network(container) else ()


def _given_hostname(container: Observed, declared: Declared) -> Any:
    if _generated(container) or _shares_network(container):
        return ANYTHING
    if container.named_by_host and not container.named:
        # Beside a name in git another one than today's is more likely given.
        today = container.host.info.get("Name")
        return ANYTHING if declared.get("hostname") is None or not today else (today,)
    return (container.name,) if container.host.podman else ()


ROWS: tuple[Row, ...] = (
    scalar(
        "hostname", "Config.Hostname", default="", given=_given_hostname, sight=_own_hostname,
        engine="first 12 digits of the id, the host's name",
    ),
    scalar("domainname", "Config.Domainname", given=_given_domainname, engine="that of whose network it shares"),
    Row(
        key="container_name", kind="scalar", where="Name", live=True,
        expected=_expected_name, observed=_observed_name, given=_given_name, sight=_first_name,
        engine="`<project>-<service>-<number>` (v1: `_`) by Compose",
    ),
)  # fmt: skip
