"""What an audit could not see is told as unknown: neither as drift, nor as something that is not there."""

from pathlib import Path

import pytest

from homelab_assets.documentation.estate import Declaration
from homelab_assets.documentation.generate import Documents, Material, generate
from homelab_assets.drift.document import ServiceDrift, Status
from homelab_assets.model import Unreachable
from homelab_assets.publishing import publish
from homelab_assets_tests.documentation.estates import NOW, capture, container, estate


def _verdict(host: str, stack: str, service: str, status: Status) -> ServiceDrift:
    return ServiceDrift(host=host, stack=stack, service=service, container=None, status=status)


@pytest.fixture(scope="module")
def documents() -> Documents:
    """A host that does not answer, and one with a stack whose file could not be read."""
    declarations = [
        Declaration(repository="apps", stack="media", endpoint="down", service=service, file="f", model=model)
        for service, model in (("web", {"network_mode": "service:vpn"}), ("vpn", {"networks": {"default": None}}))
    ]
    seen = estate(
        Unreachable(host="down", captured_at=NOW, error="no route"),
        capture("up", container("app", stack="broken")),
        declarations=declarations,
        verdicts=[
            *(_verdict("down", "media", service, "unreachable") for service in ("web", "vpn")),
            _verdict("down", "broken", "app", "unknown"),
            _verdict("up", "broken", "app", "unknown"),
        ],
    )
    return generate(Material(estate=seen))


def test_it_is_no_drift(documents: Documents) -> None:
    catalog = documents.docs["SERVICE_CATALOG.md"]
    assert "**4 services on 2 hosts, 1 running, 0 as git says, 4 could not be judged.**" in catalog
    assert "classDef odd" not in documents.docs["architecture/services-down.md"]


def test_what_git_says_of_it_stays(documents: Documents) -> None:
    assert "`web` lives in the network of `vpn`" in documents.docs["dependencies.md"]


def test_what_nobody_says_of_it_is_not_denied(documents: Documents) -> None:
    page = documents.docs["troubleshooting/down--broken--app.md"]
    assert "What it mounts could not be seen." in page
    assert "| restart policy | – |" in page
    assert "no health check" not in page


@pytest.mark.parametrize("host", ["up", "down"])
def test_it_is_not_said_to_be_lost(documents: Documents, host: str) -> None:
    page = documents.docs[f"troubleshooting/rebuild-{host}.md"]
    assert "not in git at all" not in page
    assert "not known: it could not be compared with git" in page


def test_the_page_that_rebuilds_a_host_outlives_it(documents: Documents, tmp_path: Path) -> None:
    page = "troubleshooting/rebuild-down.md"
    before = generate(Material(estate=estate(capture("down", container("vpn", stack="media")))))
    publish(tmp_path, before.docs)
    whole = (tmp_path / page).read_text()
    publish(tmp_path, documents.docs)
    assert "cd /opt/stacks/media && docker compose up -d" in whole
    assert (tmp_path / page).read_text() == whole
    assert "from git alone" in documents.docs[page]
    publish(tmp_path, generate(Material(estate=estate(capture("down", container("new", stack="new"))))).docs)
    assert "cd /opt/stacks/new && docker compose up -d" in (tmp_path / page).read_text()
