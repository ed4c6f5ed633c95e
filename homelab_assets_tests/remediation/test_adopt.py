"""Adopting: every container of the recorded homelab becomes a stack that says exactly what runs."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from homelab_assets.audit import capture, load
from homelab_assets.drift.compare import compare_all
from homelab_assets.drift.policy import policy_from
from homelab_assets.lab.settings import Lab, load_lab
from homelab_assets.labels import name_of
from homelab_assets.model import Baseline, Captured
from homelab_assets.remediation.adopt import Adoption, adopt
from homelab_assets.remediation.adoption_body import adoption_body, adoption_title
from homelab_assets.remediation.adoption_plan import AdoptionPlan
from homelab_assets.remediation.body import BODY_LIMIT
from homelab_assets.remediation.identity import ADOPTION, read_marker
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift import world
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import Files
from homelab_assets_tests.remediation.memory import baseline, compose_available, compose_config

VAULT = Vault(b"k" * 32)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return load_lab(None, {"HOMELAB_STATE": str(tmp_path_factory.mktemp("demo"))})


@pytest.fixture(scope="module")
def captures(lab: Lab) -> list[Captured]:
    found = capture(lab, tuple(lab.hosts), vault=VAULT)
    return [one for one in found if isinstance(one, Captured)]


def adopt_changed(captures: list[Captured], **parts: Any) -> Adoption:
    """Adopt uptime-kuma after parts of its document changed: the named settings of a section, or a list as a whole."""
    captured = next(one for one in captures if one.host == "ct-docker-01")
    mine = next(document for document in captured.containers if name_of(document) == "uptime-kuma")
    others = [document for document in captured.containers if document is not mine]
    changed = {key: {**mine[key], **part} if isinstance(part, dict) else part for key, part in parts.items()}
    containers = [VAULT.seal_inspect({**mine, **changed}), *others]
    return adopt(replace(captured, containers=containers), "uptime-kuma", vault=VAULT)


def merged(adoption: Adoption, host: str) -> Baseline:
    """The stack once it is in git."""
    return baseline(
        Files(dict(adoption.files)),
        files=(f"{adoption.directory}/docker-compose.yml",),
        stack=adoption.stack,
        endpoint=host,
        directory=adoption.directory,
    )


def test_what_comes_out_says_what_runs(captures: list[Captured]) -> None:
    left = {}
    for captured in captures:
        for document in captured.containers:
            adoption = adopt(captured, name_of(document), vault=VAULT)
            assert adoption.service in adoption.compose_file
            left[adoption.container] = list(adoption.left)
    assert len(left) > 20
    # Somebody attached these by hand, without the alias that Compose gives: no compose file can say that.
    assert {path for paths in left.values() for path in paths} <= {
        "networks.automations-n8n_default.aliases",
        "networks.default.aliases",
    }


def test_the_audit_finds_nothing_on_an_adopted_container(captures: list[Captured]) -> None:
    captured = next(one for one in captures if one.host == "ct-docker-01")
    adoption = adopt(captured, "uptime-kuma", vault=VAULT)
    stack = merged(adoption, captured.host)
    alone = replace(captured, containers=[d for d in captured.containers if name_of(d) == "uptime-kuma"])
    document = compare_all(
        [alone], [stack], vault=VAULT, policy=policy_from({}, {}, "lab.yaml"), now="2026-11-23T06:00:00Z"
    )
    (verdict,) = document.services
    assert (verdict.service, [item.path for item in verdict.items]) == ("uptime-kuma", [])
    assert verdict.status == "clean"


def test_what_the_daemon_gives_to_every_container_is_left_out(lab: Lab, captures: list[Captured]) -> None:
    captured = next(one for one in captures if one.host == "ct-media-01")
    known = load(lab, vault=VAULT).baselines
    assert "shm_size: 96m" in adopt(captured, "watchtower", vault=VAULT).compose_file
    adoption = adopt(captured, "watchtower", vault=VAULT, baselines=known)
    assert {"shm_size", "logging", "ulimits"} & set(
        yaml.safe_load(adoption.compose_file)["services"]["watchtower"]
    ) == set()
    stack = merged(adoption, captured.host)
    policy = policy_from({}, {}, "lab.yaml")
    document = compare_all([captured], [*known, stack], vault=VAULT, policy=policy, now="2026-11-23T06:00:00Z")
    (verdict,) = [one for one in document.services if one.container == "watchtower"]
    assert (verdict.status, [item.path for item in verdict.items]) == ("clean", [])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"Links": ["/traefik:/uptime-kuma/proxy"]}, "external_links:\n      - traefik:proxy\n"),
        (
            {"Links": ["/observability-grafana-1:/uptime-kuma/observability-grafana-1"]},
            "external_links:\n      - observability-grafana-1:observability-grafana-1\n",
        ),
        ({"VolumesFrom": ["traefik:ro"]}, "volumes_from:\n      - container:traefik:ro\n"),
        (
            {"VolumesFrom": ["observability-grafana-1"]},
            "volumes_from:\n      - container:observability-grafana-1\n",
        ),
        ({"NetworkMode": "container:traefik"}, "network_mode: container:traefik\n"),
    ],
)
def test_other_containers_are_no_services_of_its_stack(
    captures: list[Captured], settings: dict[str, Any], said: str
) -> None:
    adoption = adopt_changed(captures, HostConfig=settings)
    assert said in adoption.compose_file
    assert list(adoption.left) == []


def test_limits_of_devices_are_lists(captures: list[Captured]) -> None:
    limits = {
        "BlkioDeviceReadBps": [{"Path": "/dev/sda", "Rate": 1048576}, {"Path": "/dev/sdb", "Rate": 4096}],
        "BlkioWeightDevice": [{"Path": "/dev/sda", "Weight": 200}],
    }
    adoption = adopt_changed(captures, HostConfig=limits)
    assert yaml.safe_load(adoption.compose_file)["services"]["uptime-kuma"]["blkio_config"] == {
        "device_read_bps": [{"path": "/dev/sda", "rate": 1048576}, {"path": "/dev/sdb", "rate": 4096}],
        "weight_device": [{"path": "/dev/sda", "weight": 200}],
    }
    assert list(adoption.left) == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"Binds": ["/mnt/cloud:/media:ro,rslave"]}, "/mnt/cloud:/media:ro,rslave"),
        ({"Mounts": [{"Target": "/media", "BindOptions": {"Propagation": "rslave"}}]}, "/mnt/cloud:/media:ro,rslave"),
        ({"Binds": ["/mnt/cloud:/media:ro,rshared"]}, "/mnt/cloud:/media:ro,rshared"),
        ({"Binds": ["/mnt/cloud:/media:ro"]}, "/mnt/cloud:/media:ro"),
    ],
)
def test_how_mounts_spread_is_said_where_the_container_was_told(
    captures: list[Captured], told: dict[str, Any], said: str
) -> None:
    spread = "rshared" if "rshared" in said else "rslave"
    mount = {"Type": "bind", "Source": "/mnt/cloud", "Destination": "/media", "RW": False, "Propagation": spread}
    adoption = adopt_changed(captures, HostConfig=told, Mounts=[mount])
    assert f"      - {said}\n" in adoption.compose_file
    assert list(adoption.left) == []


@pytest.mark.parametrize(
    ("mount", "said"),
    [
        (("/srv/a:b", "/data", True), "- {type: bind, target: /data, source: /srv/a:b}"),
        (("/srv/a:b", "/data", False), "- {type: bind, target: /data, source: /srv/a:b, read_only: true}"),
        (("/srv/s.txt", "/run/secrets/s", False), "- /srv/s.txt:/run/secrets/s:ro"),
    ],
)
def test_what_the_short_syntax_and_a_stack_of_its_own_have_no_word_for(mount: tuple[str, str, bool], said: str) -> None:
    source, target, writable = mount
    found = {"Type": "bind", "Source": source, "Destination": target, "RW": writable, "Propagation": "rprivate"}
    captured = world.capture([container("old", "app", mounts=[found])], images=[image("plain:1")])
    adoption = adopt(captured, "old-app-1", vault=VAULT)
    assert f"      {said}\n" in adoption.compose_file
    assert list(adoption.left) == []


def test_podman_says_nothing_of_a_time_to_stop_in() -> None:
    engine = {"version": {"Components": [{"Name": "Podman Engine", "Version": "5.4.2"}]}, "info": {}}
    captured = world.capture(
        [container("old", "app", config={"StopTimeout": 0})], images=[image("plain:1")], engine=engine
    )
    adoption = adopt(captured, "old-app-1", vault=VAULT)
    assert "stop_grace_period" not in adoption.compose_file


def test_no_default_of_the_image_and_no_secret_is_written(captures: list[Captured]) -> None:
    for captured in captures:
        for document in captured.containers:
            adoption = adopt(captured, name_of(document), vault=VAULT)
            for text in (adoption.compose_file, adoption.sample, adoption_body(adoption)):
                assert "<secret#" not in text
            assert "PATH:" not in adoption.compose_file
            assert "com.docker.compose" not in adoption.compose_file
            assert all("${" + name + "}" in adoption.compose_file for name in adoption.variables)
            assert [line.partition("=")[0] for line in adoption.sample.splitlines()] == list(adoption.variables)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["foo:SftpPw2:1001:::upload"], ["foo:${UPTIME_KUMA_COMMAND}:1001:::upload"]),
        (["sh", "-c", "echo root:RootPw1 | chpasswd"], ["sh", "-c", "echo root:${UPTIME_KUMA_COMMAND} | chpasswd"]),
        (["sh", "-c", "htpasswd -nb larry HtPw1"], ["sh", "-c", "htpasswd -nb larry ${UPTIME_KUMA_COMMAND}"]),
        (["-u", "larry;SambaPw1;1001;users"], ["-u", "larry;${UPTIME_KUMA_COMMAND};1001;users"]),
        (["--db", "root:GoPw1@tcp(db:3306)/x"], ["--db", "root:${UPTIME_KUMA_COMMAND}@tcp(db:3306)/x"]),
        (["--config", '{"api_keys":["KeyPw1"]}'], ["--config", '{"api_keys":["${UPTIME_KUMA_COMMAND}"]}']),
    ],
    ids=lambda words: words[-1],
)
def test_a_password_that_its_place_gives_away_becomes_a_variable(
    captures: list[Captured], command: list[str], said: list[str]
) -> None:
    adoption = adopt_changed(captures, Config={"Cmd": command})
    assert yaml.safe_load(adoption.compose_file)["services"]["uptime-kuma"]["command"] == said
    assert adoption.variables == ("UPTIME_KUMA_COMMAND",)
    assert "Pw1" not in adoption.compose_file + adoption.sample + adoption_body(adoption)
    assert list(adoption.left) == []


def test_what_is_a_secret_elsewhere_on_the_host_becomes_a_variable() -> None:
    vault, secret = Vault(b"k" * 32), "zQ8vLk3nPw7xRt"
    other = container("web", "db", env={"DB_PASSWORD": secret})
    by_hand = container(None, "hand", name="hand", env={"SETTING": f"x {secret}"}, config={"Cmd": ["run", secret]})
    captured = world.capture([other, by_hand], images=[image("plain:1", Cmd=["run"])], vault=vault)
    adoption = adopt(captured, "hand", vault=vault)
    assert secret not in adoption.compose_file
    assert (adoption.variables, adoption.left) == (("HAND_COMMAND",), ())


def test_its_words(captures: list[Captured]) -> None:
    captured = next(one for one in captures if one.host == "ct-docker-01")
    adoption = adopt(captured, "traefik", vault=VAULT)
    body = adoption_body(adoption)
    assert adoption_title(adoption) == "feat(traefik): adopt the container that runs on ct-docker-01"
    assert "controls the Docker engine" in body
    assert "TRAEFIK_USERS" in body


def test_a_body_is_short_enough_for_a_forge(captures: list[Captured]) -> None:
    many = {f"note.{number}": "x" * 400 for number in range(300)}
    adoption = adopt_changed(captures, Config={"Labels": {**many, "": "nameless"}})
    # Compose refuses a label without a name.
    assert list(adoption.left) == ["labels."]
    body = AdoptionPlan(adoption=adoption, repository="r", commit="c", files=adoption.files, tree=Files({})).body
    assert len(body) <= BODY_LIMIT
    assert "`stacks/uptime-kuma/docker-compose.yml`" in body
    assert read_marker(body, ADOPTION) is not None


def test_the_real_compose_accepts_them(captures: list[Captured]) -> None:
    if not compose_available():
        pytest.skip("`docker compose` is not installed")
    for captured in captures:
        for name in ("traefik", "gluetun", "qbittorrent"):
            if any(name_of(document) == name for document in captured.containers):
                adoption = adopt(captured, name, vault=VAULT)
                path = f"{adoption.directory}/docker-compose.yml"
                stack = baseline(Files(dict(adoption.files)), files=(path,), directory=adoption.directory)
                assert name in compose_config(stack)["services"]


def test_an_unknown_container(captures: list[Captured]) -> None:
    with pytest.raises(KeyError):
        adopt(captures[0], "no-such-thing", vault=VAULT)


def test_paths_of_an_adoption_stay_below_the_stacks(captures: list[Captured]) -> None:
    hostile = {**captures[0].containers[0], "Name": "/../../etc/passwd"}
    odd = replace(captures[0], containers=[hostile])
    adoption = adopt(odd, "../../etc/passwd", vault=VAULT)
    assert all(Path(path).parts[:1] == ("stacks",) and ".." not in path for path in adoption.files)
