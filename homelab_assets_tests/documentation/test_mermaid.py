"""Diagrams keep to what every Mermaid renders, whatever the labels hold."""

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_assets.documentation.mermaid import MOST_EDGES, Chart, label
from homelab_assets.documentation.topology import split

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


@pytest.mark.skipif(not shutil.which("mmdc"), reason="mermaid-cli is not installed")
def test_the_real_renderer_takes_hostile_labels(tmp_path: Path) -> None:
    chart = Chart()
    for number, text in enumerate(HOSTILE):
        chart.node(number, text, text)
        chart.edge(0, number, text)
    (tmp_path / "a.mmd").write_text(chart.text())
    subprocess.run(["mmdc", "-q", "-i", "a.mmd", "-o", "a.svg"], cwd=tmp_path, check=True, timeout=120)
    svg = (tmp_path / "a.svg").read_text()
    assert "<script>alert" not in svg
    assert "Syntax error" not in svg
