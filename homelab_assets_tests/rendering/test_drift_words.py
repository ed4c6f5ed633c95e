"""The drift document in one sentence: what was found, and whether everything could be looked at; and as a report."""

import re

import pytest
from msgspec.structs import replace

from homelab_assets.drift.document import DriftDocument, HostStatus, Item, ServiceDrift
from homelab_assets.rendering.drift_markdown import drift_markdown
from homelab_assets.rendering.drift_terminal import drift_terminal
from homelab_assets.rendering.drift_words import advice, headline

CAPTURED, DOWN = HostStatus(name="a", status="captured"), HostStatus(name="b", status="unreachable", error="no answer")
CLEAN = ServiceDrift(host="a", stack="s", service="web", container="web", status="clean")
DRIFTED = replace(CLEAN, status="drifted", items=(Item(path="image", change="changed", severity="breaking"),))


@pytest.mark.parametrize(
    ("hosts", "services", "sentence"),
    [
        ([CAPTURED], [], "No service was found, in git or running"),
        ([DOWN], [], "Nothing could be audited"),
        ([CAPTURED], [CLEAN], "1 service audited, no drift: what is in git is what is running"),
        ([CAPTURED, DOWN], [CLEAN], "1 service audited, no drift; not everything could be audited"),
        (
            [CAPTURED, DOWN],
            [CLEAN, DRIFTED],
            "1 drifted of 2 services; 1 difference: 1 breaking, 0 functional, 0 cosmetic; "
            "not everything could be audited",
        ),
    ],
)
def test_headline(hosts: list[HostStatus], services: list[ServiceDrift], sentence: str) -> None:
    document = DriftDocument(generated_at="2026-11-23T06:00:00Z", hosts=hosts, baselines=(), services=services)
    assert headline(document) == sentence


def test_what_was_never_deployed_is_not_said_to_be_behind_git() -> None:
    behind = replace(DRIFTED, cause="git_ahead", remedy="deploy")
    assert "this container" in advice(behind)
    assert "container" not in advice(replace(CLEAN, container=None, status="missing", remedy="deploy"))


def test_each_finding_of_the_report_leads_to_its_own_service() -> None:
    places = [("a", "b-c", "d"), ("a", "b", "c-d"), ("a", "b_c", "d"), ("a", None, "b-c-d"), ("a.b", "c", "d")]
    services = [replace(DRIFTED, host=host, stack=stack, service=name) for host, stack, name in places]
    hosts = [CAPTURED, replace(CAPTURED, name="a.b")]
    report = drift_markdown(
        DriftDocument(generated_at="2026-11-23T06:00:00Z", hosts=hosts, baselines=(), services=services)
    )
    leads = dict(re.findall(r"^\| \[([^\]]+)\]\(#([^)]+)\)", report, re.MULTILINE))
    stands = re.findall(r'<a id="([^"]+)"></a>\n\n### (.+)', report)
    assert len({anchor for anchor, _ in stands}) == len(places)
    assert {title: anchor for anchor, title in stands} == leads


def test_why_services_are_not_judged_is_said_once() -> None:
    services = [replace(CLEAN, service=name, status="unknown", note="apps could not be read") for name in ("web", "db")]
    services.append(replace(DRIFTED, status="unknown", note="it changed meanwhile"))
    problem = {"kind": "repository", "what": "no such folder", "where": "/apps", "hint": "clone it there"}
    text = drift_terminal(
        DriftDocument(
            generated_at="2026-11-23T06:00:00Z", hosts=[CAPTURED], baselines=(), services=services, problems=[problem]
        ),
        color=False,
    )
    assert "\n\nnot judged: apps could not be read\n    a / s / web\n    a / s / db\n\n" in text
    assert "a / s / web  not judged  breaking\n    it changed meanwhile\n  ~ image" in text
    assert "problem /apps: no such folder\n  clone it there\n" in text
