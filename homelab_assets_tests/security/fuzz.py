"""Fuzzing of everything that reads text from outside. By hand, not in CI; what it finds becomes a case in `test_fuzz.py`.

    python -m homelab_assets_tests.security.fuzz [TARGET...] [--seconds 60] [--atheris]

Two engines. By default hypothesis makes texts of the target's own words and of anything; every tenth is repeated up to
100,000 characters and timed. `--atheris` (pip install atheris) lets coverage guide the way. An exception that is not
documented, or more than a second for 100,000 characters, ends the run and is printed with its input.
"""

import argparse
import atexit
import itertools
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homelab_assets import compose
from homelab_assets.compose import dotenv, interpolation, shellwords, short_syntax, units
from homelab_assets.documentation import markers, traefik
from homelab_assets.documentation.cron import next_run
from homelab_assets.drift.compare import compare_all
from homelab_assets.drift.document import Subject
from homelab_assets.drift.policy import policy_from
from homelab_assets.engine.address import parse_address
from homelab_assets.engine.known_hosts import judge, parse_known_hosts
from homelab_assets.engine.ssh_settings import _lookup
from homelab_assets.errors import UserError
from homelab_assets.lab.settings import load_lab
from homelab_assets.model import Captured
from homelab_assets.remediation import dotenv_text, identity, repository_docs, yaml_tree
from homelab_assets.remediation.fields import candidates
from homelab_assets.remediation.patch import patch_of
from homelab_assets.remediation.splice import CannotEdit, apply
from homelab_assets.remediation.wish import Wish
from homelab_assets.rendering import markdown
from homelab_assets.secrecy import Vault, find_secrets, redact

LENGTH, SECONDS = 100_000, 1.0
"""A text of this many characters is read in less than this many seconds of CPU."""


@cache
def _folder() -> Path:
    """A folder for targets that read files; it goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="homelab-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads text. `words`: what its language is made of. `fine`: the errors that are documented."""

    read: Callable[[str], object]
    words: tuple[str, ...]
    fine: tuple[type[Exception], ...] = field(default=(UserError,))


def _compose(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    for symbolic in (False, True):
        with suppress(UserError):
            compose.load(
                ["/s/c.yml"],
                read=lambda path: data if path == "/s/c.yml" else None,
                project_directory="/s",
                environment={},
                symbolic=symbolic,
            )


def _in_service(key: str) -> Callable[[str], None]:
    def read(text: str) -> None:
        _compose(f"services:\n  a:\n    image: x\n    {key}: {text}\n")

    return read


def _secrets(text: str) -> None:
    spans = find_secrets.__wrapped__(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))


def _seal(text: str) -> None:
    vault = Vault(b"0123456789abcdef")
    sealed = vault.seal("SETTING", text)
    if "<secret#" not in text:
        assert vault.reveal(sealed) == text
    assert vault.seal("SETTING", sealed) == sealed
    words = vault.seal_args(text.split(" "))
    assert vault.seal_args(words) == words
    redact(text)


def _edit(text: str) -> None:
    """Propose edits of a file, and read each result back."""
    for path, change, value in (
        ("environment.TZ", "changed", "UTC"),
        ("labels.a", "removed", None),
        ("ports.80/tcp", "added", "80:80"),
        ("image", "changed", "x:2"),
    ):
        with suppress(yaml_tree.Unreadable, CannotEdit):
            for splices in candidates(text, Wish(service="a", path=path, change=change, value=value)):
                with suppress(yaml_tree.Unreadable):
                    yaml_tree.parse(apply(text, splices))


def _patch(text: str) -> None:
    class Tree:
        def read(self, path: str) -> bytes:
            return text.encode("utf-8", "surrogatepass")

        def list(self, directory: str = "") -> tuple[str, ...]:
            return ()

    patch_of(Tree(), {text[:20] or "x": text[::-1].encode("utf-8", "surrogatepass"), "gone": None})


