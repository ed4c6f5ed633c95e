"""Real engines answered, once: right after `up` an audit finds nothing, after each manual change exactly that."""

import json
from collections.abc import Mapping
from functools import cache

import pytest
from msgspec.structs import replace

from homelab_assets.drift.behind_variables import woken
from homelab_assets.drift.document import ServiceDrift
from homelab_assets.drift.known_host import KnownHost
from homelab_assets.drift.policy import Policy
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift import stacks
from homelab_assets_tests.drift.defined import defined
from homelab_assets_tests.drift.mutations import Mutation
from homelab_assets_tests.drift.world import KEY, NOW, at_rest, audit, audit_stored, baseline, found, recording

ENGINES = ("20.10.24-compose-2.40.3", "20.10.24-compose-2.26.1", "28.5.2-compose-2.40.3", "28.5.2-compose-2.20.3")
DEFINED = ("20.10.24-compose-2.40.3", "20.10.24-compose-1.29.2", "28.5.2-compose-2.40.3", "28.5.2-compose-2.26.1")


@pytest.mark.parametrize(
    ("engine", "verified"), [*((engine, 93) for engine in ENGINES), ("20.10.24-compose-1.29.2", 0)]
)
def test_nothing_is_reported_right_after_up(engine: str, verified: int) -> None:
    document = audit(recording(f"traps-{engine}"), [baseline("traps", stacks.traps_of(engine), extra=stacks.EXTRA)])
    assert not document.problems
    assert [(service.service, service.items) for service in document.services if service.items] == []
    assert {service.status for service in document.services} == {"stopped"}, "created, and never started"
    assert document.summary["verified"] >= verified
    assert len(document.services) >= 85


@pytest.mark.parametrize("compose", ["2.40.3", "2.20.3"])
@pytest.mark.parametrize("stack", ["traps", "manual"])
def test_an_engine_29_that_was_asked_in_its_own_api_is_judged_as_a_28(stack: str, compose: str) -> None:
    git = stacks.traps(compose) if stack == "traps" else stacks.manual_changes()[0]
    older, newer = (
        audit(recording(f"{stack}-{engine}-compose-{compose}"), [baseline(stack, git, extra=stacks.EXTRA)])
        for engine in ("28.5.2", "29")
    )
    assert newer.services == older.services
    assert newer.summary == older.summary


@pytest.mark.parametrize(("version", "verified"), [("4.3.1", 87), ("5.4.2", 90), ("5.8.6", 87)])
def test_podman_differs_where_it_ignores_what_git_says(version: str, verified: int) -> None:
    """Compose v2 through podman's socket: a few values never arrive there, all others do or can't be seen."""
    git = (stacks.DATA / "traps.yml").read_text()
    document = audit(recording(f"traps-podman-{version}-compose-2.40.3"), [baseline("traps", git, extra=stacks.EXTRA)])
    assert not document.problems
    refused, ignored = {"s19", "s38", "s45", "s61", "s90"}, {}
    if version == "5.8.6":
        refused |= {"s54", "s92"}
    else:
        ignored = {
            "s05": [("entrypoint", "removed", "breaking")],
            "s35": [("networks.n2", "removed", "functional")],
            "s36": [("networks.n1", "removed", "functional")],
            "s54": [("healthcheck.interval", "changed", "functional")],
        }
    if version == "4.3.1":
        ignored["s40"] = [("ipc", "removed", "breaking")]
    missing = {service.service for service in document.services if service.status == "missing"}
    assert missing == refused, "podman can't create them"
    assert {service.service: found(service) for service in document.services if service.items} == ignored
    assert document.summary["verified"] >= verified


@pytest.mark.parametrize(
    ("address", "items"),
    [("10.78.0.9", []), ("10.78.0.10", [("networks.default.ipv4_address", "changed", "functional")])],
)
def test_podman_shows_the_address_of_what_runs(address: str, items: list[tuple[str, str, str]]) -> None:
    git, captured = (stacks.DATA / "traps.yml").read_text(), recording("traps-podman-5.8.6-compose-2.40.3")
    containers = json.loads(json.dumps(captured.containers))
    one = next(container for container in containers if container["Name"] == "/traps-s79-1")
    one["State"] |= {"Status": "running", "Running": True}
    one["NetworkSettings"]["Networks"]["traps_default"] |= {"IPAMConfig": None, "IPAddress": address}
    document = audit(replace(captured, containers=tuple(containers)), [baseline("traps", git, extra=stacks.EXTRA)])
    assert found(next(service for service in document.services if service.service == "s79")) == items


