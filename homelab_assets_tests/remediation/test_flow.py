"""From a recorded homelab to pull requests on both forges, over a real remote, and back to no drift."""

import re
from typing import Any

import pytest
from click.testing import CliRunner

from homelab_assets.audit import run_audit
from homelab_assets.cli import main
from homelab_assets.remediation.branches import push_plan
from homelab_assets.remediation.flow import open_pull_requests, plan_audit
from homelab_assets.remediation.journal import read_journal
from homelab_assets.repository.git import Git
from homelab_assets.repository.git_errors import GitError
from homelab_assets.secrecy import Vault
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.forge.state import Refused
from homelab_assets_tests.remediation.world import World

pytestmark = pytest.mark.scenario

COMPOSE = "stacks/dns-pihole/docker-compose.yml"


def statuses(outcomes: dict) -> dict[str, str]:
    return {service: outcome.status for service, outcome in outcomes.items()}


def noted(world: World) -> list[str]:
    """What the journal says happened to the one pull request about pihole."""
    entries, problem = read_journal(world.lab().state)
    assert problem is None
    (entry,) = [one for one in entries or () if one.service == "pihole"]
    assert entry.state == {"reopened": "open", "opened": "open"}.get(entry.events[-1][1], entry.events[-1][1])
    return [what for _, what in entry.events]


def test_opens_one_each_then_nothing_more_then_merges_to_no_drift(world: World) -> None:
    before = world.snapshot()
    first = world.run()
    opened = [service for service, status in statuses(first).items() if status == "opened"]
    assert len(opened) >= 8
    assert statuses(first)["portainer"] == "refused"
    assert first["portainer"].why.startswith("labels.traefik.http.routers.portainer.rule: git builds it with `DOMAIN`")
    pull = world.pull("pihole")
    assert pull.title == "fix(pihole): sync DNS config with running state"
    assert pull.head.startswith("fix/drift-pihole-2026")
    assert set(pull.labels) == {"drift-remediation", "severity/functional"}
    assert "git revert" in pull.body
    assert "docker compose up -d --force-recreate" in pull.body
    assert len(world.repository.problems) == 1
    assert world.snapshot() == before
    changed = run(world.clone, "ls-remote", "origin")
    writes = len(world.repository.writes)
    for _ in range(4):
        assert set(statuses(world.run()).values()) == {"unchanged", "refused"}
    assert len(world.repository.writes) == writes
    assert run(world.clone, "ls-remote", "origin") == changed
    world.merge_all()
    _, audit, plans = world.audit()
    left = {
        v.service: [item.path for item in v.items] for v in audit.document.services if v.service in opened and v.items
    }
    # A network that was attached by hand lacks the service's name, which only Compose gives: its body said so.
    assert left == {"grafana": ["networks.automations-n8n_default.aliases"]}
    assert "will differ until the next deploy" in world.pull("grafana").body
    assert [plan for plan in plans if plan.actionable] == []


def test_an_edit_touches_one_line_and_no_other_file(one_world: World) -> None:
    one_world.run(only="radarr")
    pull = one_world.pull("radarr")
    stat = run(one_world.origin, "diff", "--numstat", "main", pull.head).splitlines()
    assert [line.split("\t")[:2] for line in stat if line.endswith("compose.yml")] == [["1", "1"]]
    assert {line.split("\t")[2] for line in stat} <= {"stacks/media-indexers/docker-compose.yml", "README.md"}
    log = run(one_world.origin, "log", "-1", "--format=%s%n%ce", pull.head)
    assert log == "fix(radarr): sync image with running state\ndrift-detector@homelab.invalid"


def test_what_was_not_asked_for_is_not_mentioned(one_world: World) -> None:
    one_world.settings = "remediation: {max_new_per_run: 20, max_open: 8}"
    first = statuses(one_world.run())
    assert list(first.values()).count("opened") == 8
    said: list[str] = []
    lab, audit, plans = one_world.audit("pihole")
    done = open_pull_requests(lab, audit, plans, whole=False, progress=said.append)
    assert [(outcome.identity.service, outcome.status) for outcome in done] == [("pihole", "unchanged")]
    assert len(said) == 1
    # They are open all the same, and count.
    (waiting,) = (service for service, status in first.items() if status == "waiting")
    assert statuses(one_world.run(only=waiting)) == {waiting: "waiting"}


