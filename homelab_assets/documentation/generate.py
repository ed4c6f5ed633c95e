"""All documents of an estate, in parts that can be made on their own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from homelab_assets.documentation.estate import Estate
from homelab_assets.documentation.links import ForgeLinks

PARTS = ("catalog", "architecture", "dependencies", "audit_trail", "runbooks")


class Material(Struct, frozen=True, kw_only=True):
    """What documents are made from.

    Attributes:
        purposes: `documentation.purposes` of `lab.yaml`. forges: by repository.
        pipeline: the last result of the media pipeline's validation. trail: of `audit_trail.build_trail`, or None.
        reports: the way from `docs/` to the reports, for links.
    """

    estate: Estate
    purposes: Mapping[str, str] = field(default_factory=dict)
    forges: Mapping[str, ForgeLinks] = field(default_factory=dict)
    pipeline: Mapping[str, Any] | None = None
    trail: Any = None
    reports: str = "../reports"


class Documents(Struct, frozen=True, kw_only=True):
    """Texts by path: `docs` below the folder of documents, `reports` below that of reports."""

    docs: Mapping[str, str] = field(default_factory=dict)
    reports: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: "Documents") -> "Documents":
        return Documents(docs={**self.docs, **other.docs}, reports={**self.reports, **other.reports})


def generate(material: Material, parts: Sequence[str] = PARTS) -> Documents:
    """Make documents, all together; see `generate_parts`."""
    documents = Documents()
    for _, made in generate_parts(material, parts):
        documents |= made
    return documents


def generate_parts(material: Material, parts: Sequence[str] = PARTS) -> Iterator[tuple[str, Documents]]:
    """Make the documents of one part after the other. The same material gives the same bytes.

    Args:
        parts: which, of `PARTS`, in the order that they are made in.
    """
    from homelab_assets.documentation.dependencies import map_dependencies

    needed = {"architecture", "dependencies", "runbooks"}.intersection(parts)
    dependencies = map_dependencies(material.estate, material.pipeline) if needed else None
    for part in parts:
        yield part, _PARTS[part](material, dependencies)


def _catalog(material: Material, dependencies: Any) -> Documents:
    import json

    from homelab_assets.documentation import dashboards
    from homelab_assets.documentation.catalog import build_catalog
    from homelab_assets.documentation.catalog_text import catalog_documents

    catalog = build_catalog(material.estate, purposes=material.purposes, forges=material.forges)
    data = json.dumps(catalog.to_json(), indent=1) + "\n"
    return Documents(
        docs={
            **catalog_documents(catalog),
            CATALOG_JSON: data,
            dashboards.HOMEPAGE: dashboards.homepage(catalog),
            dashboards.DASHY: dashboards.dashy(catalog),
        }
    )


def _architecture(material: Material, dependencies: Any) -> Documents:
    from homelab_assets.documentation.architecture import architecture_documents

    return Documents(docs=architecture_documents(material.estate, dependencies))


def _dependencies(material: Material, dependencies: Any) -> Documents:
    from homelab_assets.documentation.dependency_text import dependency_documents

    return Documents(docs=dependency_documents(material.estate, dependencies))


def _audit_trail(material: Material, dependencies: Any) -> Documents:
    from homelab_assets.documentation.audit_trail_text import AUDIT_TRAIL, audit_trail_document

    if material.trail is None:
        return Documents()
    return Documents(reports={AUDIT_TRAIL: audit_trail_document(material.trail, demo=material.estate.demo)})


def _runbooks(material: Material, dependencies: Any) -> Documents:
    from homelab_assets.documentation.runbooks import runbook_documents

    return Documents(docs=runbook_documents(material, dependencies))


CATALOG_JSON = "service_catalog.json"
_PARTS = {
    "catalog": _catalog,
    "architecture": _architecture,
    "dependencies": _dependencies,
    "audit_trail": _audit_trail,
    "runbooks": _runbooks,
}
