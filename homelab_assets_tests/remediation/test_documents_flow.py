"""`docs --open`: generated documents as one pull request, which people may write in, decline and merge."""

from collections.abc import Sequence

import pytest

from homelab_assets.audit import remember, run_audit, utc_now
from homelab_assets.documentation.generate import Documents
from homelab_assets.documenting import document_audit, in_repository
from homelab_assets.errors import ConfigurationError, UserError
from homelab_assets.remediation.dashboard import Outcome
from homelab_assets.remediation.flow import open_documents
from homelab_assets.secrecy import Vault
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.remediation.world import World

pytestmark = pytest.mark.scenario

SETTINGS = "documentation: {repository: homelab-apps, directory: documents}"
CATALOG = "documents/SERVICE_CATALOG.md"


def propose(
    world: World, moment: str = "2026-11-23T06:00:00Z", parts: Sequence[str] = ("catalog", "architecture")
) -> Outcome | None:
    run(world.clone, "fetch", "-q", "--prune", "origin")
    lab = world.lab()
    audit = run_audit(lab, vault=Vault(b"k" * 32), now=moment)
    remember(lab, audit.document)
    documents, _ = document_audit(lab, audit, vault=Vault(b"k" * 32), parts=parts)
    return open_documents(lab, in_repository(lab, documents), audit.document.generated_at)


def test_one_pull_request_that_stays_one_until_it_is_merged(world: World) -> None:
    world.settings = SETTINGS
    clone = world.snapshot()
    assert propose(world).status == "opened"
    (pull,) = world.repository.pulls
    assert (pull.title, pull.labels) == (
        "docs: what runs, as the last audit saw it",
        ["drift-remediation", "documentation"],
    )
    assert pull.head.startswith("docs/refresh-2026")
    assert "# Service catalog" in run(world.origin, "show", f"{pull.head}:{CATALOG}")
    writes = len(world.repository.writes)
    assert propose(world, "2026-11-24T06:00:00Z").status == "unchanged"
    assert len(world.repository.writes) == writes
    assert world.snapshot() == clone
    world.repository.merge(pull.number)
    assert propose(world, "2026-11-24T06:00:00Z") is None


@pytest.mark.parametrize("where", ["documents", "."])
def test_the_trail_of_what_happened_does_not_tell_of_itself(world: World, where: str) -> None:
    world.settings = f"documentation: {{repository: homelab-apps, directory: {where}}}"
    parts, now = ["catalog", "audit_trail"], utc_now()
    assert propose(world, now, parts).status == "opened"
    assert propose(world, now, parts).status == "unchanged"
    (pull,) = world.repository.pulls
    trail = run(world.origin, "show", f"{pull.head}:reports/AUDIT_TRAIL.md")
    world.repository.merge(pull.number)
    assert propose(world, utc_now(), parts) is None
    # What else is merged is told as ever.
    world.push_files({"stacks/organizr/NOTES.md": "By hand.\n"})
    assert propose(world, utc_now(), parts).status == "opened"
    again = run(world.origin, "show", f"{world.repository.pulls[-1].head}:reports/AUDIT_TRAIL.md")
    assert "NOTES.md" in again
    assert "NOTES.md" not in trail
    assert "what runs, as the last audit saw it" not in again


def test_what_people_wrote_stays(world: World) -> None:
    world.settings = SETTINGS
    world.push_files(
        {
            CATALOG: "# Our catalog\n\nBy hand.\n",
            "documents/architecture/README.md": "<!-- homelab-assets:begin x -->\n",
        }
    )
    outcome = propose(world)
    (pull,) = world.repository.pulls
    text = run(world.origin, "show", f"{pull.head}:{CATALOG}")
    assert text.startswith("# Our catalog\n\nBy hand.\n")
    assert "homelab-assets:begin" in text
    assert outcome.status == "opened"
    assert "documents/architecture/README.md" in pull.body
    assert "does not end" in pull.body


def test_reports_stand_where_links_expect_them(world: World) -> None:
    world.settings = "documentation: {repository: homelab-apps, directory: site/docs}"
    placed = in_repository(world.lab(), Documents(docs={"a.md": "a"}, reports={"AUDIT_TRAIL.md": "t"}))
    assert placed == {"site/docs/a.md": "a", "reports/AUDIT_TRAIL.md": "t"}


@pytest.mark.parametrize(
    ("settings", "docs", "reports"),
    [
        ("documentation: {directory: /srv/site}", "docs/", "reports/"),
        ("documentation: {directory: ../site}\nreports: {directory: /srv/reports}", "docs/", "reports/"),
        ("reports: {directory: ~/reports}", "docs/", "reports/"),
        ("documentation: {directory: .}\nreports: {directory: out}", "", "out/"),
    ],
)
def test_what_lies_elsewhere_on_disk_has_its_usual_place_in_git(
    world: World, settings: str, docs: str, reports: str
) -> None:
    world.settings = settings
    placed = in_repository(world.lab(), Documents(docs={"a/b.md": "a"}, reports={"AUDIT_TRAIL.md": "t"}))
    assert placed == {f"{docs}a/b.md": "a", f"{reports}AUDIT_TRAIL.md": "t"}


def test_it_needs_a_repository_that_lab_yaml_knows(world: World) -> None:
    with pytest.raises(UserError, match="no repository is named for the documents"):
        open_documents(world.lab(), {}, "2026-11-23T06:00:00Z")
    world.settings = "documentation: {repository: nowhere}"
    with pytest.raises(ConfigurationError, match=r"documentation\.repository: no repository is named nowhere"):
        world.lab()
