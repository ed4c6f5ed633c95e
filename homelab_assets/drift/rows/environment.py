"""Variables and labels: what the image sets is not drift, nor what Compose and its kin leave behind."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from homelab_assets.drift.leaf import ANYTHING, UNKNOWN, Given, Leaf, Row
from homelab_assets.drift.rows.shapes import unseen
from homelab_assets.drift.view import Declared, Observed, assignments

UNSET = None
"""Value of a variable that is listed without one: the process doesn't see it, the image's own value included."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PODMAN_VARIABLES = ("container", "HOSTNAME", "HOME", "TERM", "PATH")

# Labels that managers of containers write; where git sets one itself, it's compared like any other.
COMPOSE_LABELS = ("com.docker.compose.",)
MANAGER_LABELS = (
    "io.portainer.",
    "io.podman.",
    "com.docker.stack.",
    "com.docker.swarm.",
    "com.docker.desktop.",
    "desktop.docker.io/",
    "dev.dozzle.internal.",
    "cd.doco.",
    "io.dockform.",
    "PODMAN_SYSTEMD_UNIT",
)


def _expected_environment(declared: Declared) -> dict[str, Leaf]:
    environment = declared.get("environment") or {}
    return {f"environment.{name}": Leaf(_text(value), _text(value)) for name, value in environment.items()}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def _observed_environment(container: Observed, declared: Declared) -> dict[str, Leaf]:
    return {f"environment.{name}": Leaf(value) for name, value in container.variables.items()}


def _all_variables_agree(container: Observed, declared: Declared) -> int | None:
    running, wanted = container.variables, declared.get("environment") or {}
    if container.image is None or not wanted.items() <= running.items():
        return None
    image = of_image(_variables_of_image, container)
    return len(running) if running.items() <= {**image, **wanted}.items() else None


def _variables_of_image(image: Mapping[str, Any]) -> dict[str, str | None]:
    return {"PATH": _DEFAULT_PATH, **assignments(image.get("Env"))}


def _image_environment(image: Mapping[str, Any]) -> Given:
    return {f"environment.{name}": (value,) for name, value in _variables_of_image(image).items()}


def _given_environment(container: Observed, declared: Declared) -> Given:
    running = container.variables
    if container.image is None:
        return dict.fromkeys((f"environment.{name}" for name in running), UNKNOWN)
    given = of_image(_image_environment, container)
    # The client's proxies come in both spellings with one value; a single one was set by somebody.
    proxies = [name for name in _PROXIES if name in running and running[name] == running.get(name.lower())]
    given = given | {f"environment.{name}": ANYTHING for proxy in proxies for name in (proxy, proxy.lower())}
    given |= _told_by_others(container, declared)
    if declared.get("use_api_socket"):
        given |= {"environment.DOCKER_CONFIG": ("/run/secrets/docker",)}
    if container.v1:
        # By this it asks for the machine of the container that this one replaces.
        given |= {"environment.affinity:container": ANYTHING}
    return given | {f"environment.{name}": ANYTHING for name in _PODMAN_VARIABLES} if container.host.podman else given


def _told_by_others(container: Observed, declared: Declared) -> Given:
    """Variables by which Compose tells a container where its models and what providers have made are."""
    names = []
    for model, options in (declared.get("models") or {}).items():
        prefix = model.upper().replace("-", "_")
        names += [(options or {}).get("model_var") or f"{prefix}_MODEL"]
        names += [(options or {}).get("endpoint_var") or f"{prefix}_URL"]
    provided = declared.project.provided.intersection(declared.get("depends_on") or ())
    for service in provided:
        names += [name for name in container.variables if name.startswith(f"{service.upper()}_")]
    # From this version on a provider may choose any name.
    others = container.variables if provided and not container.made_before(5, 2) else ()
    unknown: dict[str, Any] = {f"environment.{name}": UNKNOWN for name in others}
    return unknown | {f"environment.{name}": ANYTHING for name in names}


