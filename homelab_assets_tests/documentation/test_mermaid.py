"""Diagrams keep to what every Mermaid renders, whatever the labels hold."""

import html
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_assets.documentation.generate import Documents
from homelab_assets.documentation.mermaid import MOST_EDGES, Chart, label
from homelab_assets.documentation.topology import split
from homelab_assets.documenting import document_audit
from homelab_assets.lab.settings import load_lab
from homelab_assets.mermaid_svg import draw
from homelab_assets_tests.documentation.estates import VAULT
from homelab_assets_tests.documentation.test_all_documents import hostile_documents
from homelab_assets_tests.lab.tools import tools_directory

HOSTILE = [
    "end", 'say "hi"', "a|b", "[x](y)", "`code`", "<script>alert(1)</script>", "a;b", "x --> y", "1. first", "- item", "%% comment",
    "a#quot;b", "click n0 call x()", "C:\\new", "line\nbreak", "**bold** _under_", "{{x}}", "\u202eabc", "\x1b[31m", "&amp;", "subgraph", "https://evil.example/x",
]  # fmt: skip


def _said(text: str) -> str:
    """Read a label as Mermaid does."""
    inner = text.removeprefix('"').removesuffix('"')
    entities = re.sub(r"#(\d+);", lambda match: chr(int(match[1])), inner)
    return html.unescape(re.sub(r"#(quot|amp|lt|gt);", r"&\1;", entities))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_label_is_one_quoted_token(text: str) -> None:
    shown = label(text)
    assert re.fullmatch(r'"[^"\\`<>|*_\[\]{}\n\x00-\x1f]*"', shown)


@given(st.text(st.characters(blacklist_categories=("C", "Z"), blacklist_characters="\u200b"), min_size=1, max_size=60))
def test_a_label_says_what_it_was_given(text: str) -> None:
    assert _said(label(text)) == text


def test_a_secret_is_no_label() -> None:
    assert "abcd.0011" not in label("<secret#abcd.00112233445566778899>")


def test_ids_are_invented() -> None:
    chart = Chart()
    chart.node("end", "end")
    chart.node("o", "o")
    chart.edge("end", "o", "x")
    assert chart.text().splitlines() == ["flowchart LR", '  n0["end"]', '  n1["o"]', '  n0 -->|"x"| n1']


def test_large_things_are_split_before_the_limits() -> None:
    def draw(items: object) -> Chart:
        chart = Chart()
        chart.node("hub", "hub")
        for item in items:  # type: ignore[attr-defined]
            chart.node(item, f"item {item}")
            chart.edge("hub", item)
        return chart

    charts = split(list(range(2000)), draw)
    assert sorted(item for items, _ in charts for item in items) == list(range(2000))
    assert all(chart.edges <= MOST_EDGES and len(chart.text()) < 50_000 for _, chart in charts)
    assert len(charts) > 30


@pytest.fixture(scope="module")
def renderer() -> str:
    """The real renderer, as `.ci/provision` installs it."""
    found = shutil.which("mmdc", path=f"{tools_directory() / 'mermaid'}:{os.environ['PATH']}")
    if found is None and os.environ.get("HOMELAB_LAB_REQUIRED") == "1":
        pytest.fail("HOMELAB_LAB_REQUIRED=1, but mermaid-cli is not installed")
    return found or pytest.skip("mermaid-cli is not installed: run `bash .ci/provision`")


def test_pictures_go_with_their_diagrams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "mmdc"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho "<svg/>" > "$2"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    one = Chart()
    one.node(1, "a", "a")
    page, other, gone = (tmp_path / f"{name}.md" for name in ("services", "services-1", "networks"))
    for path, count in ((page, 3), (other, 2), (gone, 1)):
        path.write_text("\n\n".join([one.fenced()] * count))
    (tmp_path / "svg").mkdir()
    (tmp_path / "svg" / "services-mine.svg").write_text("")
    assert list(draw(tmp_path, [page, other, gone])) == []
    page.write_text(one.fenced())
    gone.unlink()
    assert list(draw(tmp_path, [page, gone])) == []
    names = sorted(path.stem for path in (tmp_path / "svg").iterdir())
    assert names == ["services-1", "services-1-1", "services-1-2", "services-mine"]


@pytest.mark.lab
def test_the_real_renderer_draws_every_diagram(renderer: str, tmp_path: Path) -> None:
    chart = Chart()
    for number, text in enumerate(HOSTILE):
        chart.node(number, text, text)
        chart.edge(0, number, text)
    blocks = [chart.fenced(), *_blocks(hostile_documents()), *_blocks(_demo(tmp_path / "state"))]
    (tmp_path / "all.md").write_text("\n\n".join(blocks))
    # One browser draws all of them; it stops with an error at the first that Mermaid refuses.
    subprocess.run([renderer, "-q", "-i", "all.md", "-o", "out.md"], cwd=tmp_path, check=True, timeout=300)
    drawn = [file.read_text("utf-8") for file in tmp_path.glob("out-*.svg")]
    assert len(drawn) == len(blocks) >= 15
    for picture in drawn:
        assert not re.search(r"<script|<img|Syntax error|Maximum text size", picture.partition("</style>")[2])


def _blocks(documents: Documents) -> list[str]:
    texts = (text for path, text in documents.docs.items() if path.endswith(".md"))
    return [match[0] for text in texts for match in re.finditer(r"^```mermaid\n.*?\n```$", text, re.M | re.S)]


def _demo(state: Path) -> Documents:
    from homelab_assets.audit import run_audit

    lab = load_lab(None, {"HOMELAB_STATE": str(state), "HOMELAB_LAB": ""})
    audit = run_audit(lab, vault=VAULT)
    return document_audit(lab, audit, vault=VAULT, parts=("architecture", "dependencies"))[0]
