"""A home server as `docs/deployment.md` describes it, audits the real lab."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from homelab_assets_tests.deployment.servers import (
    ROOT,
    SCRIPTS,
    Postgres,
    Webserver,
    free_port,
    needs,
    postgres,
    service,
    until,
)
from homelab_assets_tests.deployment.units import UNITS, unit
from homelab_assets_tests.lab.homelab import RealLab

EVERY_MINUTE = {"daily_audit": "* * * * *"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeServer:
    """What runs: the web server to ask, the database, where state and reports are, the code location's environment."""

    web: Webserver
    database: Postgres
    state: Path
    reports: Path
    folder: Path
    environment: Mapping[str, str]


@contextmanager
def serving(folder: Path, settings: Mapping[str, Any], more: Mapping[str, str] | None = None) -> Iterator[HomeServer]:
    """Run code location, daemon and web server, by the commands of the systemd units, on PostgreSQL.

    Args:
        settings: content of `lab.yaml`. more: additions to the file `environment`.
    """
    home, state = folder / "home", folder / "state"
    home.mkdir()
    with ExitStack() as stack:
        database = stack.enter_context(postgres())
        storage = (ROOT / "deploy" / "dagster-postgres.yaml").read_text()
        (home / "dagster.yaml").write_text(storage.replace("port: 5432", f"port: {database.port}"))
        code_port, web_port = free_port(), free_port()
        workspace = (UNITS / "workspace.yaml").read_text().replace("4266", str(code_port))
        (folder / "workspace.yaml").write_text(workspace)
        (folder / "lab.yaml").write_text(yaml.safe_dump(dict(settings)))
        moved = {
            "/var/lib/homelab_assets/lab.yaml": str(folder / "lab.yaml"),
            "/var/lib/homelab_assets": str(state),
            "/opt/homelab_assets": str(home),
            "deploy/systemd/workspace.yaml": str(folder / "workspace.yaml"),
            "4266": str(code_port),
            "-p 3000": f"-p {web_port}",
        }
        shared = {
            "PATH": f"{SCRIPTS}:{os.environ['PATH']}",
            "HOME": str(folder),
            **database.environment,
            **(more or {}),
        }
        shared["DAGSTER_LOGS"] = str(folder / "logs")
        for name in ("code", "daemon", "webserver"):
            one = unit(name, moved)
            log = folder / f"{name}.log"
            environment = {**shared, **one.environment}
            stack.enter_context(service(name, one.command, cwd=ROOT, environment=environment, log=log))
        web = Webserver(web_port)
        until("the web server knows the code location", web.loaded, seconds=60)
        environment = {**shared, **unit("code", moved).environment}
        yield HomeServer(
            web=web,
            database=database,
            state=state,
            reports=folder / "reports",
            folder=folder,
            environment=environment,
        )


@pytest.fixture(scope="module")
def home_server(lab: RealLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeServer]:
    """A home server that audits the real lab every minute."""
    needs(programs=("postgres", "initdb"), modules=("dagster_postgres",))
    with serving(tmp_path_factory.mktemp("server"), {**lab.settings(), "schedule": EVERY_MINUTE}) as server:
        yield server