def of_image(contributes: Callable[[Mapping[str, Any]], Mapping[str, Any]], container: Observed) -> dict[str, Any]:
    """What a container's image contributes to a row, worked out once for each image of a host."""
    facts, key = container.host.facts, (contributes, id(container.image_config))
    if key not in facts:
        facts[key] = contributes(container.image_config)
    found: dict[str, Any] = facts[key]
    return found


def _same_variable(expected: str | None, observed: str | None) -> bool:
    # A variable that is listed without a value passes on the deployer's own, whatever it was.
    return expected is UNSET or expected == observed


def _expected_labels(declared: Declared) -> dict[str, Leaf]:
    labels = declared.get("labels") or {}
    return {
        f"labels.{name}": Leaf(_text(value) or "")
        for name, value in labels.items()
        if not name.startswith(COMPOSE_LABELS)
    }


@lru_cache(maxsize=65536)
def writer_of(name: str) -> str:
    """Who writes a label of this name: Compose, one of the managers, or ("") somebody else."""
    return "compose" if name.startswith(COMPOSE_LABELS) else "manager" if name.startswith(MANAGER_LABELS) else ""


def _observed_labels(container: Observed, declared: Declared) -> dict[str, Leaf]:
    mine = declared.get("labels") or {}
    return {
        f"labels.{name}": Leaf(value)
        for name, value in container.labels.items()
        if not (writer := writer_of(name)) or (writer == "manager" and name in mine)
    }


def _all_labels_agree(container: Observed, declared: Declared) -> int | None:
    wanted = declared.get("labels") or {}
    running = {name: value for name, value in container.labels.items() if not writer_of(name)}
    if container.image is None or not wanted.items() <= running.items():
        return None
    image = container.image_config.get("Labels") or {}
    return len(running) if running.items() <= {**image, **wanted}.items() else None


def _image_labels(image: Mapping[str, Any]) -> Given:
    return {f"labels.{name}": (value,) for name, value in (image.get("Labels") or {}).items()}


def _given_labels(container: Observed, declared: Declared) -> Given:
    if container.image is None:
        return dict.fromkeys((f"labels.{name}" for name in container.labels), UNKNOWN)
    return of_image(_image_labels, container)


def _expected_annotations(declared: Declared) -> dict[str, Leaf]:
    return {
        f"annotations.{name}": Leaf(_text(value) or "") for name, value in (declared.get("annotations") or {}).items()
    }


def _observed_annotations(container: Observed, declared: Declared) -> dict[str, Leaf]:
    found: Mapping[str, Any] = container.host_config.get("Annotations") or {}
    if container.host.api and container.host.api < (1, 43):
        return dict(_expected_annotations(declared))
    if container.proven and not found:
        # Nothing takes them from a living container, and the engine may have been upgraded since.
        lost = unseen("the engine that created it may have kept none")
        return dict.fromkeys(_expected_annotations(declared), lost)
    mine = declared.get("annotations") or {}
    return {
        f"annotations.{name}": Leaf(value)
        for name, value in found.items()
        if name in mine or not (container.host.podman or name.startswith(("io.", "run.", "org.opencontainers.")))
    }


ROWS: tuple[Row, ...] = (
    Row(
        key="environment", kind="keyed", where="Config.Env", seal="name", image="`Env`",
        engine="the client's proxy variables, by Compose",
        expected=_expected_environment, observed=_observed_environment, given=_given_environment, same=_same_variable,
        nothing=(UNSET,), at_once=_all_variables_agree,
    ),
    Row(
        key="labels", kind="keyed", where="Config.Labels", seal="name", image="`Labels`",
        engine="`com.docker.compose.*` by Compose, labels of managers such as Portainer",
        expected=_expected_labels, observed=_observed_labels, given=_given_labels, at_once=_all_labels_agree,
    ),
    Row(
        key="annotations", kind="keyed", where="HostConfig.Annotations", seal="name", still=("HostConfig.Annotations",),
        engine="not kept before API 1.43",
        expected=_expected_annotations, observed=_observed_annotations,
    ),
)  # fmt: skip
