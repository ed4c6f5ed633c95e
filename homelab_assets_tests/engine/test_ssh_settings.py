"""`ssh_config` resolution, with `ssh -G` as the referee."""

import getpass
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from homelab_assets.engine.address import parse_address
from homelab_assets.engine.ssh_settings import SshTarget, resolve_target
from homelab_assets.errors import CaptureError
from homelab_assets.lab.settings import HostSettings

CONFIG = """\
Include {folder}/more*.conf
Compression yes
Host nas
    HostName 192.168.50.115
    Port 2222
    User larry
    IdentityFile {folder}/key
    IdentityFile {folder}/missing
    UserKnownHostsFile {folder}/known_hosts
    HostKeyAlias the-nas
Host far
    HostName 10.0.0.1
    ProxyJump nas,root@second:2022
Host loop
    ProxyJump loop
Host plain
    ProxyJump none
Host *
    User everybody
    IdentitiesOnly yes
"""
MORE = """\
Host included
    HostName included.lan
    Port 2200
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "key").write_text("")
    (tmp_path / "more.conf").write_text(MORE)
    file = tmp_path / "config"
    file.write_text(CONFIG.format(folder=tmp_path))
    return file


def resolve(url: str, config: Path, **more: Any) -> SshTarget:
    return resolve_target(parse_address(url), HostSettings(name="x", docker=url, ssh_config=config, **more))


def test_a_host_of_the_configuration(config: Path) -> None:
    target = resolve("ssh://nas", config)
    assert (target.host, target.port, target.user) == ("192.168.50.115", 2222, "larry")
    assert target.identities == [config.parent / "key"], "files that do not exist are left out"
    assert target.known_hosts == [config.parent / "known_hosts"]
    assert target.key_name == "the-nas"
    assert target.only_identities


def test_the_url_outranks_the_configuration(config: Path) -> None:
    target = resolve("ssh://root@nas:22", config)
    assert (target.port, target.user) == (22, "root")


def test_lab_yaml_outranks_the_configuration(config: Path) -> None:
    other = config.parent / "other"
    other.write_text("")
    target = resolve("ssh://nas", config, identity_file=other, known_hosts=other)
    assert (target.identities, target.known_hosts) == ([other], [other])


def test_a_key_that_lab_yaml_names_and_that_is_not_there_is_named(config: Path) -> None:
    with pytest.raises(CaptureError, match=r"there is no SSH key .*/nope") as told:
        resolve("ssh://nas", config, identity_file=config.parent / "nope")
    assert "identity_file" in str(told.value.hint)


def test_jump_hosts_in_order(config: Path) -> None:
    target = resolve("ssh://far", config)
    assert [(hop.host, hop.port, hop.user) for hop in target.jumps] == [
        ("192.168.50.115", 2222, "larry"),
        ("second", 2022, "root"),
    ]
    assert resolve("ssh://plain", config).jumps == ()


def test_jump_hosts_in_circles(config: Path) -> None:
    with pytest.raises(CaptureError, match="goes in circles"):
        resolve("ssh://loop", config)


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="can't be read"):
        resolve("ssh://nas", tmp_path / "none")


def test_a_configuration_that_makes_no_sense(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("Host nas\n  Port twenty\n")
    with pytest.raises(CaptureError):
        resolve("ssh://nas", file)


def test_a_home_that_nobody_has_is_no_defect_of_ours(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("Include ~nobody-here/x\nHost nas\n  UserKnownHostsFile ~nobody-here/known\n")
    assert resolve("ssh://nas", file).known_hosts[0] == Path("~nobody-here/known")


@pytest.mark.parametrize("forgetful", ["/dev/null", "none", "/dev/null none"])
def test_keys_that_ssh_is_told_to_forget_are_known_where_they_usually_are(forgetful: str, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(f"Host nas\n  StrictHostKeyChecking no\n  UserKnownHostsFile {forgetful}\n")
    assert resolve("ssh://nas", file).known_hosts[0] == Path.home() / ".ssh" / "known_hosts"


def test_without_a_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("")
    target = resolve("ssh://nas", file)
    assert (target.host, target.port, target.user) == ("nas", 22, getpass.getuser())


@pytest.mark.skipif(shutil.which("ssh") is None, reason="the ssh client is not installed")
@pytest.mark.parametrize("alias", ["nas", "far", "included", "plain", "unheard-of"])
def test_openssh_agrees(alias: str, config: Path) -> None:
    done = subprocess.run(["ssh", "-G", "-F", str(config), alias], capture_output=True, text=True, check=True)
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    target = resolve(f"ssh://{alias}", config)
    assert (target.host, str(target.port), target.user) == (said["hostname"], said["port"], said["user"])
    assert target.only_identities == (said["identitiesonly"] == "yes")
