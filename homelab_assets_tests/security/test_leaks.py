"""Every verb and every job on a homelab full of planted secrets; then everything that was written is searched."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from homelab_assets.cli import main
from homelab_assets.secrecy import Vault
from homelab_assets_tests.security.leaky_homelab import ORDINARY, Homelab, leaky_homelab
from homelab_assets_tests.security.plants import files_below, hits

pytestmark = pytest.mark.scenario

# Each verb in each format once.
VERBS: tuple[tuple[str, ...], ...] = (
    ("diff",), ("diff", "-v"), *(("diff", "-v", "--format", name) for name in ("json", "markdown", "github", "sarif")), ("diff", "--working-tree", "--host", "leaky"),
    ("diff", "--service", "no-such"), *(("validate", "--format", name) for name in ("terminal", "json", "markdown", "github", "sarif", "junit")),
    ("cleanup", "-v"), ("cleanup", "--format", "json"), ("remediate", "-v"), ("remediate", "--format", "json"), ("remediate", "--format", "markdown"), ("remediate", "--open"),
    ("adopt", "stranger"), ("adopt", "stranger", "--format", "json"), ("adopt", "stranger", "--format", "markdown"), ("adopt", "stranger", "--open"), ("adopt", "nobody"),
    ("capture", "leaky", "--output", "recorded"), ("capture", "live", "--output", "recorded-live"), ("capture", "dead", "--output", "x"), ("docs", "-v"), ("docs", "--format", "json"),
    ("pipeline", "-v", "--plan", "plan.json"), *(("pipeline", "--gentle", "--format", name) for name in ("json", "markdown", "junit")), ("pipeline", "--health"), ("pipeline", "--live", "--wait", "0"),
    ("pipeline", "--apply", "plan.json"), ("audit",), ("audit", "--format", "json"), ("status",), ("status", "--ping"), ("status", "--format", "json"), ("status", "--format", "markdown"),
)  # fmt: skip

JOBS = ("daily_audit", "drift_remediation", "pipeline_validation", "post_merge_validation", "documentation_refresh")
# `dagster job execute` for one after the other: it is the imports that take the time.
_ALL_JOBS = """
import sys, traceback
from dagster._cli import create_dagster_cli
for job in sys.argv[1:]:
    try:
        create_dagster_cli().main(["job", "execute", "-m", "homelab_assets.definitions", "-j", job], standalone_mode=False)
    except Exception:
        traceback.print_exc()
    print(job, flush=True)
"""


class Ran:
    """What the runs printed, by command; and where they wrote."""

    def __init__(self, homelab: Homelab, temporary: Path) -> None:
        self.homelab, self.temporary = homelab, temporary
        self.printed: dict[str, bytes] = {}

    def texts(self) -> dict[str, bytes]:
        """Everything that was written anywhere, by where."""
        folders = files_below(self.homelab.root, self.temporary, leave_out=self.homelab.outside)
        # The clone's remote is the operator's own; what this project's git wrote into the clone is searched.
        clone = files_below(
            self.homelab.root / "apps" / ".git", leave_out=[self.homelab.root / "apps" / ".git" / "config"]
        )
        return {**self.printed, **folders, **clone}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Run everything once."""
    patch = pytest.MonkeyPatch()
    # A short path: that of a socket may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="leaks-") as folder, leaky_homelab(Path(folder)) as homelab:
        temporary = Path(folder) / "tmp"
        temporary.mkdir()
        for name in ("HOMELAB_LAB", "HOMELAB_STATE", "NO_COLOR", "FORCE_COLOR", "GITEA_TOKEN"):
            patch.delenv(name, raising=False)
        patch.chdir(homelab.home)
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", str(temporary))
        (homelab.home / "dagster.yaml").write_text(
            "telemetry: {enabled: false}\nstorage: {sqlite: {base_dir: .dagster_state}}\n"
            "compute_logs: {module: dagster.core.storage.local_compute_log_manager, class: LocalComputeLogManager, config: {base_dir: .dagster_state/logs}}\n"
        )
        found = Ran(homelab, temporary)
        for verb in VERBS:
            result = CliRunner().invoke(main, list(verb))
            found.printed[" ".join(verb)] = f"{result.stdout}\n{result.stderr}\n{result.exception!r}".encode(
                "utf-8", "surrogatepass"
            )
            assert result.exception is None or isinstance(result.exception, SystemExit), (
                verb,
                result.exception,
                result.exc_info,
            )
        found.printed["jobs"] = _run_jobs(homelab.home)
        yield found
    patch.undo()


def _run_jobs(folder: Path) -> bytes:
    """Run all jobs as cron would, in a process of their own: logs go to stderr, to the event log and to compute logs."""
    environment = {**os.environ, "DAGSTER_HOME": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", _ALL_JOBS, *JOBS], capture_output=True, cwd=folder, env=environment)
    assert done.stdout.decode().split() == list(JOBS), done.stderr[-3000:]
    return done.stderr


def test_no_planted_secret_is_written_or_shown(ran: Ran, tally: Callable[[str], None]) -> None:
    texts, planted = ran.texts(), ran.homelab.seeds.planted
    found = hits(texts, planted)
    searched = f"{len(texts)} texts searched ({sum(map(len, texts.values())) / 1e6:.1f} MB)"
    tally(
        f"{len(planted)} secrets planted in {len(VERBS)} commands and {len(JOBS)} jobs, {searched}: {len(found)} hits"
    )
    assert len(planted) > 300
    assert len(texts) > 100
    assert found == []


def test_ordinary_values_stay_readable(tally: Callable[[str], None]) -> None:
    """The counterpart: a report that hides everything helps nobody."""
    vault = Vault(b"0123456789abcdef")
    hidden = {name: value for name, value in ORDINARY.items() if vault.seal(name, value) != value}
    tally(f"{len(ORDINARY) - len(hidden)} of {len(ORDINARY)} ordinary values of the leak suite readable")
    assert hidden == {}
