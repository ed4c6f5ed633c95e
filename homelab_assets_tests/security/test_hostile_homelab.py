"""Every verb in every format on a homelab whose names are all hostile; then each text and file is read by a real parser.

What single renderers make of such texts is tested beside them too: `documentation/test_all_documents.py` and
`test_mermaid.py` (all documents, the real Mermaid), `rendering/test_machine_formats.py` (SARIF, JUnit, annotations),
`remediation/test_texts.py` (markers, branches, bodies), `cli/test_validate.py` (names of files), `repository/test_git.py`
(refs, hooks, `ext::`), `repository/test_worktrees.py` (paths that lead out).
"""

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from homelab_assets.cli import main
from homelab_assets_tests.forge.gitea_server import GiteaFace
from homelab_assets_tests.security.hostile_homelab import STACKS, hostile_homelab
from homelab_assets_tests.security.hostile_texts import TEXTS, acts, diagrams, unseen

pytestmark = pytest.mark.scenario

FORMATS = {
    "terminal": "terminal",
    "json": "json",
    "markdown": "markdown",
    "github": "github",
    "sarif": "sarif",
    "junit": "junit",
}
STRANGERS = (
    "html script",
    "md link",
    "ansi colour",
    "shell chain",
    "option proxy",
    "traversal",
    "nul",
    "newline",
    "surrogate",
    "long",
    "blank",
    "yaml tag",
)


def verbs() -> Iterator[tuple[str, ...]]:
    """Each verb in each of its formats."""
    common = ("terminal", "json", "markdown")
    for verb, formats in {
        ("diff", "-v"): (*common, "github", "sarif"), ("validate",): tuple(FORMATS), ("cleanup", "-v"): common, ("remediate", "-v"): ("markdown",), ("docs", "-v"): ("terminal",), ("status",): common,
    }.items():  # fmt: skip
        for format_ in formats:
            yield *verb, "--format", format_
    for name in STRANGERS:
        yield "adopt", "--format", "terminal", "--", TEXTS[name]
        yield "diff", "--format", "terminal", "--service", TEXTS[name]
    for name in TEXTS:
        yield "baseline", "--format", "json", "--", TEXTS[name]
    yield "adopt", "--format", "json", "--", TEXTS["md table"]
    yield "adopt", "--format", "markdown", "--", TEXTS["md table"]
    yield "capture", "nas", "--output", "recorded", "--format", "terminal"
    yield "capture", "gone", "--output", "recorded", "--format", "terminal"
    yield "remediate", "--format", "terminal", "--open"
    yield "audit", "--format", "json"
    yield "audit", "-v", "--format", "terminal"


class Ran:
    """What the verbs printed, by command; where they ran, and the forge."""

    def __init__(self, root: Path, face: GiteaFace) -> None:
        self.root, self.home, self.face = root, root / "home", face
        self.printed: dict[tuple[str, ...], tuple[str, str]] = {}
        self.broken: list[str] = []


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    """Run everything once."""
    patch = pytest.MonkeyPatch()
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, hostile_homelab(Path(folder)) as face:
        found = Ran(Path(folder), face)
        for name in ("HOMELAB_LAB", "HOMELAB_STATE", "NO_COLOR", "FORCE_COLOR", "DAGSTER_HOME"):
            patch.delenv(name, raising=False)
        patch.setenv("GITEA_TOKEN", face.repository.token or "")
        patch.chdir(found.home)
        for verb in verbs():
            if any("\0" in word for word in verb):
                continue
            result = CliRunner().invoke(main, list(verb))
            if not isinstance(result.exception, SystemExit | None):
                found.broken.append(f"{verb}: {result.exception!r}")
            found.printed[verb] = (result.stdout, result.stderr)
        yield found
    patch.undo()


def test_nothing_crashes(ran: Ran) -> None:
    assert ran.broken == []


def test_what_is_printed_only_reads(ran: Ran, tally: Callable[[str], None]) -> None:
    faults = []
    for verb, (out, err) in ran.printed.items():
        form = FORMATS[verb[verb.index("--format") + 1]]
        faults += [f"{' '.join(verb)[:80]}: stderr: {why}" for why in acts("terminal", err)]
        if out.strip():
            faults += [f"{' '.join(verb)[:80]}: {why}" for why in acts(form, out)]
    assert faults == []
    tally(f"{len(TEXTS)} hostile texts in all names and values: {len(ran.printed)} commands printed nothing that acts")


def test_what_is_written_only_reads_and_stays_where_it_belongs(ran: Ran, tally: Callable[[str], None]) -> None:
    forms = {
        ".md": "markdown",
        ".json": "json",
        ".html": "html",
        ".prom": "prometheus",
        ".yaml": "yaml",
        ".yml": "yaml",
        ".xml": "junit",
    }
    faults, count, drawn = [], 0, 0
    for file in sorted(path for folder in ("reports", "docs") for path in (ran.home / folder).rglob("*")):
        name = str(file.relative_to(ran.home))
        if not re.fullmatch(r"[A-Za-z0-9._/-]+", name) or len(file.name.encode()) > 200:
            faults.append(f"a name: {name!r}")
        if not file.is_file() or file.suffix not in forms:
            continue
        count += 1
        text = file.read_text()
        faults += [f"{name}: {why}" for why in acts(forms[file.suffix], text)]
        for source in diagrams(text):
            drawn += 1
            faults += [f"{name}: diagram: {why}" for why in acts("mermaid", source)]
    assert faults == []
    assert count > len(TEXTS)
    assert drawn > 5
    strays = {path.name for path in (*ran.root.iterdir(), *ran.home.iterdir(), *(ran.root / "clone").iterdir())}
    assert strays <= {
        "capture",
        "clone",
        "origin.git",
        "home",
        "lab.yaml",
        "reports",
        "docs",
        ".homelab_state",
        "recorded",
        ".git",
        "stacks",
        "stack-targets.yml",
    }
    tally(f"{count} files and {drawn} diagrams of a hostile homelab read by their parsers, all below their folders")


def test_pull_requests_say_what_they_propose_and_nothing_else(ran: Ran, tally: Callable[[str], None]) -> None:
    pulls = ran.face.repository.pulls
    assert len(pulls) > len(STACKS) // 2
    faults = []
    for pull in pulls:
        assert re.fullmatch(r"[a-z]+/[a-z0-9.-]+", pull.head), pull.head
        assert not pull.head.endswith((".lock", ".")), pull.head
        if (
            unseen(pull.title)
            or "\n" in pull.title
            or len(pull.title) > 120
            or not re.match(r"(?:WIP: )?fix\([\w.-]+\): [\w ]+$", pull.title)
        ):
            faults.append(f"a title: {pull.title!r}")
        faults += [f"{pull.title}: {why}" for why in acts("markdown", pull.body)]
        assert len(pull.body) <= 65_536
    assert faults == []
    tally(f"{len(pulls)} pull requests about hostile services opened; titles, bodies and branches only read")


def test_the_event_log_and_the_recording_can_be_read(ran: Ran) -> None:
    state = ran.home / ".homelab_state"
    for file in (*state.rglob("*.json"), *(ran.home / "recorded").iterdir()):
        json.loads(file.read_text())
        assert os.stat(file).st_mode & 0o077 == 0, file
