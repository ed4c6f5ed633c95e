"""No link of any generated page, or of this project's own, leads nowhere."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from homelab_assets.cli import main
from homelab_assets_tests.documentation.links import Site

ROOT = Path(__file__).parents[2]


def test_every_link_of_every_generated_page_leads_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Callable[[str], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOMELAB_LAB", "HOMELAB_STATE"):
        monkeypatch.delenv(name, raising=False)
    # Twice: the reports link to runbooks only where they are.
    for verb in ("docs", "audit", "pipeline", "docs"):
        assert CliRunner().invoke(main, [verb]).exit_code < 2
    site = Site(tmp_path)
    tally(f"{site.links} links of {len(site.pages)} generated pages lead somewhere")
    assert len(site.pages) > 50
    assert list(site.dead()) == []


def test_every_link_of_the_project_s_own_pages_leads_somewhere() -> None:
    if not (ROOT / "README.md").is_file():
        pytest.skip("installed without its documentation")
    site = Site(ROOT, ("*.md", "docs/**/*.md", "examples/**/*.md", "deploy/**/*.md"))
    assert ROOT / "README.md" in site.pages
    assert list(site.dead()) == []


@pytest.mark.parametrize(
    "dead", ["[x](gone.md)", "[x](a.md#gone)", "[x](#gone)", "![x](gone.png)", '<a href="b.html">x</a>']
)
def test_a_dead_link_is_seen(tmp_path: Path, dead: str) -> None:
    (tmp_path / "a.md").write_text(f"# A heading, here\n\n[x](a.md#a-heading-here) [y](https://elsewhere/)\n\n{dead}\n")
    assert len(list(Site(tmp_path).dead())) == 1
