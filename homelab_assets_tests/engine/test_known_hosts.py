"""Host keys, with OpenSSH as the referee."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_assets.engine.known_hosts import fingerprint, host_name, judge, known_types, parse_known_hosts

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJ6gPkvD8nKh2mPqTVZp0l5gTQq4u4xTRxXQK9J5cF1a"
OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
KIND = "ssh-ed25519"


def verdict(text: str, name: str, key: str = KEY) -> str:
    known = parse_known_hosts(text)
    wire = parse_known_hosts(f"x {KIND} {key}")[0].key
    return judge(known, name, KIND, wire)


CASES = [
    ("", "nas", "unknown"),
    (f"nas {KIND} {KEY}", "nas", "known"),
    (f"NAS {KIND} {KEY}", "nas", "known"),
    (f"other,nas {KIND} {KEY} a comment", "nas", "known"),
    (f"nas {KIND} {OTHER}", "nas", "changed"),
    (f"nas {KIND} {OTHER}\nnas {KIND} {KEY}", "nas", "known"),
    (f"nas ssh-rsa {OTHER}", "nas", "changed"),
    (f"nas {KIND} {KEY}", "[nas]:2222", "unknown"),
    (f"[nas]:2222 {KIND} {KEY}", "[nas]:2222", "known"),
    (f"[nas]:2222 {KIND} {KEY}", "[nas]:222", "unknown"),
    (f"*.lan {KIND} {KEY}", "nas.lan", "known"),
    (f"*.lan,!bad.lan {KIND} {KEY}", "bad.lan", "unknown"),
    (f"na? {KIND} {KEY}", "nas", "known"),
    (f"@revoked nas {KIND} {KEY}", "nas", "revoked"),
    (f"nas {KIND} {KEY}\n@revoked * {KIND} {KEY}", "nas", "revoked"),
    (f"@cert-authority nas {KIND} {KEY}", "nas", "unknown"),
    (f"# nas {KIND} {KEY}", "nas", "unknown"),
    ("nas\nnas ssh-ed25519\nnas ssh-ed25519 !!!\n", "nas", "unknown"),
]


@pytest.mark.parametrize(("text", "name", "expected"), CASES)
def test_verdicts(text: str, name: str, expected: str) -> None:
    assert verdict(text, name) == expected


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
@pytest.mark.parametrize("name", ["nas", "NAS.Lan", "[nas.lan]:2222", "192.168.50.19"])
def test_names_hashed_by_openssh(name: str, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"{name} {KIND} {KEY}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert name not in file.read_text()
    assert verdict(file.read_text(), name) == "known"
    assert verdict(file.read_text(), "another") == "unknown"


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_fingerprints_are_those_of_openssh(tmp_path: Path) -> None:
    file = tmp_path / "key.pub"
    file.write_text(f"{KIND} {KEY} nas\n")
    shown = subprocess.run(["ssh-keygen", "-lf", str(file)], check=True, capture_output=True, text=True).stdout
    assert fingerprint(parse_known_hosts(f"x {KIND} {KEY}")[0].key) == shown.split()[1]


def test_the_kinds_that_are_known() -> None:
    text = f"nas {KIND} {KEY}\nnas ssh-rsa {OTHER}\n@revoked nas ecdsa-sha2-nistp256 {OTHER}\n"
    assert known_types(parse_known_hosts(text), "nas") == [KIND, "ssh-rsa"]


def test_names() -> None:
    assert host_name("nas", 22) == "nas"
    assert host_name("fe80::1", 2222) == "[fe80::1]:2222"


@given(st.text())
def test_any_text_is_read_and_vouches_for_nobody(text: str) -> None:
    assert verdict(text, "nas") in ("unknown", "changed")
