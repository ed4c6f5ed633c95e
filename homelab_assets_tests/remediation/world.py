"""The demo homelab with a real remote and a simulated forge: everything that `remediate --open` touches."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from homelab_assets.audit import Audit, run_audit
from homelab_assets.lab.demo import demo_lab_file
from homelab_assets.lab.settings import Lab, load_lab
from homelab_assets.remediation.cleanup_plan import CleanupPlan, plan_cleanup
from homelab_assets.remediation.dashboard import Outcome
from homelab_assets.remediation.flow import open_cleanups, open_pull_requests, plan_audit
from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.plan import RemediationPlan
from homelab_assets.repository.cleanup import CleanupReport, find_stale
from homelab_assets.secrecy import Vault
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.forge.server import Face
from homelab_assets_tests.forge.state import Pull, Refused, Repository

TOKEN = "t0ken-of-the-test"


@dataclass
class World:
    """Attributes: origin: the bare remote. clone: the operator's. other: another person's clone.

    settings, severities, ignores: more of `lab.yaml`. hosts: those of `lab.yaml`; default: the demo's captures.
    """

    root: Path
    repository: Repository
    face: Face
    settings: str = ""
    severities: str = ""
    ignores: str = "{service: watchtower, reason: not in git}"
    hosts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def origin(self) -> Path:
        return self.root / "origin.git"

    @property
    def clone(self) -> Path:
        return self.root / "clone"

    @property
    def other(self) -> Path:
        return self.root / "other"

    def lab(self) -> Lab:
        """Write and load the `lab.yaml`."""
        kind = "github" if not self.face.prefix else "gitea"
        (self.root / "lab.yaml").write_text(
            f"hosts: {json.dumps(dict(self.hosts) or self._captures())}\n"
            f"repositories:\n"
            f"  homelab-apps:\n"
            f"    path: clone\n"
            f"    ref: origin/main\n"
            f"    forge: {{kind: {kind}, url: '{self.face.url}', slug: larry/homelab-apps}}\n"
            f"drift:\n"
            f"  ignore: [{self.ignores}]\n"
            f"  severity: [{self.severities}]\n"
            f"{self.settings or 'remediation: {max_new_per_run: 20, max_open: 20}'}\n"
        )
        name = "GITHUB_TOKEN" if kind == "github" else "GITEA_TOKEN"
        return load_lab(str(self.root / "lab.yaml"), {name: TOKEN, "HOMELAB_STATE": str(self.root / "state")})

    def _captures(self) -> dict[str, dict[str, str]]:
        demo = demo_lab_file({"HOMELAB_STATE": str(self.root / "demo")}).parent
        return {name: {"docker": f"capture:{demo}/captures/{name}"} for name in ("ct-docker-01", "ct-media-01")}

    def change(self, host: str, container: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Somebody changes a container by hand, in copies of the recordings."""
        if not self.hosts:
            source = demo_lab_file({"HOMELAB_STATE": str(self.root / "demo")}).parent / "captures"
            shutil.copytree(source, self.root / "captures")
            self.hosts = {name: {"docker": f"capture:{self.root / 'captures' / name}"} for name in self._captures()}
        file = self.root / "captures" / host / "containers.json"
        documents = json.loads(file.read_text())
        change(next(document for document in documents if document["Name"] == f"/{container}"))
        file.write_text(json.dumps(documents))

    def audit(self, only: str | None = None) -> tuple[Lab, Audit, tuple[RemediationPlan, ...]]:
        """Fetch, audit and plan."""
        run(self.clone, "fetch", "-q", "--prune", "origin")
        lab, vault = self.lab(), Vault(b"k" * 32)
        audit = run_audit(lab, vault=vault, service=only)
        assert list(audit.document.problems) == []
        return lab, audit, plan_audit(lab, audit, vault=vault)

    def run(self, only: str | None = None, without: str | None = None) -> dict[str, Outcome]:
        """Do what `remediate --open` does; `only` narrows to a service, `without` acts as if its drift were gone."""
        lab, audit, plans = self.audit(only)
        if without:
            plans = tuple(plan for plan in plans if plan.identity.service != without)
            services = tuple(
                replace(v, status="clean", items=(), cause=None) if v.service == without else v
                for v in audit.document.services
            )
            audit = replace(audit, document=replace(audit.document, services=services))
        outcomes = open_pull_requests(lab, audit, plans, whole=only is None)
        return {outcome.identity.service: outcome for outcome in outcomes}

    def cleanup_plans(self, unreachable: str | None = None) -> tuple[Lab, CleanupReport, tuple[CleanupPlan, ...]]:
        """Fetch, audit, and plan the removal of what is stale; `unreachable` names a host that does not answer."""
        run(self.clone, "fetch", "-q", "--prune", "origin")
        lab = self.lab()
        if unreachable:
            lab = replace(lab, hosts={**lab.hosts, unreachable: replace(lab.hosts[unreachable], docker="capture:/no")})
        audit = run_audit(lab, vault=Vault(b"k" * 32))
        report = find_stale(audit.baselines, audit.captures, audit.document)
        return lab, report, plan_cleanup(report, audit.baselines, load=load_model)

    def cleanup(self, unreachable: str | None = None) -> dict[str, Outcome]:
        """Do what `cleanup --open --yes` does; by stack."""
        lab, report, plans = self.cleanup_plans(unreachable)
        return {outcome.identity.stack: outcome for outcome in open_cleanups(lab, report, plans)}

    def push_files(self, files: Mapping[str, str]) -> None:
        """Another person adds or replaces files on `main`."""
        run(self.other, "fetch", "-q", "origin")
        run(self.other, "checkout", "-q", "-B", "main", "origin/main")
        for path, text in files.items():
            (self.other / path).parent.mkdir(parents=True, exist_ok=True)
            (self.other / path).write_text(text)
        run(self.other, "add", "--all")
        run(self.other, "commit", "-q", "-m", "feat: by hand")
        run(self.other, "push", "-q", "origin", "main")

    def pull(self, service: str) -> Pull:
        """The newest pull request about a service."""
        return next(pull for pull in reversed(self.repository.pulls) if f"/{service} " in pull.body)

    def push_by_hand(self, branch: str, path: str, old: str, new: str) -> str:
        """Another person changes a file on a branch of the remote."""
        run(self.other, "fetch", "-q", "--prune", "origin")
        run(self.other, "checkout", "-q", "-B", branch, f"origin/{branch}")
        file = self.other / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
        run(self.other, "commit", "-q", "-a", "-m", "fix: by hand")
        run(self.other, "push", "-q", "origin", branch)
        return run(self.other, "rev-parse", "HEAD")

    def merge_all(self) -> None:
        """Merge every open pull request as a person does; what conflicts is made anew by the next run first."""
        for _ in range(len(self.repository.pulls) + 1):
            for pull in [pull for pull in self.repository.pulls if pull.state == "open"]:
                with suppress(Refused):
                    self.repository.merge(pull.number)
            if not any(pull.state == "open" for pull in self.repository.pulls):
                return
            self.run()
        raise AssertionError([pull.title for pull in self.repository.pulls if pull.state == "open"])

    def snapshot(self) -> str:
        """Everything of the operator's clone that must not change: checkout, index, branches, stash, worktrees.

        Only `origin/fix/…` and its kin may come: git itself notes what it pushed.
        """
        refs = [
            line
            for line in run(self.clone, "for-each-ref").splitlines()
            if not re.search("refs/remotes/origin/(fix|chore|feat|docs)/", line)
        ]
        commands = (("status", "--porcelain"), ("worktree", "list"), ("rev-parse", "HEAD"), ("stash", "list"))
        return "\n".join([*refs, *(run(self.clone, *command) for command in commands)])


def lay_out(root: Path, source: Path | None = None) -> None:
    """Make the remote and both clones of a repository with its history; default: the demo's."""
    source = source or demo_lab_file({"HOMELAB_STATE": str(root / "demo")}).parent / "homelab-apps"
    subprocess.run(["git", "clone", "-q", "--bare", str(source), str(root / "origin.git")], check=True)
    for name in ("clone", "other"):
        subprocess.run(["git", "clone", "-q", str(root / "origin.git"), str(root / name)], check=True)
