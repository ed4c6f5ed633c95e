"""Storage on disk: readable, private, whole, and never silently empty."""

import stat
from pathlib import Path

import dagster as dg
import pytest

from homelab_assets.model import Captured, CaptureResult, Unreachable
from homelab_assets.orchestration.documents import capture_from_json, capture_to_json
from homelab_assets.orchestration.store import JsonStore

KEY = dg.AssetKey(["captures", "nas"])


@pytest.mark.parametrize("value", [None, [], {}, {"a": [1, 2.5, True, None]}, "\ud800 \u2028 ä", [[["deep"]]]])
def test_what_is_stored_is_read_back(tmp_path: Path, value: object) -> None:
    store = JsonStore(tmp_path)
    store.handle_output(dg.build_output_context(asset_key=KEY), value)
    assert store.load_input(dg.build_input_context(asset_key=KEY)) == value


def test_files_are_readable_text_for_the_owner_alone(tmp_path: Path) -> None:
    store = JsonStore(tmp_path / "assets")
    store.handle_output(dg.build_output_context(asset_key=KEY), {"b": 1, "a": "ä"})
    file = tmp_path / "assets" / "captures" / "nas.json"
    assert file.read_text() == '{\n "a": "ä",\n "b": 1\n}\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_was_never_stored_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(dg.Failure, match=r"captures/nas was never materialized here: .* run daily_audit") as raised:
        JsonStore(tmp_path).read(KEY)
    assert raised.value.allow_retries is False


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    store = JsonStore(tmp_path)
    store.file(KEY).parent.mkdir(parents=True)
    store.file(KEY).write_text('{"half": ')
    with pytest.raises(dg.Failure, match="materialize it again"):
        store.read(KEY)


@pytest.mark.parametrize(
    "result",
    [
        Unreachable(host="nas", captured_at="2026-11-23T06:00:00Z", error="no route", hint="look", seconds=1.5),
        Captured(
            host="nas",
            captured_at="2026-11-23T06:00:00Z",
            engine={"version": {"Version": "27"}, "info": {}},
            containers=[{"Id": "a"}],
            images=[],
            networks=[],
            volumes=[],
            dotenv={"/opt/x/.env": {"TZ": "UTC"}},
            compose_variables={"/opt/x/compose.yml": {"app": {"TZ": None}}},
        ),
    ],
)
def test_captures_survive_storage(result: CaptureResult) -> None:
    assert capture_from_json(capture_to_json(result)) == result


def test_a_capture_of_another_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="another schema"):
        capture_from_json({"schema": 99, "status": "captured"})


def test_what_is_no_capture_is_refused_and_says_what_to_do() -> None:
    document = {"schema": 1, "status": "unreachable", "host": "nas", "captured_at": "2026-11-23T06:00:00Z"}
    assert capture_from_json({**document, "error": "no route", "later": 1}).host == "nas"
    with pytest.raises(ValueError, match=r"can't be used \(.*`error`\): materialize it again"):
        capture_from_json(document)
