"""`lab.yaml` with every kind of mistake: each is told with file, line, key and what would be right; exit code 2.

More of single mistakes in `test_lab_settings.py`; addresses of engines in `engine/test_address.py`.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from homelab_assets.cli import main

SECRET = "ghp_a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8"
HOST = "hosts:\n  nas: {docker: 'capture:nas'}\n"
REPO = HOST + "repositories:\n  apps:\n    path: apps\n"
MEDIA = HOST + "media:\n  services:\n"

# (what is wrong, the file, the line that is named (None: of the file as a whole), words of the message)
MISTAKES: tuple[tuple[str, str | bytes, int | None, str], ...] = (
    ("nothing", "", None, "is empty"), ("blanks", " \n\n", None, "is empty"), ("a comment", "# later\n", None, "is empty"), ("null", "null\n", 1, "should be a mapping"), ("a text", "hello\n", 1, "should be a mapping"),
    ("a number", "7\n", 1, "should be a mapping"), ("a list", "- hosts\n", 1, "should be a mapping"), ("two documents", HOST + "---\n" + HOST, 3, "not valid YAML"), ("no hosts", "repositories: {}\n", 1, "hosts: is missing"),
    ("hosts null", "hosts:\n", 1, "hosts: names no host"), ("hosts empty", "hosts: {}\n", 1, "hosts: names no host"), ("hosts a list", "hosts: [a]\n", 1, "hosts: should be a mapping"), ("host a text", "hosts:\n  nas: ssh://x\n", 2, "hosts.nas: should be a mapping"),
    ("host null", "hosts:\n  nas:\n", 2, "hosts.nas"), ("a tab", "hosts:\n\tnas: {docker: ssh://x}\n", 2, "not valid YAML"), ("an open bracket", "hosts: {nas: {docker: ssh://x\n", None, "not valid YAML"), ("an open quote", "hosts: {nas: {docker: 'ssh://x}}\n", None, "not valid YAML"),
    ("wrong indentation", "hosts:\n  nas:\n   docker: ssh://x\n  budget: 1\n   socket: /x\n", None, "not valid YAML"), ("a colon too many", "hosts: nas: x\n", 1, "not valid YAML"), ("no blank after the colon", "hosts:\n  nas:{docker: x}\n", None, ""),
    ("an alias of nothing", "hosts: *a\n", 1, "not valid YAML"), ("a cycle", "hosts: &a {nas: *a}\n", 1, "hosts.nas"), ("a cycle of lists", "hosts: &a [*a]\n", 1, "should be a mapping"), ("a tag", "hosts: !!python/object/apply:os.system [id]\n", 1, "should be a mapping"),
    ("a tag in a value", "hosts:\n  nas: {docker: !!python/name:os.system x}\n", 2, "should be text"), ("a control character", "hosts: {nas: {docker: 'a\x07'}}\n", None, "not valid YAML"), ("deep", "hosts: " + "[" * 50_000, None, "not valid YAML"), ("deep maps", "{a: " * 20_000, None, "not valid YAML"),
    ("a bomb", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"b{n}: &b{n} [{','.join(['*a' if not n else f'*b{n - 1}'] * 9)}]\n" for n in range(12)), 1, "unknown key"), ("a megabyte", HOST + "# " + "x" * 1_100_000, 1, "larger than a megabyte"), ("a long number", HOST + f"reports: {{keep_days: {'9' * 5000}}}\n", 3, "whole number"),
    ("binary", bytes(range(256)), None, "not UTF-8"), ("latin 1", "hosts: {nas: {docker: 'capture:d\xe9j\xe0'}}".encode("latin-1"), None, "not UTF-8"), ("utf-16", HOST.encode("utf-16"), None, "not UTF-8"), ("NUL", b"hosts: {nas: {docker: 'a\0b'}}\n", None, "not valid YAML"),
    ("a host twice", HOST + "  nas: {docker: 'capture:b'}\n", 3, "hosts.nas: stands twice"), ("a section twice", HOST + HOST, 3, "hosts: stands twice"), ("a key twice", "hosts:\n  nas:\n    docker: capture:a\n    docker: capture:b\n", 4, "hosts.nas.docker: stands twice"),
    ("a name with a slash", "hosts:\n  ../nas: {docker: 'capture:x'}\n", 2, "not a usable name"), ("a name with a dash", "hosts:\n  --help: {docker: 'capture:x'}\n", 2, "not a usable name"), ("a name of blanks", "hosts:\n  ' ': {docker: 'capture:x'}\n", 2, "not a usable name"), ("an escape in a name", 'hosts:\n  "\\e[31m": {docker: "capture:x"}\n', 2, "not a usable name"),
    ("a mapping as a name", "hosts:\n  ? {a: b}\n  : {docker: 'capture:x'}\n", 2, "not a usable name"), ("an unknown section", HOST + "repositores: {}\n", 3, "did you mean 'repositories'?"), ("an unknown key", "hosts:\n  nas: {docker: 'capture:x', sokket: /x}\n", 2, "did you mean 'socket'?"), ("a key of nowhere", HOST + "zzz: 1\n", 3, "known keys"),
    ("no address", "hosts:\n  nas: {budget: 9}\n", 2, "docker: is missing"), ("http", "hosts:\n  nas: {docker: 'http://x'}\n", 2, "ssh://root@"), ("a bare name", "hosts:\n  nas: {docker: nas}\n", 2, "ssh://root@"), ("no host in it", "hosts:\n  nas: {docker: 'ssh://'}\n", 2, "no address of an engine"), ("a port too large", "hosts:\n  nas: {docker: 'ssh://root@x:99999'}\n", 2, "no address of an engine"),
    ("a port of letters", "hosts:\n  nas: {docker: 'tcp://x:docker'}\n", 2, "no address of an engine"), ("an option as host", "hosts:\n  nas: {docker: 'ssh://-oProxyCommand=x'}\n", 2, "no address of an engine"), ("a relative socket", "hosts:\n  nas: {docker: 'unix://run/docker.sock'}\n", 2, "no address of an engine"),
    ("a password in it", f"hosts:\n  nas: {{docker: 'ssh://root:{SECRET}@x'}}\n", 2, "no address of an engine"), ("an address list", "hosts:\n  nas: {docker: [ssh://x]}\n", 2, "should be text"), ("a negative number", "hosts:\n  nas: {docker: 'capture:x', budget: -5}\n", 2, "whole number from 1 to 3600"), ("a fraction", "hosts:\n  nas: {docker: 'capture:x', budget: 1.5}\n", 2, "whole number"),
    ("a number of words", "hosts:\n  nas: {docker: 'capture:x', connect_timeout: ten}\n", 2, "whole number"), ("zero days", HOST + "reports: {keep_days: 0}\n", 3, "whole number from 1"), ("maybe", "hosts:\n  nas: {docker: 'capture:x', read_env: maybe}\n", 2, "true or false"), ("a token for a flag", f"hosts:\n  nas: {{docker: 'capture:x', read_env: {SECRET}}}\n", 2, "true or false"),
    ("no path", HOST + "repositories:\n  apps: {ref: main}\n", 4, "path: is missing"), ("a ref that is an option", REPO + "    ref: --upload-pack=x\n", 6, "should be text such as origin/main"), ("a ref with blanks", REPO + "    ref: 'a b'\n", 6, "origin/main"), ("stacks outside", REPO + "    stacks: /etc/*\n", 6, "stacks/*"),
    ("an unknown forge", REPO + "    forge: {kind: gitlab}\n", 6, "one of github, gitea, none"), ("a forge without slug", REPO + "    forge: {kind: github}\n", 6, "slug: is missing"), ("a slug of one word", REPO + "    forge: {kind: github, slug: apps}\n", 6, "owner/homelab-apps"), ("a forge with a login", REPO + f"    forge: {{kind: gitea, url: 'https://larry:{SECRET}@git.lan', slug: a/b}}\n", 6, "without a login"), ("reports with a login", HOST + f"remediation: {{report_url: 'https://{SECRET}@git.lan/r'}}\n", 3, "without a login"),
    ("a gitea without url", REPO + "    forge: {kind: gitea, slug: a/b}\n", 6, "url: is missing"),
    ("a token in clear", REPO + f"    forge: {{kind: github, slug: a/b, token: {SECRET}}}\n", 6, "${GITHUB_TOKEN}"), ("a url without scheme", REPO + "    forge: {kind: gitea, slug: a/b, url: git.lan}\n", 6, "http://"), ("a javascript url", REPO + "    forge: {kind: gitea, slug: a/b, url: 'javascript:alert(1)'}\n", 6, "http://"),
    ("media without services", HOST + "media: {host: nas}\n", 3, "services: is missing"), ("an unknown host", MEDIA.replace("media:", "media:\n  host: nowhere") + "    radarr: {url: 'http://x'}\n", 4, "no host is named nowhere"), ("an unknown app", MEDIA + "    kodi: {url: 'http://x'}\n", 5, "supported are"), ("an app without url", MEDIA + f"    radarr: {{api_key: {SECRET}}}\n", 5, "url: is missing"),
    ("an unset variable", MEDIA + "    radarr: {url: 'http://${NOT_SET_ANYWHERE}:9'}\n", 5, "NOT_SET_ANYWHERE is not set"), ("an ignore without reason", HOST + "drift:\n  ignore: [{service: x}]\n", 4, "reason: is missing"), ("an odd day", HOST + "drift: {ignore: [{reason: x, until: 2027-13-45}]}\n", 3, "a date such as"), ("a day that is none", HOST + "drift: {ignore: [{reason: x, path: y, until: 2027-02-31}]}\n", 3, "a date such as"),
    ("an odd severity", HOST + "drift: {severity: [{path: x, severity: bad}]}\n", 3, "breaking, functional, cosmetic"), ("ignore a text", HOST + "drift: {ignore: x}\n", 3, "should be a mapping"), ("an unknown zone", HOST + "schedule: {timezone: Mars/Olympus}\n", 3, "time zone"), ("a zone that is a path", HOST + "schedule: {timezone: ../../etc/passwd}\n", 3, "time zone"),
    ("an odd schedule", HOST + "schedule: {daily_audit: at six}\n", 3, "0 6 * * *"), ("an unknown repository", HOST + "documentation: {repository: docs}\n", 3, "no repository is named docs"), ("notify nothing", HOST + "notify: [3, {a: b}]\n", 3, "should be text"), ("reports a list", HOST + "reports: [a]\n", 3, "should be a mapping"),
)  # fmt: skip


def detect(file: Path, *verb: str) -> Result:
    return CliRunner().invoke(main, [*(verb or ("diff",)), "--lab", str(file)])


def told(result: Result, file: Path) -> str:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert SECRET not in result.output
    assert str(file) in result.stderr
    assert result.stderr.startswith("error: ")
    assert len(result.stderr) < 4000
    return result.stderr


@pytest.mark.parametrize(("content", "line", "words"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, line: int | None, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOMELAB_STATE", raising=False)
    file = tmp_path / "lab.yaml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    verb = ("pipeline", "--health") if words.startswith("NOT_SET") else ("diff",)
    said = told(detect(file, *verb), file)
    assert words in said
    if line is not None:
        assert f"{file}:{line}:" in said
    assert {path.name for path in tmp_path.iterdir()} <= {"lab.yaml", ".homelab_state"}
    assert not (tmp_path / "reports").exists()


def test_how_many(tally: Callable[[str], None]) -> None:
    assert len({row[0] for row in MISTAKES}) == len(MISTAKES) >= 60
    tally(f"{len(MISTAKES)} mistakes in a lab.yaml, each told with its place, exit code 2, no traceback, no secret")


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(1 << 34)
    for name, words in {"folder": "directory", "loop": "symbolic links", "link": "no such file", "nothing": "no such file", "huge": "larger than a megabyte"}.items():  # fmt: skip
        assert words in told(detect(tmp_path / name), tmp_path / name), name
    if os.geteuid():
        (tmp_path / "mine").touch(mode=0)
        assert "Permission denied" in told(detect(tmp_path / "mine"), tmp_path / "mine")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"A=\xc3\x28\n", b"A='\n", b"A=${\n", b"\0\0", b"=x\n", b"A\n"])
def test_a_damaged_dotenv_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.yaml").write_text("hosts:\n  nas: {docker: 'capture:nas'}\n")
    (tmp_path / ".env").write_bytes(content + f"B={SECRET}\n".encode())
    result = detect(tmp_path / "lab.yaml")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code == 2
    assert SECRET not in result.output
    assert re.search(r"no such folder|\.env", result.output)
