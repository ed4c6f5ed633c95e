"""Gathers what the documents are made from: captures, baselines, git's history, the pipeline's last result."""

import os
import re
import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from homelab_assets.audit import Audit
from homelab_assets.documentation.audit_trail import DAYS, History, start_of
from homelab_assets.documentation.declarations import declare
from homelab_assets.documentation.estate import Estate, HostFacts
from homelab_assets.documentation.history_models import readable_services
from homelab_assets.documentation.links import ForgeLinks, forge_of
from homelab_assets.documentation.survey import survey
from homelab_assets.errors import UserError
from homelab_assets.files import read_json
from homelab_assets.lab.settings import HostSettings, Lab, RepositorySettings

MOST_COMMITS = 500
"""Commits of one repository that the audit trail looks at."""

_CONNECTIONS = {"ssh": "ssh", "tcp": "tcp", "unix": "socket", "capture": "recorded"}


def estate_of(lab: Lab, audit: Audit) -> Estate:
    """Join everything that is known of a lab."""
    # What could not be read is not said to hold nothing.
    unread = {problem.get("repository") for problem in audit.document.problems}
    return survey(
        audit.captures,
        declare(audit.baselines.baselines),
        audit.document,
        hosts=map(_host_facts, lab.hosts.values()),
        repositories=lab.repositories.keys() - unread,
        runs_on=lab.documentation.get("runs_on") or "",
    )


def _host_facts(host: HostSettings) -> HostFacts:
    return HostFacts(
        name=host.name,
        address=address_of(host),
        description=host.description,
        connection=_CONNECTIONS.get(host.docker.partition(":")[0], ""),
        login=login_of(host),
    )


def login_of(host: HostSettings) -> str:
    """Return the command that opens a shell on a host; "" where it is not reached by SSH."""
    if not host.docker.startswith("ssh://"):
        return ""
    try:
        url = urlsplit(host.docker)
        port = ["-p", str(url.port)] if url.port and url.port != 22 else []
    except ValueError:
        return ""
    target = f"{url.username}@{url.hostname}" if url.username else str(url.hostname)
    return shlex.join(["ssh", *port, target])


def address_of(host: HostSettings) -> str:
    """Return where people reach a host: the address of its engine, else its name."""
    if host.docker.startswith(("ssh://", "tcp://")):
        try:
            return urlsplit(host.docker).hostname or host.name
        except ValueError:
            return host.name
    return host.name


def forges_of(lab: Lab) -> dict[str, ForgeLinks]:
    """Return the forges of the repositories that have one, by name."""
    found = {name: forge_of(repository.forge, repository.ref) for name, repository in lab.repositories.items()}
    return {name: forge for name, forge in found.items() if forge}


def histories_of(lab: Lab, *, until: str) -> tuple[list[History], list[str]]:
    """Read the recent past of all repositories, and say which could not be read, and why."""
    since = start_of(until, lab.documentation.get("audit_days") or DAYS)
    histories, unread = [], []
    for name, repository in lab.repositories.items():
        ours = _generated(lab) if name == lab.documentation.get("repository") else None
        try:
            histories.append(_history(repository, since, until, ours))
        except UserError as error:
            unread.append(f"{name}: {error}")
    return histories, unread


def places_of(lab: Lab) -> tuple[str, str]:
    """Return where documents and reports lie in a repository: as they lie below the folder of `lab.yaml`.

    What lies elsewhere on disk has no such path: in git it stands in `docs` and `reports`.
    """
    below = (os.path.relpath(folder, lab.root).replace(os.sep, "/") for folder in (lab.docs, lab.reports))
    docs, reports = (
        usual if path.split("/")[0] == ".." else path for path, usual in zip(below, ("docs", "reports"), strict=True)
    )
    return docs, reports


def _generated(lab: Lab) -> "re.Pattern[str]":
    """Return what matches the paths of generated documents in their repository.

    A commit of nothing else changes no configuration, and a trail that told of it would be out of date once it is in
    git: each merge of the documents would make for the next.
    """
    docs, reports = ("" if place == "." else f"{re.escape(place)}/" for place in places_of(lab))
    own = "SERVICE_CATALOG.md|service_catalog.json|dependencies.md|(architecture|dashboards|troubleshooting)/.*"
    return re.compile(rf"{docs}({own})|{reports}AUDIT_TRAIL\.md", re.DOTALL)


def _history(repository: RepositorySettings, since: str, until: str, ours: "re.Pattern[str] | None") -> History:
    from homelab_assets.repository.git import Git
    from homelab_assets.repository.history import log
    from homelab_assets.repository.stacks import find_stacks
    from homelab_assets.repository.trees import GitTree

    git = Git(repository.path)
    grafts = git.clone().grafts
    ref = repository.ref or git.default_ref()
    commits = log(git, ref, since=since, until=until, limit=MOST_COMMITS + 1)
    # The oldest commit of a shallow clone seems to have made everything.
    known = [commit for commit in commits if commit.sha not in grafts][:MOST_COMMITS]
    if ours:
        known = [commit for commit in known if not commit.files or not all(map(ours.fullmatch, commit.files))]
    tree_at: Callable[[str], GitTree] = lru_cache(maxsize=8)(lambda sha: GitTree(git, sha))
    ends = [git.resolve(ref), *(parent for commit in known[-1:] for parent in commit.parents[:1])]
    stacks = {
        stack.directory: stack.name
        for sha in ends
        for stack in find_stacks(tree_at(sha), repository.stacks, root_name=repository.name)
    }

    @lru_cache(maxsize=256)
    def models(sha: str, folder: str) -> Mapping[str, Mapping[str, Any]] | None:
        try:
            return readable_services(tree_at(sha), folder)
        except UserError:
            return None

    return History(
        repository=repository.name,
        commits=known,
        stacks=stacks,
        models=models,
        ref=ref,
        forge=forge_of(repository.forge, repository.ref),
        truncated=len(commits) > MOST_COMMITS,
        shallow=bool(grafts),
    )


def last_pipeline(reports: Path) -> Mapping[str, Any] | None:
    """Return the newest result of the media pipeline's validation; None without a readable one.

    One of a day to come was written by a wrong clock, and would be the newest for as long.
    """
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    files = (file for file in reports.glob("pipeline-test-*.json") if file.stem[-10:] <= tomorrow)
    for file in sorted(files, reverse=True):
        try:
            result = read_json(file)
        except (ValueError, OSError):
            continue
        checks = result.get("checks") if isinstance(result, dict) and result.get("schema") == 1 else None
        if isinstance(checks, list) and all(isinstance(check, dict) for check in checks):
            return result
    return None
