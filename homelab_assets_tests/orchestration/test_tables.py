"""What Dagster shows of a report: everything unfolded, and no link that leads nowhere."""

from pathlib import Path

from homelab_assets.orchestration import tables

PAGE = """# Drift

Runbooks: [this service](../docs/troubleshooting/radarr.md), [the change](https://git.lan/apps/commit/1)
![a picture](one.png)

<details>
<summary>2 clean services</summary>

| service |
| --- |
| radarr |

</details>
"""


def test_a_preview_unfolds_and_drops_links_to_files_beside_it() -> None:
    shown = tables.preview(PAGE).value
    assert "Runbooks: this service, [the change](https://git.lan/apps/commit/1)" in shown
    assert "![a picture](one.png)" in shown
    assert "## 2 clean services\n\n| service |" in shown
    assert "details>" not in shown


def test_a_long_page_is_cut_and_says_so() -> None:
    shown = tables.preview("a line\n" * 10_000).value
    assert shown is not None
    assert len(shown) < 21_000
    assert shown.endswith("the whole text is in the file)\n")


def test_one_file_is_a_path_and_several_are_listed() -> None:
    assert set(tables.files([Path("a.md")])) == {"path", "files"}
    assert set(tables.files([Path("a.md"), Path("b.md")])) == {"path", "files", "file_list"}
    assert set(tables.files([])) == {"files"}
