"""Recorded captures, sound and broken."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_assets.engine import read_capture, write_capture
from homelab_assets.errors import UserError
from homelab_assets.model import Captured, CaptureResult, Unreachable
from homelab_assets.secrecy import Vault
from homelab_assets_tests.engine.fake_engine import VERSION, container

KEY = b"a key for tests of 32 bytes long"


def read(directory: Path) -> CaptureResult:
    return read_capture("nas", directory, Vault(KEY))


def example() -> Captured:
    vault = Vault(KEY)
    return Captured(
        host="nas",
        captured_at="2026-11-23T12:00:00Z",
        engine={"version": VERSION, "info": {"Name": "nas", "ServerVersion": "20.10.24"}},
        containers=[vault.seal_inspect(container("a")), vault.seal_inspect(container("b"))],
        images=[{"Id": "sha256:one", "Config": {}}],
        networks=[{"Id": "net", "Name": "proxy"}],
        volumes=[{"Name": "data"}],
        dotenv={"/opt/.env": {"A": "1"}},
    )


def test_there_and_back(tmp_path: Path) -> None:
    captured = example()
    write_capture(captured, tmp_path / "new" / "nas")
    again = read(tmp_path / "new" / "nas")
    assert isinstance(again, Captured)
    for part in ("host", "captured_at", "engine", "containers", "images", "networks", "volumes"):
        assert getattr(again, part) == getattr(captured, part), part
    assert again.dotenv == {}, "`.env` files are never written"


def test_only_the_owner_may_read_it_and_no_secret_is_in_it(tmp_path: Path) -> None:
    write_capture(example(), tmp_path)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [
        "containers.json",
        "engine.json",
        "images.json",
        "networks.json",
        "volumes.json",
    ]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "0123456789abcdef0123456789abcdef" not in file.read_text()


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="can't be made"):
        write_capture(example(), tmp_path / "file" / "nas")


def test_raw_inspect_output_saved_by_hand(tmp_path: Path) -> None:
    (tmp_path / "containers.json").write_text(json.dumps([container("a")]))
    result = read(tmp_path)
    assert isinstance(result, Captured)
    assert "0123456789abcdef0123456789abcdef" not in repr(result)
    assert result.containers[0]["Config"]["Env"][0] == "TZ=UTC"
    assert (result.images, result.networks, result.volumes) == ([], [], [])


@pytest.mark.parametrize(
    ("engine", "version"),
    [
        ({"version": VERSION, "info": {}}, "1.41"),
        (VERSION, "1.41"),
        ({"version": VERSION, "info": {"SystemTime": "2026-11-20T10:11:12.123456789+01:00"}}, "1.41"),
        ({}, None),
    ],
)
def test_engine_files_of_all_sorts(engine: Any, version: str | None, tmp_path: Path) -> None:
    write_capture(example(), tmp_path)
    (tmp_path / "engine.json").write_text(json.dumps(engine))
    result = read(tmp_path)
    assert isinstance(result, Captured)
    assert result.engine["version"].get("ApiVersion") == version
    assert result.captured_at.endswith("Z")


def _cut(folder: Path) -> None:
    file = folder / "containers.json"
    file.write_text(file.read_text()[:-40])


BROKEN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no folder": (lambda d: [file.unlink() for file in d.iterdir()] and d.rmdir(), "no such folder"),
    "no containers": (lambda d: (d / "containers.json").unlink(), "containers.json: no such file"),
    "cut off": (_cut, "containers.json: the JSON ends too early"),
    "empty file": (lambda d: (d / "images.json").write_text(""), "images.json: the JSON ends too early"),
    "no JSON": (lambda d: (d / "images.json").write_text("[1, }"), "images.json: no JSON"),
    "no UTF-8": (lambda d: (d / "images.json").write_bytes(b"[\xff]"), "images.json: no UTF-8"),
    "no list": (lambda d: (d / "volumes.json").write_text("{}"), "volumes.json: is no JSON list"),
    "no objects": (lambda d: (d / "networks.json").write_text("[7]"), "networks.json: entry 0: is no JSON object"),
    "no id": (lambda d: (d / "images.json").write_text("[{}]"), "images.json: entry 0: has no `Id`"),
    "no name": (lambda d: (d / "volumes.json").write_text("[{}]"), "volumes.json: entry 0: has no `Name`"),
    "no config": (
        lambda d: (d / "containers.json").write_text('[{"Id": "a", "Name": "/a", "Config": 1}]'),
        "entry 0: '/a': `Config` is no JSON object",
    ),
    "engine of nonsense": (lambda d: (d / "engine.json").write_text("[]"), "engine.json: is no JSON object"),
    "info of nonsense": (lambda d: (d / "engine.json").write_text('{"info": 7}'), "`info` is no JSON object"),
    "too deep": (lambda d: (d / "images.json").write_text("[" * 100_000), "images.json: no sensible JSON"),
    "a folder": (lambda d: (d / "images.json").unlink() or (d / "images.json").mkdir(), "images.json: can't be read"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_capture_names_the_file(case: str, tmp_path: Path) -> None:
    folder = tmp_path / "nas"
    write_capture(example(), folder)
    damage, message = BROKEN[case]
    damage(folder)
    result = read(folder)
    assert isinstance(result, Unreachable)
    assert str(folder) in result.error
    assert message in result.error


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(value=_JSON)
def test_absurd_documents_are_an_answer_not_a_crash(value: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("absurd")
    document = {**container("a"), "Mounts": value, "NetworkSettings": value, "Config": {"Env": value, "Labels": value}}
    (folder / "containers.json").write_text(json.dumps([document]))
    (folder / "images.json").write_text(json.dumps(value))
    (folder / "engine.json").write_text(json.dumps(value))
    assert isinstance(read(folder), Captured | Unreachable)
