"""Where things stand on GitHub and Gitea, and where runbooks stand among the documents."""

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import quote

from msgspec import Struct

from homelab_assets.documentation.estate import Service
from homelab_assets.drift.document import ServiceDrift
from homelab_assets.lab.settings import ForgeSettings
from homelab_assets.media.causes import causes

TROUBLESHOOTING = "troubleshooting"
"""Folder of the runbooks, below `docs/`."""

PIPELINE = ("services-down", "api-keys", "vpn", "qbittorrent-login", "indexers", "paths", "requests", "plex-scan")


_PLAIN = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?")
_UNUSABLE = re.compile(r"[^a-z0-9._-]+")


class ForgeLinks(Struct, frozen=True, kw_only=True):
    """Builds addresses of one repository on its forge. `branch` is what its files are linked at."""

    kind: str
    base: str
    branch: str

    def file(self, path: str, line: int | None = None) -> str:
        """Return the address of a file, at a line."""
        kind = "blob" if self.kind == "github" else "src/branch"
        return f"{self.base}/{kind}/{_quoted(self.branch)}/{_quoted(path)}" + (f"#L{line}" if line else "")

    def commit(self, sha: str) -> str:
        """Return the address of a commit."""
        return f"{self.base}/commit/{quote(sha)}"

    def commits(self) -> str:
        """Return the address of all commits of the branch."""
        return f"{self.base}/commits/{'' if self.kind == 'github' else 'branch/'}{_quoted(self.branch)}"

    def compare(self, older: str, newer: str) -> str:
        """Return the address of everything that changed between two commits."""
        return f"{self.base}/compare/{quote(older)}...{quote(newer)}"


def _quoted(path: str) -> str:
    """Quote a path as git has it: its bytes may be no UTF-8."""
    return quote(path.encode("utf-8", "surrogateescape"))


def forge_of(settings: ForgeSettings, ref: str | None) -> ForgeLinks | None:
    """Return the addresses on the forge that `lab.yaml` names for a repository; None without one.

    Args:
        ref: what is read of the clone, such as `origin/main`.
    """
    if settings.kind == "none" or not settings.slug:
        return None
    site = settings.url.rstrip("/") or ("https://github.com" if settings.kind == "github" else "")
    if not site:
        return None
    if settings.kind == "github":
        # GitHub Enterprise is configured by its API's address.
        site = re.sub(
            r"^https?://api\.github\.com$|/api/v3$",
            lambda m: "https://github.com" if m[0].startswith("http") else "",
            site,
        )
    branch = settings.base or (ref or "HEAD").removeprefix("refs/heads/").removeprefix(f"{settings.remote}/")
    return ForgeLinks(kind=settings.kind, base=f"{site}/{settings.slug}", branch=branch)


def slug(*parts: str) -> str:
    """Return a stable, unambiguous name for a file. Parts that a file name can't hold are told apart by a digest."""
    named = [part for part in parts if part]
    readable = "--".join(_UNUSABLE.sub("-", part.lower()).strip("-.") for part in named)
    if len(readable) <= 120 and all(_PLAIN.fullmatch(part) and "--" not in part for part in named):
        return readable
    exact = "\0".join(parts).encode("utf-8", "surrogatepass")
    return f"{readable[:90].strip('-.')}-{hashlib.sha256(exact).hexdigest()[:8]}".lstrip("-.")


def runbook_for_service(service: Service) -> str:
    """Return the runbook of a service, relative to `docs/`."""
    return f"{TROUBLESHOOTING}/{slug(service.host, service.stack or '', service.name)}.md"


def runbook_for_drift(verdict: ServiceDrift) -> str:
    """Return where to read on about a verdict of the audit, relative to `docs/`; "" where there is nothing to do."""
    places = {
        "clean": "",
        "stopped": "service-does-not-start.md",
        "missing": "drift-detected.md#missing",
        "unmanaged": "drift-detected.md#unmanaged",
        "orphan": "drift-detected.md#orphan",
        "unreachable": "host-unreachable.md",
        "unknown": "drift-detected.md#not-judged",
    }
    causes = {"host_changed": "changed-on-the-host", "git_ahead": "git-is-ahead", "image_moved": "the-image-moved"}
    place = places.get(verdict.status)
    if place is None:
        place = f"drift-detected.md#{causes.get(verdict.cause or '', 'cause-unknown')}"
    return f"{TROUBLESHOOTING}/{place}" if place else ""


def runbook_for_check(check: Mapping[str, object]) -> str:
    """Return where to read on about a check of the media pipeline, relative to `docs/`.

    Args:
        check: as the pipeline's result holds it: `status`, `cause`, and the catalogue's `runbook`.
    """
    cause, page = check.get("cause"), check.get("runbook")
    if check.get("status") in {"pass", "skipped"}:
        return ""
    if page not in PIPELINE:
        return f"{TROUBLESHOOTING}/services-down.md"
    known = isinstance(cause, str) and cause in causes() and causes()[cause].runbook == page
    return f"{TROUBLESHOOTING}/{page}.md" + (f"#{anchor(str(cause))}" if known else "")


def anchor(text: str) -> str:
    """Return the anchor that GitHub and Gitea give a heading of plain words, or that this project gives a cause."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
