"""The service catalog: what runs where, what it is for, how to reach it, and whether it is as git says."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field, to_builtins

from homelab_assets.documentation.access import Access, Address
from homelab_assets.documentation.estate import UNJUDGED, Estate, Service
from homelab_assets.documentation.links import ForgeLinks, runbook_for_service
from homelab_assets.documentation.purposes import Purpose, application_of, purpose_of, tag_of
from homelab_assets.secrecy import show

_VERSION_LABELS = ("org.opencontainers.image.version", "org.label-schema.version", "build_version")
# Tags that say nothing about the version behind them.
_FLOATING = frozenset(
    [
        "",
        "latest",
        "stable",
        "main",
        "master",
        "edge",
        "nightly",
        "develop",
        "dev",
        "release",
        "rolling",
        "beta",
        "alpine",
    ]
)


class Entry(Struct, frozen=True, kw_only=True):
    """One service of the catalog. Texts hold `<secret>` where a secret stands.

    Attributes:
        version: the image's tag where it names one, else its OCI label; `version_source` says which.
        purpose: None where nobody says what it is for.
        drift: the audit's status. differences: number of items. file_url: of its baseline, "" without a forge.
        runbook: relative to `docs/`. group, icon: for dashboards.
    """

    host: str
    stack: str | None
    service: str
    containers: Sequence[str]
    image: str
    version: str
    version_source: str
    purpose: str | None
    purpose_source: str | None
    addresses: Sequence[Address]
    state: str
    health: str | None
    drift: str
    differences: int
    repository: str | None
    file: str | None
    line: int | None
    file_url: str
    runbook: str
    group: str
    icon: str

    @property
    def url(self) -> str:
        """The best address to open in a browser; "" without one."""
        usable = [address.url for address in self.addresses if address.url and not address.local]
        return next(iter(usable), "")


class Catalog(Struct, frozen=True, kw_only=True):
    """All entries, in the estate's order."""

    generated_at: str
    hosts: Sequence[Mapping[str, Any]]
    entries: Sequence[Entry]
    demo: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the catalog as plain JSON values."""
        return {
            "schema": 1,
            "generated_at": self.generated_at,
            "demo": self.demo,
            "hosts": [dict(host) for host in self.hosts],
            "services": [{**to_builtins(entry), "url": entry.url} for entry in self.entries],
        }


def build_catalog(
    estate: Estate, *, purposes: Mapping[str, str] | None = None, forges: Mapping[str, ForgeLinks] | None = None
) -> Catalog:
    """Make the catalog.

    Args:
        purposes: `documentation.purposes` of `lab.yaml`. forges: by repository, for links to baseline files.
    """
    access = Access(estate)
    return Catalog(
        generated_at=estate.generated_at,
        hosts=[
            {
                "name": host.name,
                "address": host.address,
                "description": host.description,
                "captured": host.captured,
                "error": show(host.error),
                "engine": host.engine,
            }
            for host in estate.hosts
        ],
        entries=tuple(_entry(service, access, purposes or {}, forges or {}) for service in estate.services),
        demo=estate.demo,
    )


def version_of(service: Service) -> tuple[str, str]:
    """Return version and where it is from: `tag`, the name of a label, or "" twice."""
    tag = tag_of(service.image)
    if tag and tag.lower() not in _FLOATING and any(character.isdigit() for character in tag):
        return tag, "tag"
    for label in _VERSION_LABELS:
        # The image's own label: one on the container was written by a person, for whatever reason.
        value = service.image_labels.get(label, "").strip()
        if value and len(value) <= 80:
            return value, label
    return (tag, "tag") if tag else ("", "")


def _entry(service: Service, access: Access, purposes: Mapping[str, str], forges: Mapping[str, ForgeLinks]) -> Entry:
    version, source = version_of(service)
    purpose: Purpose | None = purpose_of(service, purposes)
    application = application_of(service.image)
    repository, file, line = place_of(service)
    forge = forges.get(repository or "")
    return Entry(
        host=service.host,
        stack=service.stack,
        service=service.name,
        containers=tuple(service.containers),
        image=show(service.image),
        version=show(version),
        version_source=source,
        purpose=show(purpose.text) if purpose else None,
        purpose_source=purpose.source if purpose else None,
        addresses=access.of(service),
        state=service.state,
        health=service.health,
        drift=service.drift,
        differences=len(service.verdict.items) if service.verdict else 0,
        repository=repository,
        file=file,
        line=line,
        file_url=forge.file(file, line) if forge and file else "",
        runbook=runbook_for_service(service),
        group=application.group if application else "Other",
        icon=application.name if application else "",
    )


def place_of(service: Service) -> tuple[str | None, str | None, int | None]:
    """Return repository, file and line where git declares a service; None three times where it does not."""
    if service.declared:
        return service.declared.repository, service.declared.file, service.declared.line
    if service.verdict:
        return service.verdict.repository, service.verdict.file, service.verdict.line
    return None, None, None


class Counts(Struct, frozen=True, kw_only=True):
    """How the services of a catalog are, counted. `unjudged`: neither drifted nor clean, as nobody could look."""

    services: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    unhealthy: int = 0
    drifted: int = 0
    clean: int = 0
    unjudged: int = 0
    without_purpose: int = 0


def count(entries: Sequence[Entry]) -> Counts:
    """Count entries by state, health and drift."""
    states: dict[str, int] = {}
    for entry in entries:
        states[entry.state] = states.get(entry.state, 0) + 1
    return Counts(
        services=len(entries),
        states=states,
        unhealthy=sum(entry.health == "unhealthy" for entry in entries),
        drifted=sum(entry.drift not in {"clean", "not audited", *UNJUDGED} for entry in entries),
        clean=sum(entry.drift == "clean" for entry in entries),
        unjudged=sum(entry.drift in UNJUDGED for entry in entries),
        without_purpose=sum(entry.purpose is None for entry in entries),
    )
