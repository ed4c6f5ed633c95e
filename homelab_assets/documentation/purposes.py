"""What services are for: said by a person, by labels, or by the bundled list of well-known images; never guessed."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

import yaml
from msgspec import Struct, convert

from homelab_assets.documentation.estate import Service

_LABELS = (
    "homepage.description",
    "homarr.description",
    "flame.description",
    "org.opencontainers.image.description",
    "org.label-schema.description",
)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST = 200


class Application(Struct, frozen=True, kw_only=True):
    """A well-known application.

    Attributes:
        name: also the name of its icon. port, path: where its web page listens inside the container, if it has one.
    """

    name: str
    purpose: str
    group: str
    port: int | None = None
    path: str = ""


class Purpose(Struct, frozen=True, kw_only=True):
    """What a service is for, and who says so: `lab.yaml`, a label's name, or `well-known image`."""

    text: str
    source: str


def purpose_of(service: Service, purposes: Mapping[str, str]) -> Purpose | None:
    """Return what a service is for, or None where nobody says it.

    Args:
        purposes: of `lab.yaml`, by `host/stack/service`, `stack/service`, service, or image repository.
    """
    for name in _names(service):
        if name in purposes:
            return Purpose(text=purposes[name], source="lab.yaml")
    for labels in (service.labels, service.image_labels):
        for label in _LABELS:
            text = " ".join(labels.get(label, "").split())
            if text:
                return Purpose(text=text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…", source=label)
    application = application_of(service.image)
    return Purpose(text=application.purpose, source="well-known image") if application else None


def _names(service: Service) -> Iterator[str]:
    if service.stack:
        yield f"{service.host}/{service.stack}/{service.name}"
        yield f"{service.stack}/{service.name}"
    yield f"{service.host}/{service.name}"
    yield service.name
    yield repository_of(service.image)


def application_of(image: str) -> Application | None:
    """Return the well-known application that an image reference names, or None."""
    return _by_repository().get(repository_of(image))


def repository_of(image: str) -> str:
    """Return the repository of an image reference, without registry, tag and digest: `linuxserver/sonarr`, `redis`."""
    path = image.partition("@")[0]
    first, slash, rest = path.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        path = rest
    head, _, last = path.rpartition("/")
    name = last.partition(":")[0]
    return f"{head}/{name}".removeprefix("library/").lstrip("/")


def tag_of(image: str) -> str:
    """Return the tag of an image reference; "" where it has none."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


@cache
def _by_repository() -> Mapping[str, Application]:
    text = resources.files("homelab_assets.documentation").joinpath("known_images.yaml").read_text("utf-8")
    known: dict[str, Application] = {}
    for name, entry in yaml.load(text, _LOADER).items():  # noqa: S506  # a safe loader
        application = convert({"name": name, **entry}, Application)
        own = (name, f"{name}/{name}", f"linuxserver/{name}", f"hotio/{name}")
        known.update(dict.fromkeys((*own, *entry.get("images", ())), application))
    return known
