"""What `fuzz.py` found, and a little of what it does: every reader of foreign text on texts of its own words."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from homelab_assets_tests.security.fuzz import LENGTH, SECONDS, TARGETS, check, texts

# (target, beginning, what is repeated up to 100,000 characters): they ended in an unexpected error, or took for ever.
FOUND: tuple[tuple[str, str, str], ...] = (
    ("compose", "", "true!"), ("compose", 'x-a: "', "\\'"), ("compose", "x-a: [", '"\\\'",'), ("compose", "# a\n", "\t# b\n"), ("compose", "services: {a: {image: x, ports: [", '"80:80", '),
    ("compose", "a: ", "9"), ("compose", "services: {a: {image: x, mem_limit: ", "9"), ("ports", "", "80"), ("ports", "80:", "0"), ("durations", "", "9"), ("durations", "1", "9"), ("sizes", "", "9"),
    ("service ports", "[", "9"), ("service healthcheck", "{interval: 1", "9"), ("service deploy", "{replicas: ", "9"), ("service limits", "", "9"), ("yaml tree", "", "{\t"), ("yaml tree", "", "- "), ("stack targets", "", "- "),
    ("lab.yaml", "hosts: ", "["), ("lab.yaml", "hosts: ", "{a: "), ("lab.yaml", "", "- "), ("lab.yaml", "reports: {keep_days: ", "9"), ("secrets", "", "@ByteArray(password="), ("secrets", "", "@ByteArray("), ("secrets", "", "password=a"),
    ("secrets", "", "curl "), ("secrets", "", "://a:"), ("secrets", "", "a://b:c/"), ("secrets", "", "-----BEGIN PRIVATE KEY-----"), ("secrets", "", "<password>"), ("secrets", "password=", "\\"), ("sealing", "", "password=@ByteArray("),
    ("secrets", "", "password:["), ("secrets", "", '{"tokens":["'), ("secrets", "password: |\n", "  a\n"), ("secrets", "", "password: |\n  "), ("secrets", "api_keys:", "\n- a"), ("secrets", "", "api_keys:\n- "), ("secrets", "@tcp(", "a:"), ("secrets", "@", "::::"),
    ("secrets", "", "a:b:1001:"), ("secrets", "", "a:bcd:::"), ("secrets", "", "echo a:b "), ("secrets", "| chpasswd", "'a:"), ("secrets", "", "echo x|passwd "), ("secrets", "", "htpasswd -nb "), ("secrets", "htpasswd", " -b 1"), ("secrets", "", "openssl passwd -salt "), ("secrets", "mc alias set ", "a "), ("sealing", "", "redis-cli -a ;"), ("sealing", "", "echo mysql "),
    ("dotenv", "", "A\n"), ("markdown", "", "`"), ("traefik", "", "("), ("markers", "", "<!-- homelab-assets:begin a -->\n"),
)  # fmt: skip
ODD: tuple[tuple[str, str], ...] = (
    ("addresses", "ssh://%-d\u0130:"), ("addresses", "tcp://\u0130@\u0130x"), ("stack targets", "a: &a [*a]"), ("lab.yaml", "hosts: &a {nas: *a}"), ("compose", "services: &a {a: *a}"), ("compose", "a: 2026-13-45"),
    ("cron", "* * * * 9" * 9), ("ssh config", "Match host x\nHost *\n Port 99999999999999999999"), ("inspect", "\0"), ("inspect", "container:"), ("policy", "[" * 500), ("dotenv", "A=${"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "beginning", "repeated"), FOUND, ids=lambda text: str(text)[:12])
def test_what_was_found_stays_found(name: str, beginning: str, repeated: str) -> None:
    target = TARGETS[name]
    check(target, "x")
    text = beginning + repeated * (LENGTH // len(repeated))
    # A fault of its own takes minutes; a busy machine is given some time.
    assert check(target, text, 5 * SECONDS) is None


@pytest.mark.parametrize(("name", "text"), ODD)
def test_odd_texts(name: str, text: str) -> None:
    assert check(TARGETS[name], text) is None


@pytest.mark.parametrize("name", TARGETS)
def test_every_reader_ends_well(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=25)
    @given(texts(target))
    def run(text: str) -> None:
        assert check(target, text, 10 * SECONDS) is None

    run()


def test_how_fast_secrets_are_found(tally: Callable[[str], None]) -> None:
    """The slowest of what is repeated, so that a pattern that grows too fast shows."""
    slowest = 0.0
    for name, beginning, repeated in FOUND:
        if name == "secrets":
            started = time.process_time()
            check(TARGETS[name], beginning + repeated * (LENGTH // len(repeated)), 60)
            slowest = max(slowest, time.process_time() - started)
    assert slowest < 5 * SECONDS
    tally(
        f"{len(TARGETS)} readers of foreign text fuzzed, {len(FOUND) + len(ODD)} found inputs kept; secrets in 100,000 characters: {slowest:.1f} s at most"
    )
