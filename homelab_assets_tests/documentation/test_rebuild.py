"""The page that rebuilds a host names all that git does not bring back, and nothing that it does."""

import re
from pathlib import Path

import pytest

from homelab_assets.documentation.commands import commands_of
from homelab_assets.documentation.declarations import declare
from homelab_assets.documentation.dependencies import map_dependencies
from homelab_assets.documentation.estate import Declaration, Estate
from homelab_assets.documentation.rebuild import rebuild_documents
from homelab_assets.model import Baseline
from homelab_assets.repository.trees import WorkingTree
from homelab_assets_tests.documentation.estates import bind, capture, container, estate

STACK = "stacks/dns"
COMPOSE = """
services:
  pihole:
    image: pihole/pihole:1
    volumes: [./dnsmasq.d:/etc/dnsmasq.d, ./config:/config:ro, ./hosts:/etc/hosts]
    configs: [upstream]
configs:
  upstream: {file: ./upstream.conf}
"""


def _lab(root: Path, folder: str, *mounts: str) -> Estate:
    """A stack of which git has `config/`, `hosts` and `upstream.conf`, as it runs in a folder with these mounts."""
    (root / STACK / "config").mkdir(parents=True)
    for file in ("config/a.conf", "hosts", "upstream.conf"):
        (root / STACK / file).write_text("x")
    (root / STACK / "docker-compose.yml").write_text(COMPOSE)
    baseline = Baseline(
        stack="dns", endpoint="h", repository="homelab-apps", directory=STACK, files=(f"{STACK}/docker-compose.yml",),
        tree=WorkingTree(root), ref="main", commit="", bound_by=None,
    )  # fmt: skip
    running = container(
        "pihole", stack="dns", directory=folder, mounts=[bind(mount, f"/m{n}") for n, mount in enumerate(mounts)]
    )
    return estate(capture("h", running), declarations=declare([baseline]))


def _missing(*running: dict[str, object]) -> Estate:
    """A service of which no container exists, beside what runs on its host."""
    volumes = [{"type": "bind", "source": f"/{STACK}/data", "target": "/data"}]
    declarations = [
        Declaration(
            repository="apps", stack=stack, endpoint="h", service=service, file=f"stacks/{stack}/docker-compose.yml",
            directory=f"stacks/{stack}", files=(f"stacks/{stack}/docker-compose.yml",), variables=("A",),
            model={"image": "x:1", "volumes": volumes if service == "gone" else []},
        )
        for stack, service in (("dns", "gone"), ("dns", "beside"), ("web", "elsewhere"))
    ]  # fmt: skip
    return estate(capture("h", *running), declarations=declarations)


def _page(seen: Estate) -> str:
    return rebuild_documents(seen, map_dependencies(seen))["troubleshooting/rebuild-h.md"]


def _restored(page: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \| (?:folder|volume)", page, re.MULTILINE)


def test_what_services_write_beside_their_compose_files_is_restored(tmp_path: Path) -> None:
    folder = f"/opt/apps/{STACK}"
    inside = [f"{folder}/{name}" for name in ("dnsmasq.d", "config", "hosts", "upstream.conf")]
    assert _restored(_page(_lab(tmp_path, folder, *inside))) == [f"{folder}/dnsmasq.d"]


def test_a_stack_in_the_root_of_its_repository_has_a_clone(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text("services: {web: {image: 'x:1'}}")
    baseline = Baseline(
        stack="web", endpoint="h", repository="homelab-web", directory="", files=("docker-compose.yml",),
        tree=WorkingTree(tmp_path), ref="main", commit="", bound_by=None,
    )  # fmt: skip
    running = container("web", stack="web", directory="/opt/homelab-web")
    page = _page(estate(capture("h", running), declarations=declare([baseline])))
    assert "| homelab-web | `/opt/homelab-web` |" in page


@pytest.mark.parametrize(
    ("place", "restored"),
    [("/dev/dri", False), ("/development", True), ("/run", False), ("/running", True), ("/tmp/x", False), ("/sysdata", True)],
)  # fmt: skip
def test_only_the_systems_own_folders_are_left_out(tmp_path: Path, place: str, restored: bool) -> None:
    assert _restored(_page(_lab(tmp_path, f"/opt/apps/{STACK}", place))) == [place] * restored


@pytest.mark.parametrize("folder", ["/data/compose/12", f"/data/compose/12/{STACK}"])
def test_what_portainer_holds_is_deployed_there(tmp_path: Path, folder: str) -> None:
    page = _page(_lab(tmp_path, folder))
    assert "# dns: deploy it in Portainer" in page
    assert "/data/compose" not in page


def test_a_folder_that_only_looks_like_portainers_is_the_hosts(tmp_path: Path) -> None:
    assert "cd /data/compose/12-dns && docker compose -p dns up -d" in _page(_lab(tmp_path, "/data/compose/12-dns"))


@pytest.mark.parametrize(
    ("running", "folder"),
    [
        (container("beside", stack="dns", directory="/srv/dns"), "/srv/dns"),
        (container("elsewhere", stack="web", directory="/opt/apps/stacks/web"), f"/opt/apps/{STACK}"),
    ],
)
def test_a_missing_service_is_where_what_runs_beside_it_tells(running: dict[str, object], folder: str) -> None:
    seen = _missing(running)
    gone = seen.by_key["h", "dns", "gone"]
    assert commands_of(gone).enter == f"cd {folder}"
    assert [mount.path for mount in gone.mounts] == [f"{folder}/data"]


@pytest.mark.parametrize(
    "running", [(), (container("elsewhere", stack="web", directory="/data/compose/3/stacks/web"),)]
)
def test_no_folder_is_made_up(running: tuple[dict[str, object], ...]) -> None:
    seen = _missing(*running)
    gone = seen.by_key["h", "dns", "gone"]
    commands = commands_of(gone)
    assert (commands.enter, commands.start) == ("", "docker compose up -d gone")
    assert "was not seen" in commands.note
    page = _page(seen)
    assert "| `/stacks" not in page
    assert "cd /stacks" not in page
    assert "| `./data` | folder | `gone` |" in page
    assert f"# dns: its folder was not seen, {STACK} in its clone: docker compose up -d" in page
