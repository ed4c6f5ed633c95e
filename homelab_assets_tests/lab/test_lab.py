"""The lab itself: what it promises to the tests that use it."""

import subprocess
from pathlib import Path

import pytest

from homelab_assets.lab.settings import load_lab
from homelab_assets_tests.lab import RealLab, changes
from homelab_assets_tests.lab.homelab import STACKS
from homelab_assets_tests.lab.images import archive, load_images
from homelab_assets_tests.lab.machine import Machine


def test_images_are_data() -> None:
    images = load_images()
    assert images["lscr.io/linuxserver/radarr:5.2.6"]["Env"]["LSIO_FIRST_PARTY"] == "true"
    assert images["lscr.io/linuxserver/radarr:5.2.6"]["Entrypoint"] == ["/init"]
    busybox = Path(__file__)
    assert archive(busybox, images) == archive(busybox, images), "the same images have the same ids"


def test_lab_yaml_is_valid(lab: RealLab) -> None:
    loaded = load_lab(str(lab.lab_yaml), {})
    assert {"ct-docker-01", "ct-media-01"} <= set(loaded.hosts)
    assert set(loaded.repositories) == {"homelab-apps", "homelab-infra"}


def test_all_stacks_are_deployed_and_run(deployed_lab: RealLab) -> None:
    for name, machine in deployed_lab.hosts.items():
        rows = machine.docker("ps", "-a", "--format", '{{.Label "com.docker.compose.project"}} {{.State}}').splitlines()
        assert {row.split()[0] for row in rows} == {stack for stack, (host, _) in STACKS.items() if host == name}
        assert {row.split()[1] for row in rows} == {"running"}


def test_hosts_have_their_own_ports_and_files(deployed_lab: RealLab) -> None:
    docker, media = deployed_lab.hosts.values()
    assert docker.run("hostname").stdout.strip() == "ct-docker-01"
    assert media.run("hostname").stdout.strip() == "ct-media-01"
    assert not Path("/opt/homelab-apps").exists(), "a host's /opt is not this machine's"
    assert docker.run("ls", "/opt/homelab-apps/stacks").stdout == media.run("ls", "/opt/homelab-apps/stacks").stdout


@pytest.mark.parametrize("compose", ["v2", "2.26.1", "v1"])
def test_a_stack_of_ones_own(compose: str, lab: RealLab) -> None:
    lab.apps.write("stacks/own/docker-compose.yml", "services: {app: {image: 'redis:7.2-alpine'}}\n")
    lab.apps.commit(f"feat: own for {compose}", push=True)
    try:
        lab.deploy("own", "ct-media-01", compose)
        found = lab.hosts["ct-media-01"].docker("ps", "--format", '{{.Label "com.docker.compose.version"}}')
        assert found == {"v2": next(iter(lab.tools.compose)), "v1": "1.29.2"}.get(compose, compose)
    finally:
        lab.clear("ct-media-01")
        (lab.apps.clone / "stacks/own/docker-compose.yml").unlink()
        lab.apps.commit("feat: no own")


def test_changes_by_hand(lab: RealLab) -> None:
    machine = lab.hosts["ct-docker-01"]
    try:
        lab.deploy("organizr")
        before = changes.inspect(machine, "organizr")
        changes.recreate(machine, "organizr", env={"TZ": "UTC", "branch": None}, labels={"x": "y"})
        after = changes.inspect(machine, "organizr")
        assert after["Id"] != before["Id"]
        assert after["HostConfig"] == before["HostConfig"]
        env, was = set(after["Config"]["Env"]), set(before["Config"]["Env"])
        assert env - was == {"TZ=UTC"}
        assert {item.partition("=")[0] for item in was - env} == {"TZ"}, "`branch` is set by the image, too"
        assert after["Config"]["Labels"] == {**before["Config"]["Labels"], "x": "y"}
        changes.set_limits(machine, "organizr", "--memory=64m", "--memory-swap=64m")
        assert changes.inspect(machine, "organizr")["HostConfig"]["Memory"] == 64 * 1024 * 1024
        old = changes.inspect(machine, "organizr")["Image"]
        changes.move_image(lab, machine, "organizr/organizr:latest")
        assert machine.docker("image", "inspect", "-f", "{{.Id}}", "organizr/organizr:latest") != old
    finally:
        lab.clear("ct-docker-01")
        lab.load(machine, load_images())


def test_an_engine_can_be_killed_and_started_again(lab: RealLab) -> None:
    machine = lab.hosts["ct-media-01"]
    machine.stop_engine("KILL")
    assert not machine.answers()
    machine.start_engine()
    assert machine.answers()


@pytest.mark.parametrize("paused", [False, True])
def test_a_host_ends_with_its_first_process(lab: RealLab, tmp_path: Path, paused: bool) -> None:
    machine = Machine("short-lived", tmp_path / "short-lived", lab.tools)
    machine.start()
    pid = machine.pid
    inside = machine.run("cat", "/run/docker.pid").stdout
    assert int(inside) > 1
    if paused:
        name, image = next(iter(load_images().items()))
        lab.load(machine, {name: image})
        machine.docker("run", "-d", "--name", "paused", "--entrypoint", "sleep", name, "900")
        machine.docker("pause", "paused")
    machine.stop()
    assert not Path(f"/proc/{pid}").exists()
    left = subprocess.run(
        ["grep", "-l", str(tmp_path), *map(str, Path("/proc").glob("[0-9]*/cmdline"))], capture_output=True
    )
    assert b"dockerd" not in left.stdout
    assert not (tmp_path / "short-lived").exists()