def _dotenv_edit(text: str) -> None:
    dotenv_text.names(text)
    for edit in (
        lambda: dotenv_text.set_value(text, "A", "b"),
        lambda: dotenv_text.remove(text, "A"),
        lambda: dotenv_text.add(text, "A", "b"),
    ):
        with suppress(CannotEdit):
            edit()


def _lab(text: str) -> None:
    file = _folder() / "lab.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    load_lab(str(file), {})


def _ssh(text: str) -> None:
    if "exec" in text.lower():
        return  # `Match exec` runs what follows
    file = _folder() / "ssh_config"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    _lookup("nas", file)


def _known_hosts(text: str) -> None:
    judge(parse_known_hosts(text), "nas", "ssh-ed25519", b"x")


def _policy(text: str) -> None:
    text = text[:500]  # lab.yaml takes no longer pattern
    policy = policy_from(
        {
            "ignore": [{"path": text, "service": text, "reason": "x"}],
            "severity": [{"path": text, "severity": "cosmetic"}],
        },
        {},
        "lab.yaml",
    )
    policy.ignoring(text[:1000] + "x", Subject("h", "s", "x" * 100), "2026-11-23")


def _inspect(text: str) -> None:
    vault = Vault(b"0123456789abcdef")
    service = {
        "com.docker.compose.project": "s",
        "com.docker.compose.service": "a",
        "com.docker.compose.project.config_files": text,
        "com.docker.compose.project.working_dir": text,
        "com.docker.compose.depends_on": text,
        text: text,
    }
    document = {
        "Id": "a" * 64, "Name": text, "Image": text, "Created": text, "State": {"Status": text}, "Path": text, "Args": [text],
        "Config": {"Image": text, "Env": [text], "Labels": service, "Cmd": [text], "Healthcheck": {"Test": ["CMD", text], "Interval": 1}, "Hostname": text, "ExposedPorts": {text: {}}, "Volumes": {text: {}}},
        "HostConfig": {"Binds": [text], "NetworkMode": text, "PortBindings": {text: [{"HostIp": text, "HostPort": text}]}, "ExtraHosts": [text], "Dns": [text], "Ulimits": [{"Name": text}], "Tmpfs": {text: text}, "LogConfig": {"Type": text, "Config": {text: text}}, "RestartPolicy": {"Name": text}},
        "Mounts": [{"Type": "bind", "Source": text, "Destination": text}], "NetworkSettings": {"Networks": {text: {"Aliases": [text]}}},
    }  # fmt: skip
    captured = Captured(
        host="h",
        captured_at="2026-11-23T06:00:00Z",
        engine={"version": {}, "info": {"SystemTime": text}},
        containers=[vault.seal_inspect(document)],
        images=[],
        networks=[],
        volumes=[],
    )
    compare_all([captured], [], vault=vault, policy=policy_from({}, {}, "lab.yaml"), now="2026-11-23T06:00:00Z")


def _markdown(text: str) -> None:
    (
        markdown.cell(text),
        markdown.code(text),
        markdown.fence(text),
        markdown.link(text, text),
        markdown.terminal_safe(text),
    )


def _markers(text: str) -> None:
    with suppress(markers.BrokenMarkers):
        made = markers.block("a", text)
        merged = markers.merge(text, made)
        assert merged.count(made) == 1
        assert markers.merge(merged, made) == merged


def _cron(text: str) -> None:
    next_run(text, datetime(2026, 11, 23, tzinfo=UTC))


def _identity(text: str) -> None:
    identity.read_marker(text), identity.read_trailers(text), identity.kebab(text), identity.read_body_marker(text)