_PODMAN = "podman-5.8.6-compose-2.40.3"
_UNSEEN_ON_PODMAN = frozenset(
    {
        *("m027", "b027", "m038", "b038", "m050", "b050", "m053", "m063", "m064", "b064", "m069", "b069", "m070"),
        *("m077", "m083", "b083", "m084", "b084", "b102", "m103", "m104", "m110", "b110"),
    }
)
"""Manual changes that podman's API doesn't show, or shows as it shows what podman does by itself."""


def test_podman_shows_nearly_every_change() -> None:
    verdicts = _changed(_PODMAN)
    assert {name for name, verdict in verdicts.items() if verdict.status == "missing"} == {"m081", "m102"}
    for name, (mutation, change) in stacks.manual_changes()[2].items():
        if name in ("m081", "m102"):
            continue
        said = "changed" if name == "b081" else change  # an image's health check isn't shown
        wanted = [] if name in _UNSEEN_ON_PODMAN else [(mutation.path, said, mutation.severity)]
        assert found(verdicts[name]) == wanted, (name, mutation.name)
    assert found(verdicts["anchor"]) == []


@cache
def _changed(engine: str) -> Mapping[str, ServiceDrift]:
    git, _, _ = stacks.manual_changes()
    document = audit(recording(f"manual-{engine}"), [baseline("manual", git)])
    assert not document.problems
    return {service.service: service for service in document.services}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("service", "mutation", "change"),
    [(name, mutation, change) for name, (mutation, change) in stacks.manual_changes()[2].items()],
    ids=[f"{mutation.name}-{change}" for mutation, change in stacks.manual_changes()[2].values()],
)
def test_exactly_the_one_change_is_reported(engine: str, service: str, mutation: Mutation, change: str) -> None:
    verdict = _changed(engine)[service]
    assert found(verdict) == [(mutation.path, change, mutation.severity)]
    assert verdict.status == "drifted"


@pytest.mark.parametrize("engine", ENGINES)
def test_another_process_reports_the_same_of_what_is_stored(engine: str) -> None:
    stack, vault = baseline("manual", stacks.manual_changes()[0]), Vault(KEY)
    stored = at_rest(recording(f"manual-{engine}", vault), [stack], vault)
    document = audit_stored(stored, [stack])
    told = {service.service: found(service) for service in document.services}
    assert told == {name: found(service) for name, service in _changed(engine).items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_untouched_services_stay_clean(engine: str) -> None:
    changed = set(stacks.manual_changes()[2])
    assert [found(verdict) for name, verdict in _changed(engine).items() if name not in changed] == [[]]


@pytest.mark.parametrize("engine", DEFINED)
@pytest.mark.parametrize("stored", [False, True])
def test_each_definition_that_changes_in_git_is_one_item(engine: str, stored: bool) -> None:
    version = tuple(map(int, engine.rpartition("-")[2].split(".")))
    made, vault = defined(version, newest=engine.startswith("28")), Vault(KEY)
    captured = recording(f"definitions-{engine}", vault)
    if stored:
        rest, vault = at_rest(captured, [baseline("defined", made.document)], vault), Vault(KEY)
        assert "hunter2abc" not in str(rest.volumes)
        captured = woken(rest, [baseline("defined", made.document)], vault)
    assert made.all_at_once.mistakes("defined", captured, vault, hashed=version >= (2, 32)) == []


def test_no_secret_stands_in_the_document() -> None:
    git, _, _ = stacks.manual_changes()
    text = str(audit(recording(f"manual-{ENGINES[0]}"), [baseline("manual", git)]).to_json())
    for secret in ("hunter2abc", "hunter3abc", "pw1x", "pw2x", "<secret#"):
        assert secret not in text


@pytest.mark.parametrize("engine", ENGINES)
def test_a_known_host_judges_what_git_says_now_as_an_audit_does(engine: str) -> None:
    stack, vault = baseline("manual", stacks.manual_changes()[0]), Vault(KEY)
    known = KnownHost(recording(f"manual-{engine}", vault), [stack], vault)
    for _ in range(2):
        judged = {verdict.service: verdict for verdict in known.verdicts(stack, Policy(), NOW[:10])}
        assert judged == _changed(engine)