def test_what_was_merged_is_fetched_first(one_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lab_file = one_world.lab().file
    monkeypatch.setenv("HOMELAB_STATE", str(one_world.root / "state"))
    monkeypatch.setenv("GITEA_TOKEN", "t0ken-of-the-test")

    def remediate(*options: str) -> str:
        return CliRunner().invoke(main, ["remediate", "--service", "pihole", "--lab", str(lab_file), *options]).stdout

    assert remediate("--open").startswith("opened")
    one_world.repository.merge(one_world.pull("pihole").number)
    before = run(one_world.clone, "rev-parse", "origin/main")
    assert "to open" in remediate()
    assert run(one_world.clone, "rev-parse", "origin/main") == before
    assert remediate("--open") == "Nothing to do, and no pull request about it is open.\n"
    assert run(one_world.clone, "rev-parse", "origin/main") == run(one_world.origin, "rev-parse", "main")


def test_a_person_s_commits_are_never_overwritten(world: World) -> None:
    world.run(only="pihole")
    pull = world.pull("pihole")
    mine = world.push_by_hand(pull.head, COMPOSE, "9.9.9.9", "8.8.8.8")
    for _ in range(2):
        assert statuses(world.run(only="pihole")) == {"pihole": "edited"}
    assert world.repository.branch(pull.head) == mine
    assert len([c for c in pull.comments if "commits of yours" in c]) == 1
    # Not even when the drift is gone: it stays open for the person to close.
    assert statuses(world.run(without="pihole"))["pihole"] == "kept"
    assert pull.state == "open"


def test_a_person_s_refusal_counts_for_exactly_that_change(world: World) -> None:
    world.run(only="pihole")
    pull = world.pull("pihole")
    pull.state = "closed"
    writes = len(world.repository.writes)
    assert statuses(world.run(only="pihole")) == {"pihole": "declined"}
    assert len(world.repository.writes) == writes
    # Git moves on, so the difference is another one.
    world.push_by_hand("main", COMPOSE, "1.1.1.1;1.0.0.1", "4.4.4.4;4.0.0.4")
    _, _, plans = world.audit()
    plan = next(plan for plan in plans if plan.identity.service == "pihole")
    if plan.actionable:
        assert statuses(world.run(only="pihole")) == {"pihole": "opened"}
    else:
        assert "deploy" in plan.refused[0].why


def test_closed_when_the_drift_is_gone_and_reopened_when_it_returns(world: World) -> None:
    world.run()
    pull = world.pull("pihole")
    assert statuses(world.run(without="pihole"))["pihole"] == "closed"
    assert pull.state == "closed"
    assert any("host and git agree" in comment for comment in pull.comments)
    assert statuses(world.run(without="pihole")).get("pihole") is None
    assert statuses(world.run())["pihole"] == "reopened"
    assert pull.state == "open"
    assert set(statuses(world.run()).values()) == {"unchanged", "refused"}
    assert noted(world) == ["opened", "closed", "reopened"]
    world.merge_all()
    world.run(without="pihole")
    assert noted(world) == ["opened", "closed", "reopened", "merged"]


def test_a_branch_that_vanished_while_closed_gets_a_pull_request_again(world: World) -> None:
    world.run(only="pihole")
    pull = world.pull("pihole")
    world.run(without="pihole")
    world.repository._git("update-ref", "-d", f"refs/heads/{pull.head}")
    assert statuses(world.run(only="pihole"))["pihole"] in ("reopened", "opened")
    assert [p.state for p in world.repository.pulls if "/pihole " in p.body].count("open") == 1


def test_a_vanished_branch_is_pushed_again(world: World) -> None:
    world.run(only="pihole")
    pull = world.pull("pihole")
    world.repository._git("update-ref", "-d", f"refs/heads/{pull.head}")
    assert statuses(world.run(only="pihole")) == {"pihole": "updated"}
    assert world.repository.branch(pull.head)
    assert statuses(world.run(only="pihole")) == {"pihole": "unchanged"}


def test_a_protected_branch_says_so_and_the_others_go_on(one_world: World) -> None:
    hook = one_world.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        '#!/bin/sh\nwhile read old new ref; do case "$ref" in *pihole*)'
        ' echo "GH006: Protected branch update failed"; exit 1;; esac; done\n'
    )
    hook.chmod(0o755)
    outcomes = one_world.run()
    assert outcomes["pihole"].status == "failed"
    assert "protected" in outcomes["pihole"].why.lower() or "refuses pushes" in outcomes["pihole"].why
    assert outcomes["radarr"].status == "opened"
    assert "pihole" in one_world.repository.problems[0].body
    hook.unlink()
    assert one_world.run()["pihole"].status == "opened"


def test_a_file_behind_a_symbolic_link_fails_alone(one_world: World) -> None:
    file = one_world.other / COMPOSE
    file.rename(file.with_name("shared.yml"))
    file.symlink_to("shared.yml")
    one_world.push_files({})
    outcomes = one_world.run()
    assert (outcomes["pihole"].status, "symbolic link" in outcomes["pihole"].why) == ("failed", True)
    assert outcomes["radarr"].status == "opened"


def test_a_revoked_token_changes_nothing_and_shows_no_token(world: World) -> None:
    world.repository.token = None
    refs = run(world.clone, "ls-remote", "origin")
    outcomes = world.run()
    (failed,) = outcomes.values()
    assert failed.status == "failed"
    assert "token" in failed.why
    assert "t0ken-of-the-test" not in failed.why
    assert run(world.clone, "ls-remote", "origin") == refs


