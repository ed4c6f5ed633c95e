"""From an audit to the documents on disk: the flow behind `drift-detector docs` and Dagster's assets."""

import os
import posixpath
from collections.abc import Sequence

from msgspec.structs import replace

from homelab_assets.audit import Audit
from homelab_assets.documentation.audit_trail import DAYS, build_trail
from homelab_assets.documentation.generate import PARTS, Documents, Material, generate
from homelab_assets.documentation_inputs import estate_of, forges_of, histories_of, last_pipeline, places_of
from homelab_assets.drift.behind_variables import sealed_for_rest
from homelab_assets.lab.settings import Lab
from homelab_assets.locking import exclusive
from homelab_assets.model import Captured
from homelab_assets.publishing import MANAGED, Publication, publish, remove_obsolete
from homelab_assets.remediation.identity import DOCUMENTS
from homelab_assets.remediation.journal import read_journal
from homelab_assets.secrecy import Vault


def document_audit(
    lab: Lab, audit: Audit, *, vault: Vault, parts: Sequence[str] = PARTS
) -> tuple[Documents, list[str]]:
    """Make the documents of an audit; nothing is written. Takes what `gather` takes.

    Returns:
        The documents, and remarks on what could not be read for them.
    """
    material, notices = gather(lab, audit, vault=vault, parts=parts)
    return generate(material, parts), notices


def gather(lab: Lab, audit: Audit, *, vault: Vault, parts: Sequence[str]) -> tuple[Material, list[str]]:
    """Gather what the documents of an audit are made from.

    Args:
        vault: seals what stands behind git's variables, so that documents show none of it.
        parts: for which of `documentation.generate.PARTS`; git's history is read for the audit trail alone.

    Returns:
        The material, and remarks on what could not be read for it.
    """
    trail, notices = None, list[str]()
    if "audit_trail" in parts:
        histories, notices = histories_of(lab, until=audit.document.generated_at)
        pulls, problem = read_journal(lab.state)
        notices += [problem] if problem else []
        # Of the documents' own request the trail would be out of date as soon as it is opened.
        pulls = [pull for pull in pulls or () if pull.kind != DOCUMENTS.word]
        trail = build_trail(histories, audit.document, pulls=pulls, days=lab.documentation.get("audit_days") or DAYS)
    sealed = [
        sealed_for_rest(capture, audit.baselines.baselines, vault) if isinstance(capture, Captured) else capture
        for capture in audit.captures
    ]
    material = Material(
        estate=estate_of(lab, replace(audit, captures=sealed)),
        purposes=lab.documentation.get("purposes") or {},
        forges=forges_of(lab),
        pipeline=last_pipeline(lab.reports),
        trail=trail,
        reports=os.path.relpath(lab.reports, lab.docs).replace(os.sep, "/"),
    )
    return material, notices


def in_repository(lab: Lab, documents: Documents) -> dict[str, str]:
    """Return documents by their path in a repository; see `places_of`."""
    placed: dict[str, str] = {}
    for place, texts in zip(places_of(lab), (documents.docs, documents.reports), strict=True):
        placed |= {posixpath.normpath(f"{place}/{name}"): text for name, text in texts.items()}
    return placed


def write_documents(lab: Lab, documents: Documents, *, whole: Sequence[str] = ()) -> Publication:
    """Write documents below `docs/` and `reports/`.

    Args:
        whole: parts of which these are all documents: generated ones of theirs that are not among them go. Name none
            after an audit that is not complete: it does not know what is gone.

    Raises:
        UserError: a folder is not writable, or another run has been writing for long.
    """
    with exclusive(lab.state / "docs.lock", doing="writing the documentation"):
        done = publish(lab.docs, documents.docs) + publish(lab.reports, documents.reports)
        folders = [MANAGED[part] for part in whole if part in MANAGED]
        return done + remove_obsolete(lab.docs, documents.docs, folders)