_YAML = (
    ":",
    ": ",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "|",
    ">",
    "|2-\n",
    "'",
    '"',
    "\\",
    "\\'",
    "\\/",
    "#",
    " # ",
    "\t",
    "? ",
    "!",
    "!!int ",
    "!!binary ",
    "!reset ",
    "!override ",
    "%",
    "---\n",
    "...\n",
    "\ufeff",
    "\x85",
    "\u2028",
    "0x",
    "1_000",
    "9",
    "2026-01-01",
    "~",
    "null",
    "true",
)
_KEYS = (
    "services:",
    "a:",
    "image: ",
    "x:1",
    "environment:",
    "TZ",
    "labels:",
    "ports:",
    "volumes:",
    "networks:",
    "extends:",
    "include:",
    "service: a",
    "file: c.yml",
    "command: ",
    "healthcheck:",
    "deploy:",
    "x-a:",
    "env_file: ",
    "configs:",
    "secrets:",
    "depends_on:",
)
_DOLLAR = (
    "$",
    "$$",
    "${",
    "}",
    "{",
    "A",
    ":-",
    "-",
    ":?",
    "?",
    ":+",
    "+",
    "\n",
    " ",
    "\\",
    "'",
    '"',
    "\ue000",
    "\ue001",
    "0",
)
_URL = (
    "://",
    ":",
    "@",
    "/",
    "//",
    "http://",
    "password=",
    "token",
    "Authorization: Bearer ",
    "Basic ",
    "--password ",
    "-p",
    "-u a:",
    "curl ",
    "mysql ",
    "redis-cli -a ",
    "docker login -p ",
    "openssl pass:",
    "=",
    "&",
    "?",
    '"',
    "'",
    "\\",
    " ",
    "<password>",
    "</",
    "a",
    "0",
    "aB3",
    "ey",
    ".",
    "-----BEGIN PRIVATE KEY-----",
    "hooks/",
    "/api/webhooks/1/",
    "gotify://",
    "slack://",
    "sk-",
    "claim-",
    "$2y$",
    "{SHA}",
    "@ByteArray(",
    "${",
    "}",
    "ssh-rsa AAAA",
    "sha256:",
    "commit ",
    "/dev/",
    "<secret#0000.",
    ">",
    "\n",
    ",",
    ";",
    "|",
    "pass",
    "_",
    "-",
    "@tcp(",
    "@b:80",
    ":1001",
    ":::",
    "[",
    "]",
    "{",
    "api_keys: ",
    '"tokens": ',
    "password: >-\n  ",
    "- ",
    "echo ",
    "chpasswd",
    "<<<",
    "htpasswd -nb ",
    "openssl passwd ",
    "-u a;",
)

