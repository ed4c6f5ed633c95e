"""Documents are written only when they change, around people's own text."""

import os
from pathlib import Path

import pytest

from homelab_assets.documentation.generate import Documents
from homelab_assets.documentation.markers import block, seen
from homelab_assets.documentation.words import NOTES
from homelab_assets.documenting import write_documents
from homelab_assets.errors import UserError
from homelab_assets.lab.settings import load_lab
from homelab_assets.publishing import publish, remove_obsolete


def _text(body: str, moment: str = "2026-11-23T06:00:00Z") -> str:
    return f"# T\n\n{block('one', seen(moment) + chr(10) + body)}\n{NOTES}"


def test_a_second_time_nothing_is_written(tmp_path: Path) -> None:
    documents = {"a.md": _text("x"), "b/c.md": _text("y"), "d.json": '{"generated_at": "1", "x": 1}\n'}
    assert [path.name for path in publish(tmp_path, documents).written] == ["a.md", "c.md", "d.json"]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = publish(tmp_path, documents)
    assert not again.written
    assert len(again.unchanged) == 3
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_another_moment_alone_writes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, {"a.md": _text("x"), "d.json": '{"generated_at": "1", "x": 1}\n'})
    later = {"a.md": _text("x", "2026-11-24T06:00:00Z"), "d.json": '{"generated_at": "2", "x": 1}\n'}
    assert not publish(tmp_path, later).written
    changed = publish(
        tmp_path, {"a.md": _text("z", "2026-11-24T06:00:00Z"), "d.json": '{"generated_at": "2", "x": 2}\n'}
    )
    assert len(changed.written) == 2
    assert "2026-11-24" in (tmp_path / "a.md").read_text()


def test_notes_survive(tmp_path: Path) -> None:
    publish(tmp_path, {"a.md": _text("x")})
    file = tmp_path / "a.md"
    file.write_text(file.read_text() + "\nMy own words.\n")
    publish(tmp_path, {"a.md": _text("y")})
    assert file.read_text().endswith("\nMy own words.\n")
    assert "\ny\n" in file.read_text()


def test_what_can_not_be_merged_is_left_alone_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("<!-- homelab-assets:begin one -->\nmine\n")
    (tmp_path / "b.md").write_bytes(b"\xff\xfe")
    (tmp_path / "c.md").mkdir()
    done = publish(tmp_path, {"a.md": _text("x"), "b.md": _text("x"), "c.md": _text("x"), "e.md": _text("x")})
    assert [path.name for path in done.written] == ["e.md"]
    assert len(done.problems) == 3
    assert (tmp_path / "a.md").read_text().endswith("mine\n")


def test_what_is_gone_goes_unless_somebody_wrote_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "troubleshooting"
    documents = {f"troubleshooting/{name}.md": _text("x") for name in ("a", "b", "c")}
    publish(tmp_path, documents)
    (folder / "b.md").write_text((folder / "b.md").read_text() + "\nmine\n")
    (folder / "hand.md").write_text("# Written by hand\n")
    done = remove_obsolete(tmp_path, ["troubleshooting/c.md"])
    assert [path.name for path in done.removed] == ["a.md"]
    assert sorted(path.name for path in folder.iterdir()) == ["b.md", "c.md", "hand.md"]
    assert len(done.problems) == 1
    assert "b.md" in done.problems[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError):
        publish(tmp_path, {"a.md": _text("x")})


def test_a_file_in_the_way_of_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("a file")
    with pytest.raises(UserError):
        publish(tmp_path, {"b/c.md": _text("x")})


def test_a_part_removes_its_own_alone(tmp_path: Path) -> None:
    for name in ("catalog/gone.md", "troubleshooting/gone.md", "troubleshooting/there.md"):
        publish(tmp_path / "docs", {name: _text("x")})
    (tmp_path / "lab.yaml").write_text("hosts: {nas: {docker: 'capture:nas'}}\n")
    lab = load_lab(str(tmp_path / "lab.yaml"), {})
    runbooks = Documents(docs={"troubleshooting/there.md": _text("x")})
    assert not write_documents(lab, runbooks).removed
    assert [path.name for path in write_documents(lab, runbooks, whole=["runbooks"]).removed] == ["gone.md"]
    assert (tmp_path / "docs/catalog/gone.md").is_file()