def test_a_crash_between_push_and_open_is_recovered(world: World) -> None:
    world.repository.failures = [("POST", "/pulls", Refused(500, "boom"))]
    assert statuses(world.run(only="pihole")) == {"pihole": "failed"}
    heads = [
        line for line in run(world.clone, "ls-remote", "--heads", "origin").splitlines() if "fix/drift-pihole" in line
    ]
    assert len(heads) == 1
    assert statuses(world.run(only="pihole")) == {"pihole": "opened"}
    again = [
        line for line in run(world.clone, "ls-remote", "--heads", "origin").splitlines() if "fix/drift-pihole" in line
    ]
    assert again == heads
    assert statuses(world.run(only="pihole")) == {"pihole": "unchanged"}


def test_a_pull_request_that_conflicts_is_made_anew(one_world: World) -> None:
    one_world.run(only="pihole")
    pull = one_world.pull("pihole")
    old = one_world.repository.branch(pull.head)
    one_world.push_by_hand(
        "main", COMPOSE, 'PIHOLE_DNS_: "1.1.1.1;1.0.0.1"', 'PIHOLE_DNS_: "1.1.1.1;1.0.0.1"  # Cloudflare'
    )
    with pytest.raises(Refused):
        one_world.repository.merge(pull.number)
    outcome = one_world.run(only="pihole")["pihole"]
    assert (outcome.status, outcome.why) == ("updated", "git changed beside it, and it is made anew")
    assert one_world.repository.branch(pull.head) != old
    one_world.repository.merge(pull.number)
    assert '"9.9.9.9;149.112.112.112"  # Cloudflare' in run(one_world.origin, "show", f"main:{COMPOSE}")


def test_a_pull_request_follows_the_drift(one_world: World) -> None:
    one_world.run(only="pihole")

    def change(document: dict[str, Any]) -> None:
        variables = document["Config"]["Env"]
        variables[:] = [re.sub(r"^PIHOLE_DNS_=.*", "PIHOLE_DNS_=8.8.8.8", text) for text in variables]

    one_world.change("ct-docker-01", "pihole", change)
    outcome = one_world.run(only="pihole")["pihole"]
    assert (outcome.status, outcome.why) == ("updated", "what it is about has changed")
    assert 'PIHOLE_DNS_: "8.8.8.8"' in run(one_world.origin, "show", f"{one_world.pull('pihole').head}:{COMPOSE}")


def test_somebody_pushes_in_between(one_world: World) -> None:
    hook = one_world.origin / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    one_world.run(only="pihole")
    pull = one_world.pull("pihole")
    mine = one_world.push_by_hand(pull.head, COMPOSE, "9.9.9.9", "8.8.8.8")
    _, _, plans = one_world.audit()
    plan = next(plan for plan in plans if plan.identity.service == "pihole")
    stale = run(one_world.origin, "rev-parse", f"{pull.head}~1")
    with pytest.raises(GitError) as refused:
        push_plan(Git(one_world.clone), "origin", plan, pull.head, expected=stale)
    assert refused.value.kind == "rejected"
    assert one_world.repository.branch(pull.head) == mine


def test_limits_let_the_worst_go_first_and_the_rest_wait(one_world: World) -> None:
    one_world.settings = "remediation: {max_new_per_run: 2, max_open: 3}"
    first = statuses(one_world.run())
    assert list(first.values()).count("opened") == 2
    assert all("severity/breaking" in pull.labels for pull in one_world.repository.pulls)
    second = statuses(one_world.run())
    assert list(second.values()).count("opened") == 1
    third = one_world.run()
    assert list(statuses(third).values()).count("opened") == 0
    assert any("3 pull requests are open" in outcome.why for outcome in third.values())
    assert "## Waiting" in one_world.repository.problems[0].body


def test_a_used_up_rate_limit_ends_the_run_and_the_next_goes_on(world: World) -> None:
    moment = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795413600", "Retry-After": "999"}
    world.repository.failures = [("POST", "/pulls", Refused(403, "API rate limit exceeded", moment))]
    first = world.run()
    failed = [outcome.why for outcome in first.values() if outcome.status == "failed"]
    assert "wait 999 s" in failed[0]
    assert len(failed) > 5
    assert all("not tried any more" in why and "rate limit" in why for why in failed[1:])
    assert world.repository.pulls == []
    # And the README's, which does not begin where others fail.
    assert list(statuses(world.run()).values()).count("opened") == len(failed) + 1


def test_a_merged_one_waits_for_the_clone_to_catch_up(one_world: World) -> None:
    one_world.run(only="pihole")
    one_world.repository.merge(one_world.pull("pihole").number)
    lab = one_world.lab()
    vault = Vault(b"k" * 32)
    audit = run_audit(lab, vault=vault, service="pihole")
    outcomes = open_pull_requests(lab, audit, plan_audit(lab, audit, vault=vault), whole=False)
    assert [outcome.status for outcome in outcomes] == ["merged"]


def test_a_forks_marker_does_not_count(world: World) -> None:
    world.run(only="pihole")
    pull = world.pull("pihole")
    pull.head_repository = "mallory/homelab-apps"
    assert statuses(world.run(only="pihole")) == {"pihole": "opened"}