TARGETS: Mapping[str, Target] = {
    "compose": Target(_compose, (*_YAML, *_KEYS, *_DOLLAR)), "ports": Target(short_syntax.parse_port, ("80", ":", "-", "/", "tcp", "udp", "[", "]", "::1", "127.0.0.1", "9", "\ue0000\ue001", "²")),
    "volumes": Target(short_syntax.parse_volume, (":", "/", "./", "~", "ro", "rw", ",", "C:\\", "${", "}", "a", "z", "nocopy", "\ue0000\ue001")), "devices": Target(short_syntax.parse_device, (":", "/dev/a", "rwm")),
    "service ports": Target(_in_service("ports"), ("[", "]", "{", "}", '"', "target: ", "published: ", ",", "80", ":", "-", "9", "host_ip: ")), "service healthcheck": Target(_in_service("healthcheck"), ("{", "}", "interval: ", "1m", "9", "s", "e", ".", "test: ", "[", "]", ",", '"')),
    "service deploy": Target(_in_service("deploy"), ("{", "}", "resources: ", "limits: ", "cpus: ", "memory: ", "replicas: ", "9", "e", ".", "-", "m", '"', ",")), "service limits": Target(_in_service("mem_limit"), ("9", "e", ".", "-", "m", "gb", " ", "0x", "_", '"', "inf", "nan")),
    "sizes": Target(units.parse_size, ("9", "0", ".", "e", "+", "-", "k", "m", "g", "b", "ib", " ", "²")), "durations": Target(units.parse_duration, ("9", "0", ".", "-", "+", "ns", "µs", "m", "s", "h", "d", "²")),
    "interpolation": Target(interpolation.Interpolator({"A": "b"}.get).text, _DOLLAR), "dotenv": Target(dotenv.parse, ("A", "=", ":", " ", "\n", "\r\n", "#", "export ", "'", '"', "\\", "\\n", "\\0", "$", "${", "}", "\t", "[", "é", "\x85", "\ufeff")),
    "dotenv raw": Target(lambda text: dotenv.parse_raw(text.encode("utf-8", "surrogatepass"), {}.get, file="x"), ("A", "=", " ", "\n", "#", "\t")), "dotenv edits": Target(_dotenv_edit, ("A", "=", " ", "\n", "\r", "#", "'", '"', "\\", "$", "export ", "\t")),
    "shell words": Target(shellwords.split, (" ", "'", '"', "\\", "`", "$(", ")", "(", ";", "|", "2>", "a", "<secret#0.0>", "\uf8f0")), "traefik": Target(lambda text: traefik.routers_of({"traefik.http.routers.a.rule": text, text: text}), ("Host(", "`a`", "`", ")", "(", "&&", "||", "!", "PathPrefix(", '"', ",", " ", "a.b", "HostRegexp(", "traefik.http.routers.", ".rule")),
    "secrets": Target(_secrets, _URL), "sealing": Target(_seal, _URL), "edits": Target(_edit, (*_YAML, *_KEYS)), "yaml tree": Target(yaml_tree.parse, (*_YAML, *_KEYS)), "patch": Target(_patch, ("a", "\n", "\r", "\0", "é", "\\", "+", "-")),
    "stack targets": Target(lambda text: repository_docs.with_target(text, "new", "nas"), (*_YAML, "web", "nas"), (UserError, CannotEdit)), "readme": Target(lambda text: repository_docs.repository_readme(text, [], "2026-11-23T06:00:00Z"), ("<!-- homelab-assets:begin ", "services", " -->", "\n", "<!-- homelab-assets:end ", "-->", "`", "_Last audited"), (UserError, markers.BrokenMarkers)),
    "lab.yaml": Target(_lab, (*_YAML, "hosts:", "nas:", "docker: ", "ssh://x", "budget: ", "9", "repositories:", "path: ", "forge:", "media:", "drift:", "ignore:")), "ssh config": Target(_ssh, ("Host ", "nas", "*", "!", "\n", "Match host ",  "host ", "all", "Port ", "99999", "HostName ", "%h", "%", "=", '"', "ProxyJump ", "ProxyCommand ", "IdentityFile ", "~", "Include ", "#", "canonical ", "final ", "localuser ", " ")),
    "known_hosts": Target(_known_hosts, ("nas", ",", " ", "\n", "|1|", "=", "ssh-ed25519 ", "AAAA", "@revoked ", "@cert-authority ", "*", "?", "!", "[", "]:", "#")), "policy": Target(_policy, ("*", "?", "[", "]", "!", ".", "a", "environment", "x", "-")), "inspect": Target(_inspect, (":", "/", "=", "80/tcp", ",", "a", "9", "-", ".", "\0", "sha256:", "@", "container:", "service:", "${A}", "\ue0000\ue001", "ro", "CMD", " ", "'", '"')),
    "addresses": Target(parse_address, ("ssh://", "tcp://", "unix://", "/", "@", ":", "[", "]", "-", "a", "9", "%", "?", "#")), "cron": Target(_cron, ("*", "/", "-", ",", "1", "9", " ", "mon", "@daily", "jan", "0"), (ValueError,)), "markdown": Target(_markdown, ("`", "|", "\\", "<", ">", "@", "http://", "www.", "GH-1", "&", "\n", "[", "]", "(", ")", "*", "\x1b[", "\u202e", ":", "javascript:")),
    "markers": Target(_markers, ("<!-- homelab-assets:begin ", "<!-- homelab-assets:end ", "a", " -->", "\n", "\r", "-", "x")), "identity": Target(_identity, ("<!-- homelab-assets:drift ", "a/b/c", " ", "0123456789abcdef", " -->", "\n", "Audit-Identity: ", "Audit-Digest: ", "Audit-Content: ", "%2F", "/", "-")),
}  # fmt: skip


def texts(target: Target) -> st.SearchStrategy[str]:
    """Make texts of a target's words, of anything, and of both."""
    word = st.sampled_from(target.words)
    anything = st.text(st.characters(codec="utf-8", exclude_categories=()), max_size=12)
    return st.lists(word | word | word | anything, max_size=40).map("".join)


