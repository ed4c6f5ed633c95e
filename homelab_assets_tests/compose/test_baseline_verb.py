"""`drift-detector baseline` reads files, `.env` and the shell as Compose does."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from homelab_assets.cli.baseline import command


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: 'x:${TAG}-${OUT}', volumes: ['./d:/d']}}")
    (tmp_path / "over.yaml").write_text("services: {a: {user: root}}")
    (tmp_path / ".env").write_text("TAG=dotenv\nOUT=dotenv\n")
    (tmp_path / "other.env").write_text("TAG=other\n")
    monkeypatch.setenv("OUT", "shell")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _service(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(command, list(arguments))
    assert done.exit_code == 0, done.output
    service: dict[str, object] = json.loads(done.stdout)["services"]["a"]
    return service


def test_shell_beats_dotenv(stack: Path) -> None:
    service = _service("compose.yaml", "over.yaml")
    assert (service["image"], service["user"]) == ("x:dotenv-shell", "root")
    assert service["volumes"][0]["source"] == str(stack / "d")  # type: ignore[index]


def test_other_env_file_and_name(stack: Path) -> None:
    done = CliRunner().invoke(command, ["--env-file", "other.env", "-p", "mine", "compose.yaml"])
    document = json.loads(done.stdout)
    assert document["name"] == "mine"
    assert document["services"]["a"]["image"] == "x:other-shell"


def test_a_mistake_is_told_on_stderr_with_exit_code_2(stack: Path) -> None:
    (stack / "bad.yaml").write_text("services:\n  a:\n    imag: x\n")
    done = CliRunner().invoke(command, ["bad.yaml"])
    assert done.exit_code == 2
    assert f"{stack / 'bad.yaml'}:3" in done.stderr
    assert done.stdout == ""


def test_a_folder_is_told_from_a_file_that_is_not_there(stack: Path) -> None:
    (stack / "empty").mkdir()
    told = {
        ".": f"{stack}: is a folder (name its compose file: {stack / 'compose.yaml'})",
        "empty": f"{stack / 'empty'}: is a folder (no compose file is in it)",
        "none.yaml": f"{stack / 'none.yaml'}: no such file",
    }
    for named, error in told.items():
        done = CliRunner().invoke(command, [named])
        assert (done.exit_code, done.stderr) == (2, f"error: {error}\n")


def test_whole_numbers_are_printed_without_a_point(stack: Path) -> None:
    (stack / "numbers.yaml").write_text("services: {a: {image: x}}\nx-n: [5.0, 08, 1e3, 1.5]\n")
    done = CliRunner().invoke(command, ["numbers.yaml"])
    assert "".join(done.stdout.split()).endswith('"x-n":[5,8,1000,1.5]}')
