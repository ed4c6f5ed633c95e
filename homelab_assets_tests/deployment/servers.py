"""Real servers on this machine's loopback: PostgreSQL, Redis, and Dagster's own, started as `deploy/` says."""

import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent


def needs(*, programs: Sequence[str] = (), modules: Sequence[str] = ()) -> None:
    """Skip where something is missing, or fail where HOMELAB_LAB_REQUIRED=1 says that nothing may be."""
    missing = [name for name in programs if not _program(name)]
    missing += [name for name in modules if importlib.util.find_spec(name) is None]
    if missing and os.environ.get("HOMELAB_LAB_REQUIRED") == "1":
        pytest.fail(f"HOMELAB_LAB_REQUIRED=1, but there is no {', '.join(missing)}")
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: run `bash .ci/provision` and install the extras `server` and `fleet`")


def _program(name: str) -> str | None:
    """Return a program's path; Debian keeps PostgreSQL's server programs out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(what: str, ask: Callable[[], Any], *, seconds: float, every: float = 0.5) -> Any:
    """Ask again and again until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(every)
    pytest.fail(f"{what}: not within {seconds:g} s")


@contextmanager
def service(
    name: str, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path
) -> Iterator[int]:
    """Run a long-lived program in a session of its own, as systemd does; ended by SIGINT, which is Dagster's clean end.

    Yields its process id.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # A shell that starts a job in the background makes it ignore SIGINT, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    try:
        yield process.pid
        assert process.poll() is None, f"{name} ended by itself:\n{log.read_text()[-3000:]}"
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    for sign in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(15)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait(5)


class Postgres:
    """A database server with an empty database `dagster`. `run` calls a client program as the database's owner."""

    def __init__(self, port: int) -> None:
        self.port = port

    def run(self, program: str, *arguments: str, text: str | None = None) -> str:
        """Run `psql`, `pg_dump`, … and return what it printed."""
        command = [str(_program(program)), "-h", "127.0.0.1", "-p", str(self.port), "-U", "dagster", *arguments]
        environment = {"PATH": os.environ["PATH"], "PGPASSWORD": "not-a-secret", "LC_ALL": "C"}
        done = subprocess.run(command, env=environment, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """What `deploy/dagster-postgres.yaml` reads."""
        return {
            "DAGSTER_PG_HOST": "127.0.0.1",
            "DAGSTER_PG_USER": "dagster",
            "DAGSTER_PG_PASSWORD": "not-a-secret",
            "DAGSTER_PG_DB": "dagster",
        }


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run PostgreSQL with an empty database `dagster`, with a password, on a free port of the loopback."""
    server = Postgres(free_port())
    with tempfile.TemporaryDirectory(prefix="homelab-postgres-") as name:
        folder = Path(name)
        options = _unprivileged(folder)
        (folder / "password").write_text("not-a-secret")
        init = [str(_program("initdb")), "-D", str(folder / "data"), "-U", "dagster", "-A", "scram-sha-256"]
        init += [f"--pwfile={folder / 'password'}", "--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd=folder, **options)
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "port": server.port}
        command = [str(_program("postgres")), "-D", str(folder / "data")]
        command += [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, start_new_session=True, **options)
        try:
            until("PostgreSQL is ready", lambda: _ready(server), seconds=30, every=0.2)
            server.run("createdb", "dagster")
            yield server
        finally:
            # SIGINT is its fast shutdown: it does not wait for clients.
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Give the folder to `postgres` and return what makes a child that account: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _ready(server: Postgres) -> bool:
    command = [str(_program("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(server.port)]
    return subprocess.run(command, check=False).returncode == 0


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """Run Redis without persistence; yields its port."""
    folder.mkdir()
    port = free_port()
    command = [str(_program("redis-server")), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with service("redis", command, cwd=folder, environment={"PATH": os.environ["PATH"]}, log=folder / "log"):
        until("Redis answers", lambda: _listens(port), seconds=15, every=0.1)
        yield port


def _listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


class Webserver:
    """Dagster's web server, asked in GraphQL as its own pages do."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def up(self) -> bool:
        """Say whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/server_info", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def loaded(self) -> bool:
        """Say whether it knows the code location."""
        query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { location { name } } } } }"
        return self.up() and bool(self.ask(query)["repositoriesOrError"].get("nodes"))

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data that a query gives."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                told = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(error.read().decode()) from None
        assert "errors" not in told, told["errors"]
        return dict(told["data"])

    def runs(self, **tags: str) -> list[dict[str, Any]]:
        """Return the runs with these tags (`/` written as `__`), newest first."""
        query = """query($filter: RunsFilter) { runsOrError(filter: $filter) { ... on Runs { results {
            runId jobName status startTime endTime tags { key value } } } } }"""
        wanted = [{"key": key.replace("__", "/"), "value": value} for key, value in tags.items()]
        return list(self.ask(query, filter={"tags": wanted})["runsOrError"]["results"])

    def ticks(self, sensor: str) -> list[dict[str, Any]]:
        """Return a sensor's last ticks."""
        query = """query($selector: SensorSelector!) { sensorOrError(sensorSelector: $selector) { ... on Sensor {
            sensorState { ticks(limit: 20) { status skipReason runIds error { message } } } } } }"""
        selector = {"sensorName": sensor, **_WHERE}
        return list(self.ask(query, selector=selector)["sensorOrError"]["sensorState"]["ticks"])

    def materialize(self, *asset: str) -> str:
        """Materialize one asset alone, as its page's button does; returns the run's id."""
        return self._launch({"pipelineName": "__ASSET_JOB", "assetSelection": [{"path": asset}], **_WHERE})

    def launch(self, job: str, **tags: str) -> str:
        """Start a job, as its page's button does, with more tags (`/` written as `__`); returns the run's id."""
        return self._launch({"pipelineName": job, **_WHERE}, tags)

    def _launch(self, selector: Mapping[str, Any], tags: Mapping[str, str] | None = None) -> str:
        query = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
            __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
        more = [{"key": key.replace("__", "/"), "value": value} for key, value in (tags or {}).items()]
        params = {"selector": selector, "runConfigData": "{}", "mode": "default", "executionMetadata": {"tags": more}}
        launched = self.ask(query, params=params)
        return str(launched["launchPipelineExecution"]["run"]["runId"])

    def from_failure(self, run_id: str) -> str:
        """Re-execute a run from its failure, as the button of its page does; returns the new run's id."""
        query = """mutation($params: ReexecutionParams!) { launchPipelineReexecution(reexecutionParams: $params) {
            __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
        launched = self.ask(query, params={"parentRunId": run_id, "strategy": "FROM_FAILURE"})
        return str(launched["launchPipelineReexecution"]["run"]["runId"])

    def ended(self, run_id: str) -> str | None:
        """Return a run's status once it has ended."""
        query = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
        status = self.ask(query, id=run_id)["runOrError"]["status"]
        return status if status in {"SUCCESS", "FAILURE", "CANCELED"} else None

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """Return the events of a run: type, step, message."""
        query = """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events { __typename
            ... on MessageEvent { stepKey message } } } } }"""
        return list(self.ask(query, id=run_id)["logsForRun"]["events"])


_WHERE = {"repositoryLocationName": "homelab_assets", "repositoryName": "__repository__"}