def repetitions(target: Target) -> list[tuple[str, str]]:
    """Give what is worth being repeated, as (beginning, what is repeated): each word, and each pair of words."""
    pairs = itertools.product(target.words, repeat=2)
    return [*(("", word) for word in target.words), *(p for a, b in pairs for p in (("", a + b), (a, b)))]


def check(target: Target, text: str, most: float = SECONDS) -> str | None:
    """Read a text; return what is wrong with how it went, None where nothing is."""
    started = time.process_time()
    try:
        target.read(text)
    except target.fine:
        pass
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    taken = time.process_time() - started
    return f"{taken:.1f} s for {len(text)} characters" if taken > most else None


def check_long(target: Target, beginning: str, repeated: str) -> tuple[str, str] | None:
    """Repeat a text up to `LENGTH` characters, in steps, so that what grows too fast is seen before it takes hours."""
    for length, most in ((LENGTH // 100, SECONDS / 5), (LENGTH // 10, SECONDS / 2), (LENGTH, SECONDS)):
        text = beginning + repeated * (length // len(repeated))
        # Twice, because other machines may take this one's time.
        if check(target, text, most) is not None and (why := check(target, text, most)) is not None:
            return text, why
    return None


def explore(name: str, seconds: float) -> dict[str, str]:
    """Look for bad inputs of a target for a time; returns them with what is wrong, one for each kind of fault."""
    target, found = TARGETS[name], dict[str, str]()
    check(target, "x")  # What is imported late is no fault.
    deadline = time.monotonic() + seconds

    def note(text: str, why: str | None) -> None:
        if why is not None:
            kind = re.sub(r"\d+|'.*'", "…", why)
            if kind not in found or len(text) < len(found[kind]):
                found[kind] = text

    @settings(
        max_examples=10**9, database=None, deadline=None, derandomize=False, suppress_health_check=list(HealthCheck)
    )
    @given(texts(target), st.integers(0, 9))
    def run(text: str, repeated: int) -> None:
        if time.monotonic() > deadline:
            raise TimeoutError
        note(text, check(target, text))
        if not repeated and text:
            note(*(check_long(target, "", text) or (text, None)))

    worth = repetitions(target)
    random.shuffle(worth)
    for beginning, repeated in worth:
        if time.monotonic() > deadline - seconds / 3:
            break
        note(*(check_long(target, beginning, repeated) or ("", None)))
    with suppress(TimeoutError, BaseExceptionGroup):
        run()
    return {
        text if len(text) <= 400 else f"{text[:80]} … ({len(text)} characters)": kind for kind, text in found.items()
    }


def guided(name: str, seconds: float) -> None:
    """Let atheris run one target; it ends the process at the first fault, or when the time is over."""
    import atheris

    target = TARGETS[name]

    def one(data: bytes) -> None:
        text = atheris.FuzzedDataProvider(data).ConsumeUnicode(4000)
        if (why := check(target, text)) is not None:
            raise AssertionError(f"{name}: {why}: {text!r}")

    dictionary = _folder() / "words.dict"
    escaped = ("".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass")) for word in target.words)
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
    atheris.instrument_all()
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds:g}",
            f"-dict={dictionary}",
            "-timeout=20",
            "-print_final_stats=0",
            "-verbosity=0",
        ],
        one,
    )
    atheris.Fuzz()


def main() -> int:
    """Fuzz the targets that are named, or all."""
    parser = argparse.ArgumentParser(description="Fuzz what reads text from outside.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--atheris", action="store_true", help="one target, guided by coverage")
    options = parser.parse_args()
    names: list[Any] = options.targets or list(TARGETS)
    if options.atheris:
        guided(names[0], options.seconds)
        return 0
    bad = 0
    for name in names:
        found = explore(name, options.seconds)
        bad += bool(found)
        print(f"{name}: {len(found) or 'no'} faults", flush=True)
        for text, why in found.items():
            print(f"  {why}\n    {text!r}", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
