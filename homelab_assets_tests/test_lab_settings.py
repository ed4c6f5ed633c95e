"""`lab.yaml`: every mistake is named with its line, and nothing but names of secrets stands in it."""

from pathlib import Path

import pytest
import yaml
from rich.pretty import pretty_repr

from homelab_assets.errors import ConfigurationError
from homelab_assets.lab import load_lab
from homelab_assets.lab.discover import find_hosts, find_repositories
from homelab_assets.lab.keys import LAB_YAML
from homelab_assets.lab.schema import ListOf, MapOf, Record
from homelab_assets.lab.settings import find_lab

GOOD = """\
hosts:
  ct-docker-01:
    docker: ssh://root@192.168.50.19
  recorded:
    docker: capture:captures/recorded
repositories:
  homelab-apps:
    path: ../homelab-apps
    ref: origin/main
    stacks: [stacks/*, extra/*]
    forge: {kind: gitea, url: https://git.lan, slug: owner/homelab-apps, token: "${GITEA_TOKEN}"}
media:
  host: recorded
  services:
    radarr: {url: "http://192.168.50.161:7878", api_key: "${RADARR_API_KEY}"}
drift:
  ignore:
    - {service: watchtower, path: "environment.*", reason: "managed elsewhere", until: 2027-01-31}
"""


def _load(folder: Path, text: str):
    file = folder / "lab.yaml"
    file.write_text(text)
    return load_lab(str(file), {})


def test_the_page_about_it_has_every_key_and_loads(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "lab-yaml.md").read_text()
    text = page.partition("```yaml\n")[2].partition("```")[0]
    _load(tmp_path, text)
    assert _keys(LAB_YAML) <= _keys_written(yaml.safe_load(text))


def _keys(spec: object) -> set[tuple[str, ...]]:
    match spec:
        case Record():
            below = {(name, *path) for name, one in spec.keys.items() for path in (*_keys(one), ())}
            return {path for path in below if path[-1] != "*"}
        case MapOf():
            return {("*", *path) for path in _keys(spec.value)}
        case ListOf():
            return _keys(spec.item)
        case _:
            return set()


def _keys_written(value: object) -> set[tuple[str, ...]]:
    """Return the paths of keys; a name that the operator chose counts as `*` too."""
    if isinstance(value, list):
        return {path for one in value for path in _keys_written(one)}
    if not isinstance(value, dict):
        return set()
    return {
        (name, *path) for key, one in value.items() for name in (str(key), "*") for path in (*_keys_written(one), ())
    }


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    lab = _load(tmp_path, GOOD)
    assert lab.hosts["recorded"].docker == f"capture:{tmp_path}/captures/recorded"
    assert lab.repositories["homelab-apps"].path == tmp_path / "../homelab-apps"
    assert lab.repositories["homelab-apps"].stacks == ("stacks/*", "extra/*")
    assert lab.reports == tmp_path / "reports"
    assert lab.drift["ignore"][0]["until"] == "2027-01-31"


def test_folders_that_are_written_to_may_be_below_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "lab.yaml").write_text(
        "hosts: {a: {docker: ssh://a}}\nreports: {directory: ~/reports}\ndocumentation: {directory: ~/site}\n"
    )
    lab = load_lab(str(tmp_path / "lab.yaml"), {})
    assert (lab.reports, lab.docs) == (tmp_path / "home/reports", tmp_path / "home/site")


def test_a_home_that_nobody_has_is_a_folder(tmp_path: Path) -> None:
    lab = _load(tmp_path, "hosts: {a: {docker: ssh://a}}\nrepositories: {r: {path: ~nobody-here/r}}\n")
    assert lab.repositories["r"].path == tmp_path / "~nobody-here/r"


def test_secrets_come_from_the_dotenv_beside_the_file_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("RADARR_API_KEY=from-file\n")
    (tmp_path / "lab.yaml").write_text(GOOD)
    key = "media.services.radarr.api_key"
    assert load_lab(str(tmp_path / "lab.yaml"), {}).resolve("${RADARR_API_KEY}", key=key) == "from-file"
    lab = load_lab(str(tmp_path / "lab.yaml"), {"RADARR_API_KEY": "from-shell"})
    assert lab.resolve("${RADARR_API_KEY}", key=key) == "from-shell"
    assert "from-shell" not in repr(lab) + pretty_repr(lab)


def test_a_secret_without_a_value_is_named_with_its_line(tmp_path: Path) -> None:
    lab = _load(tmp_path, GOOD)
    with pytest.raises(
        ConfigurationError, match=r"lab.yaml:15: media.services.radarr.api_key: RADARR_API_KEY is not set"
    ):
        lab.resolve("${RADARR_API_KEY}", key="media.services.radarr.api_key")


