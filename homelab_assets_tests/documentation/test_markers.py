"""What people write around generated blocks survives; broken markers overwrite nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_assets.documentation.markers import BrokenMarkers, block, merge, own_text, renewed, seen, without_moment

OLD = f"# Title\n\n{block('one', 'old')}\n## Notes\n\ndefault\n"
NEW = f"# New title\n\n{block('one', 'new')}\n## Notes\n\ndefault\n"


def test_a_new_file_is_what_was_generated() -> None:
    assert merge(None, NEW) == NEW
    assert merge(" \n", NEW) == NEW


def test_only_the_block_is_replaced() -> None:
    mine = OLD.replace("default", "my own notes").replace("# Title", "# My title")
    merged = merge(mine, NEW)
    assert merged == mine.replace("\nold\n", "\nnew\n")


def test_the_line_endings_of_people_stay() -> None:
    merged = merge(OLD.replace("\n", "\r\n"), NEW)
    assert "# Title\r\n" in merged
    assert "default\r\n" in merged
    assert "\nnew\n" in merged
    assert merge(merged, NEW) == merged


def test_a_file_of_people_is_kept_above() -> None:
    merged = merge("# Mine\n\ntext\n", NEW)
    assert merged.startswith("# Mine\n\ntext\n\n")
    assert merged.endswith(block("one", "new"))
    assert merge(merged, NEW) == merged


def test_blocks_come_and_go_in_their_order() -> None:
    both = f"# T\n\n{block('one', '1')}\n{block('two', '2')}\n"
    merged = merge(OLD, both)
    assert merged.index("begin one") < merged.index("begin two") < merged.index("default")
    assert "begin two" not in merge(merged, NEW)
    assert "default" in merge(merged, NEW)


@pytest.mark.parametrize(
    "text",
    [
        OLD.replace("<!-- homelab-assets:end one -->", ""),
        OLD.replace("<!-- homelab-assets:begin one", "<!-- homelab-assets:end one"),
        OLD + block("one", "twice"),
        OLD.replace("\nold\n", "\n<!-- homelab-assets:begin two -->\n"),
    ],
)
def test_broken_markers_are_an_error_with_a_line(text: str) -> None:
    with pytest.raises(BrokenMarkers, match=r"line \d+: block"):
        merge(text, NEW)


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
def test_peoples_text_survives_any_content(before: str, after: str, body: str) -> None:
    existing = f"{before}\n{block('one', 'old')}{after}"
    try:
        mine = own_text(existing)
    except BrokenMarkers:
        return
    merged = merge(existing, f"# T\n{block('one', body)}")
    assert own_text(merged) == mine
    assert merge(merged, f"# T\n{block('one', body)}") == merged


def test_generated_text_can_not_close_its_block() -> None:
    hostile = "x\n<!-- homelab-assets:end one -->\n# taken over\n<!-- homelab-assets:begin one -->"
    merged = merge(OLD, f"# T\n{block('one', hostile)}")
    assert "taken over" not in own_text(merged)


def test_what_knows_less_does_not_replace_what_knew_more() -> None:
    less, other = (f"# T\n\n{block('one', body, whole=False)}" for body in ("git alone", "git alone, later"))
    assert renewed(OLD, less) is None
    assert renewed(None, less) == less
    assert renewed(less, other) == other
    assert renewed(less, NEW) == merge(less, NEW)


def test_only_the_moment_is_no_change() -> None:
    one, other = (f"# T\n\n{seen(moment)}\n\ntext\n" for moment in ("2026-11-23T06:00:00Z", "2026-11-24T06:00:00Z"))
    assert one != other
    assert without_moment(one) == without_moment(other)
    assert without_moment(one) != without_moment(other.replace("text", "more"))
