"""Severity and ignore rules: data, checked when it is read."""

from typing import Any

import pytest

from homelab_assets.drift.document import DriftDocument, Subject
from homelab_assets.drift.policy import DEFAULTS, Policy, policy_from
from homelab_assets.errors import ConfigurationError
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import audit, baseline, capture

WHERE = Subject("h", "s", "x")


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("image", "breaking"), ("ports.80/tcp", "breaking"), ("volumes./config", "breaking"),
        ("network_mode", "breaking"),
        ("privileged", "breaking"), ("environment.TZ", "functional"), ("networks.proxy", "functional"),
        ("command", "functional"), ("mem_limit", "functional"), ("restart", "functional"), ("labels.a.b", "cosmetic"),
        ("labels.traefik.http.routers.x.rule", "functional"), ("container_name", "functional"),
    ],
)  # fmt: skip
def test_shipped_severities(path: str, severity: str) -> None:
    rule = Policy().judge(path, WHERE, "changed")
    assert (rule.severity, bool(rule.reason)) == (severity, True)


def test_the_last_shipped_rule_takes_everything() -> None:
    assert DEFAULTS[-1].scope.path == "*"


def test_rules_of_the_lab_come_first() -> None:
    policy = policy_from({"severity": [{"path": "labels.*", "severity": "breaking", "stack": "s"}]}, {}, "lab.yaml")
    assert policy.judge("labels.x", WHERE, "changed").severity == "breaking"
    assert policy.judge("labels.x", WHERE._replace(stack="t"), "changed").severity == "cosmetic"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"ignore": [{"path": "enviroment.*", "reason": "r"}]}, "no difference is called `enviroment`"),
        ({"severity": [{"path": "lables.*", "severity": "cosmetic"}]}, "no difference is called `lables`"),
        ({"ignore": [{"reason": "all"}, {"service": "x", "reason": "r"}]}, "takes all that it would"),
        ({"severity": [{"path": "labels.*", "severity": "cosmetic"}, {"path": "labels.a.*", "severity": "breaking"}]},
         "takes all that it would"),
    ],
)  # fmt: skip
def test_a_rule_that_can_never_match_is_an_error(section: dict[str, Any], message: str) -> None:
    lines = {"drift.ignore[0]": 3, "drift.ignore[1]": 4, "drift.severity[0]": 3, "drift.severity[1]": 4}
    with pytest.raises(ConfigurationError) as caught:
        policy_from(section, lines, "lab.yaml")
    assert message in caught.value.what
    assert str(caught.value.where) in ("lab.yaml:3", "lab.yaml:4")


def test_an_expired_rule_shadows_nothing() -> None:
    policy_from(
        {"ignore": [{"path": "labels.*", "reason": "r", "until": "2020-01-01"}, {"path": "labels.x", "reason": "r"}]},
        {},
        "f",
    )


def audited(*rules: dict[str, Any]) -> DriftDocument:
    seen = [container("web", "app", env={"A": "1", "B": "2"}), container(None, "hand", name="hand", networks={})]
    stack = baseline("web", {"services": {"app": {"image": "plain:1"}}})
    policy = policy_from({"ignore": list(rules)}, {"drift.ignore[0]": 7}, "lab.yaml")
    return audit(capture(seen, images=[image("plain:1", Cmd=["run"])]), [stack], policy=policy)


def test_an_ignored_difference_is_counted_not_shown() -> None:
    document = audited({"path": "environment.A", "reason": "known", "until": "2026-12-31"})
    assert [item.path for service in document.services for item in service.items] == ["environment.B"]
    assert [(one.path, one.reason, one.rule, one.until) for one in document.ignored] == [
        ("environment.A", "known", 1, "2026-12-31")
    ]
    assert document.summary["ignored"] == 1


def test_a_service_without_other_differences_is_clean() -> None:
    document = audited({"path": "environment.*", "service": "app", "reason": "known"})
    assert {service.service: service.status for service in document.services} == {"app": "clean", "hand": "unmanaged"}


def test_a_rule_without_a_path_hides_a_whole_service() -> None:
    document = audited({"service": "hand", "reason": "not in git"})
    assert [service.service for service in document.services] == ["app"]
    assert [(one.service, one.path) for one in document.ignored] == [("hand", "unmanaged")]


@pytest.mark.parametrize(
    ("rule", "notice"),
    [
        ({"path": "labels.*", "reason": "r"}, "lab.yaml:7: the ignore rule for `labels.*` matched nothing"),
        (
            {"path": "environment.*", "reason": "r", "until": "2026-11-22"},
            "lab.yaml:7: the ignore rule for `environment.*` expired on 2026-11-22",
        ),
        ({"path": "environment.*", "reason": "r", "until": "2026-11-23"}, None),
    ],
)
def test_notices(rule: dict[str, Any], notice: str | None) -> None:
    assert list(audited(rule).notices) == ([notice] if notice else [])
