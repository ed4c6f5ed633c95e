"""Hostile text formats nothing, ends nothing and escapes nowhere."""

import re

import pytest

from homelab_assets.rendering import markdown

HOSTILE = [
    "a|b",
    "`x`",
    "```\n# heading",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "@everyone",
    "![x](http://evil/x.png)",
    "\x1b[31mred\x1b[0m",
    "a\u202eb",
    "line\nbreak",
    "https://evil.example",
    "\x00",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_stays_one_cell_of_plain_text(text: str) -> None:
    shown = markdown.cell(text)
    assert not re.search(r"(?<!\\)[|`*_\[\]]", shown)
    assert "<" not in shown.replace("&#8203;", "")
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert not re.search(r"@\w", shown)
    assert not re.search(r"https?://", shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_fence_can_not_be_broken_out_of(text: str) -> None:
    first, *body, last = markdown.fence(text, "diff").splitlines()
    ticks = first.removesuffix("diff")
    assert last == ticks
    assert not any(line.lstrip().startswith(ticks) for line in body)


@pytest.mark.parametrize("text", HOSTILE)
def test_inline_code_shows_the_text_itself(text: str) -> None:
    shown = markdown.code(text, in_table=True)
    assert "\x1b" not in shown
    assert not re.search(r"(?<!\\)\|", shown)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", " javascript:x"])
def test_only_harmless_addresses_become_links(url: str) -> None:
    assert markdown.link("x", url) == "x"


def test_links_keep_their_address() -> None:
    assert markdown.link("x", "https://git.lan/a/b") == "[x](https://git.lan/a/b)"
    assert markdown.link("x", "troubleshooting/radarr.md#start") == "[x](troubleshooting/radarr.md#start)"


def test_cutting_says_so_and_keeps_whole_lines() -> None:
    assert markdown.cut("one\ntwo\nthree\n" * 10, 40).splitlines()[-1] == "… and more"
    assert markdown.cut("short", 40) == "short"
