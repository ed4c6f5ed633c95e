"""`drift-detector docs`: catalog, diagrams, dependency map, audit trail and runbooks."""

import json
from typing import TYPE_CHECKING

import click

from homelab_assets.cli.common import (
    INCOMPLETE,
    OK,
    Options,
    complain_of_gaps,
    fetch,
    open_vault,
    render_outcomes,
    verb,
)

if TYPE_CHECKING:
    from homelab_assets.publishing import Publication


@click.command("docs")
@click.option(
    "--only",
    type=click.Choice(("catalog", "architecture", "dependencies", "audit_trail", "runbooks")),
    multiple=True,
    help="Only this part; can be given several times.",
)
@click.option("--svg", is_flag=True, help="Also draw the diagrams as SVG (needs mermaid-cli's `mmdc`).")
@click.option("--open", "open_", is_flag=True, help="Propose them as a pull request instead of writing them here.")
@verb()
def command(options: Options, only: tuple[str, ...], svg: bool, open_: bool) -> int:
    """Write the catalog, diagrams, dependency map, audit trail and runbooks.

    The hosts are captured and compared first. Text outside of generated blocks stays; files that would not change are
    not written. With --open they are proposed to the repository that `documentation.repository` names.

    Exit code: 0 done, 2 something could not be audited or written.
    """
    from homelab_assets.audit import read_history, remember, run_audit
    from homelab_assets.documentation.generate import PARTS
    from homelab_assets.documenting import document_audit, in_repository, write_documents

    lab = options.lab()
    progress = options.say if options.verbose else None
    if open_:
        fetch(lab, options)
    vault = open_vault(lab)
    audit = run_audit(lab, vault=vault, progress=progress)
    complain_of_gaps(audit.document)
    # The audit trail tells when a difference was first seen, and the next run has to know it too. Where audits are
    # remembered, what came since the last one is for the next to tell.
    if read_history(lab)[0] is None:
        remember(lab, audit.document)
    documents, notices = document_audit(lab, audit, vault=vault, parts=only or PARTS)
    for text in notices:
        options.say(f"note: {text}")
    if open_:
        from homelab_assets.remediation.flow import open_documents

        outcome = open_documents(lab, in_repository(lab, documents), audit.document.generated_at)
        options.write(render_outcomes([outcome] if outcome else [], options))
        failed = outcome is not None and outcome.status == "failed"
        return INCOMPLETE if failed or not audit.document.complete else OK
    whole = (only or PARTS) if audit.document.complete else ()
    publication = write_documents(lab, documents, whole=whole)
    if svg or lab.documentation.get("svg"):
        from homelab_assets.mermaid_svg import draw

        for text in draw(lab.docs, [*publication.written, *publication.unchanged, *publication.removed]):
            options.say(f"note: {text}")
    options.write(_told(publication, options))
    return OK if audit.document.complete and not publication.problems else INCOMPLETE


def _told(publication: "Publication", options: Options) -> str:
    if options.format == "json":
        names = ("written", "unchanged", "removed", "problems")
        return json.dumps({name: [str(one) for one in getattr(publication, name)] for name in names}, indent=2)
    listed = [f"{word} {path}" for word in ("written", "removed") for path in getattr(publication, word)]
    if options.format == "markdown":
        listed = [f"- {line}" for line in listed]
    listed += [f"problem: {text}" for text in publication.problems]
    counted = (f"{len(getattr(publication, word))} {word}" for word in ("written", "unchanged", "removed"))
    return "\n".join([*listed, ", ".join(counted)])