MISTAKES = [
    ("", "is empty"),
    ("hosts: [\n", r"lab.yaml:2: is not valid YAML"),
    ("hosts:\n\ta: {}\n", r"lab.yaml:2: is not valid YAML: .*\(that is a tab \(\\t\): YAML wants spaces\)"),
    ("hosts:\n  a: {docker: ssh://x}\n  a: {docker: ssh://y}\n", r"lab.yaml:3: hosts.a: stands twice"),
    ("hosts:\n  a: {}\n", r"lab.yaml:2: hosts.a.docker: is missing"),
    (
        "hosts:\n  a: {docker: http://x}\n",
        r"lab.yaml:2: hosts.a.docker: should be text such as ssh://root@192.168.50.19",
    ),
    ("hosts:\n  a: {docker: ssh://x, sockt: /x}\n", r"hosts.a.sockt: unknown key \(did you mean 'socket'\?\)"),
    ("host:\n  a: {docker: ssh://x}\n", r"lab.yaml:1: host: unknown key \(did you mean 'hosts'\?\)"),
    ("hosts:\n  ../a: {docker: ssh://x}\n", r"hosts.../a: is not a usable name"),
    ("hosts: ct\n", r"hosts: should be a mapping of names to values, not a plain value"),
    ("hosts:\n  a: {docker: ssh://x, budget: long}\n", r"hosts.a.budget: should be a whole number from 1 to 3600"),
    (
        "hosts:\n  a: {docker: ssh://x}\ndrift:\n  ignore:\n    - {service: x}\n",
        r"lab.yaml:5: drift.ignore\[0\].reason: is missing",
    ),
    (
        "hosts:\n  a: {docker: ssh://x}\ndrift: {ignore: [{service: x, reason: y, until: tomorrow}]}\n",
        r"until: should be a date such as 2027-01-31",
    ),
    ("hosts:\n  a: {docker: ssh://x}\nmedia: {host: b, services: {}}\n", r"lab.yaml:3: media.host: no host is named b"),
    (
        "hosts:\n  a: {docker: ssh://x}\nrepositories:\n  r:\n    path: r\n    forge: {kind: gitea, slug: a/b}\n",
        r"lab.yaml:6: repositories.r.forge.url: is missing for kind gitea",
    ),
    (
        "hosts:\n  a: {docker: ssh://x}\nrepositories:\n  r:\n    path: r\n"
        "    forge: {kind: github, slug: a/b, token: ghp_abc}\n",
        r"forge.token: should be text such as \$\{GITHUB_TOKEN\}|forge.token: should be text",
    ),
    (
        "hosts:\n  a: {docker: ssh://x}\nrepositories:\n  r: {path: r, ref: --upload-pack=x}\n",
        r"repositories.r.ref: should be text such as",
    ),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_each_mistake_is_named_with_file_line_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        _load(tmp_path, text)


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, "hosts:\n  a: {docker: 3}\n  b: {}\nmistake: 1\n")
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("data", [b"\xff\xfe\x00h", b"hosts: \xc3\x28\n"])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "lab.yaml").write_bytes(data)
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        load_lab(str(tmp_path / "lab.yaml"), {})


def test_deep_nesting_and_recursion_are_refused_in_time(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        _load(tmp_path, "hosts: " + "[" * 5000 + "\n")
    with pytest.raises(ConfigurationError):
        _load(tmp_path, "hosts: &a {x: *a}\n")


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="drift-detector init"):
        load_lab(str(tmp_path / "lab.yaml"), {})


def test_without_a_lab_yaml_the_demo_lab_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lab = load_lab(None, {})
    assert lab.demo
    assert list(lab.hosts) == ["ct-docker-01", "ct-media-01"]
    assert (lab.repositories["homelab-apps"].path / ".git").is_dir()
    assert load_lab(None, {}).file == lab.file


def test_an_option_without_a_text_is_not_the_demo_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"name the lab\.yaml"):
        load_lab("", {"HOMELAB_STATE": str(tmp_path)})


def test_init_finds_ssh_hosts_and_clones(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host nas ct-media-01\n  User root\nHost *\n  Port 22\nHost github.com\n")
    stack = tmp_path / "homelab-apps" / "stacks" / "plex"
    stack.mkdir(parents=True)
    (stack / "compose.yaml").write_text("services: {}\n")
    (tmp_path / "homelab-apps" / ".git").mkdir()
    (tmp_path / "homelab-apps" / ".git" / "config").write_text(
        '[remote "origin"]\n\turl = git@github.com:larry/homelab-apps.git\n'
    )
    assert [host.docker for host in find_hosts(tmp_path, {}) if host.source == "~/.ssh/config"] == [
        "ssh://nas",
        "ssh://ct-media-01",
    ]
    (repository,) = find_repositories([tmp_path])
    assert (repository.stacks, repository.forge_host, repository.slug) == (
        "stacks/*",
        "github.com",
        "larry/homelab-apps",
    )


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_lab_yaml_that_leads_nowhere_is_not_the_demo_lab(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_lab(environment={}) is None
    if kind == "link":
        Path("lab.yaml").symlink_to("gone.yaml")
    else:
        Path("lab.yaml").mkdir()
    assert find_lab(environment={}) == Path("lab.yaml")
    with pytest.raises(ConfigurationError):
        load_lab("lab.yaml", {})
