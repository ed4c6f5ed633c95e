"""`lab.yaml` as typed settings.

The file holds no secrets: `${NAME}` in it is looked up in the environment and in a `.env` beside it. Relative paths
are relative to the file.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from homelab_assets.errors import ConfigurationError
from homelab_assets.lab.cross_check import cross_mistakes
from homelab_assets.lab.keys import LAB_YAML
from homelab_assets.lab.schema import MAX_CHARACTERS, Checker, Mistake, compose_document
from homelab_assets.model import Unprinted

DAILY_AUDIT = "0 6 * * *"
"""When the daily audit runs, where `schedule.daily_audit` does not say it."""


class HostSettings(Struct, frozen=True, kw_only=True):
    """How to reach one Docker engine. Times are seconds; `budget` bounds the whole capture."""

    name: str
    docker: str
    ssh_config: Path | None = None
    known_hosts: Path | None = None
    identity_file: Path | None = None
    socket: str = "/var/run/docker.sock"
    tls: Mapping[str, Any] = field(default_factory=dict)
    connect_timeout: int = 10
    budget: int = 300
    read_env: bool = True
    description: str = ""


class ForgeSettings(Struct, frozen=True, kw_only=True):
    """Where pull requests go. `token` is `${NAME}` of the variable that holds it; without one `forge` has a default.

    Attributes:
        ca: file of certificates to trust, as `lab.yaml` has it.
    """

    kind: str
    slug: str = ""
    url: str = ""
    token: str = ""
    remote: str = "origin"
    base: str | None = None
    ca: str | None = None


class RepositorySettings(Struct, frozen=True, kw_only=True):
    """A clone. `stacks` are glob patterns of folders; `env_files` maps a stack to local `.env` files, outside git."""

    name: str
    path: Path
    ref: str | None = None
    stacks: Sequence[str] = ("stacks/*",)
    env_files: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    forge: ForgeSettings = ForgeSettings(kind="none")


class Lab(Unprinted, Struct, frozen=True, kw_only=True):
    """A homelab, as `lab.yaml` describes it.

    Attributes:
        file: the `lab.yaml`. demo: it is the bundled demonstration.
        hosts, repositories: by name, in the file's order.
        media, drift, structure, remediation, documentation, reports_settings, schedule: the sections, checked, `{}`
            where absent. notify: addresses, `${NAME}` in them not replaced.
        lines: 1-based line of each dotted key, for messages about values that only their users can judge.
        environment: environment and `.env` beside the file, in clear: read names from it, never print it.
        root: where `reports/` and `docs/` are written. state: folder of the fingerprint key, history and caches.
    """

    file: Path
    demo: bool
    hosts: Mapping[str, HostSettings]
    repositories: Mapping[str, RepositorySettings]
    media: Mapping[str, Any]
    drift: Mapping[str, Any]
    structure: Mapping[str, Any]
    remediation: Mapping[str, Any]
    documentation: Mapping[str, Any]
    reports_settings: Mapping[str, Any]
    schedule: Mapping[str, Any]
    notify: Sequence[str]
    lines: Mapping[str, int]
    environment: Mapping[str, str]
    root: Path
    state: Path

    @property
    def reports(self) -> Path:
        """Folder that reports are written to."""
        return _path(self.root, self.reports_settings.get("directory", "reports"))

    @property
    def docs(self) -> Path:
        """Folder that generated documentation is written to."""
        return _path(self.root, self.documentation.get("directory", "docs"))

    def resolve(self, text: str, *, key: str) -> str:
        """Replace `${NAME}` by the value from the environment or the `.env` beside the file.

        Raises:
            ConfigurationError: a name has no value; the message names it, never a value.
        """

        def value(match: re.Match[str]) -> str:
            if match[1] not in self.environment:
                raise ConfigurationError(
                    f"{key}: {match[1]} is not set",
                    where=f"{self.file}:{self.lines.get(key, 1)}",
                    hint=f"set it in the environment or in {self.file.parent / '.env'}",
                )
            return self.environment[match[1]]

        return re.sub(r"\$\{(\w+)\}", value, text)


def find_lab(option: str | None = None, environment: Mapping[str, str] | None = None) -> Path | None:
    """Find `lab.yaml`: the option, else `$HOMELAB_LAB`, else `./lab.yaml`; None means the bundled demo lab."""
    environment = os.environ if environment is None else environment
    # An option without a text (`--lab "$LAB"`, and the variable is not set) is a mistake, and no wish for the demo lab.
    if option is not None:
        return Path(option)
    if named := environment.get("HOMELAB_LAB"):
        return Path(named)
    # A link that leads nowhere, and a folder of that name, are told as mistakes: no lab is meant by them but one's own.
    return Path("lab.yaml") if os.path.lexists("lab.yaml") else None


def load_lab(option: str | None = None, environment: Mapping[str, str] | None = None) -> Lab:
    """Load and check `lab.yaml`, or the demo lab where none is configured.

    Raises:
        ConfigurationError: with every mistake that was found, one a line.
    """
    environment = dict(os.environ if environment is None else environment)
    file = find_lab(option, environment)
    demo = file is None
    if file is None:
        from homelab_assets.lab.demo import demo_lab_file

        file = demo_lab_file(environment)
    text = _read(file)
    values, lines = _check(file, text)
    return _build(file.absolute(), demo, values, lines, {**_dotenv(file.parent / ".env"), **environment})


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            # No more than what is refused for its size; a character has at most four bytes.
            return opened.read(4 * MAX_CHARACTERS + 4).decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError("no such file", where=str(file), hint="`drift-detector init` writes one") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"is not UTF-8 text (byte {error.start})", where=str(file), hint="save it as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"can't be read: {error.strerror}", where=str(file), hint="name the lab.yaml, and mend its permissions"
        ) from None


def _check(file: Path, text: str) -> tuple[dict[str, Any], dict[str, int]]:
    node = compose_document(text)
    checker = Checker()
    if node is None:
        raise ConfigurationError("is empty", where=str(file), hint="`drift-detector init` writes a commented one")
    if isinstance(node, Mistake):
        raise ConfigurationError(node.what, where=f"{file}:{node.line}", hint=node.hint)
    values = checker.check(node, LAB_YAML) or {}
    checker.mistakes += cross_mistakes(values, checker.lines)
    if checker.mistakes:
        lines = [
            f"{file}:{m.line}: {m.key}: {m.what}" + (f" ({m.hint})" if m.hint else "")
            for m in sorted(checker.mistakes, key=lambda m: m.line)
        ]
        raise ConfigurationError("\n".join(lines))
    return values, checker.lines


def _build(
    file: Path, demo: bool, values: dict[str, Any], lines: Mapping[str, int], environment: Mapping[str, str]
) -> Lab:
    base = file.parent
    root = Path.cwd() if demo else base
    state = environment.get("HOMELAB_STATE") or values.get("state")
    return Lab(
        file=file,
        demo=demo,
        hosts={name: _host(name, host, base) for name, host in values["hosts"].items()},
        repositories={
            name: _repository(name, repository, base) for name, repository in (values.get("repositories") or {}).items()
        },
        media=values.get("media") or {},
        drift=values.get("drift") or {},
        structure=values.get("structure") or {},
        remediation=values.get("remediation") or {},
        documentation=values.get("documentation") or {},
        reports_settings=values.get("reports") or {},
        schedule=values.get("schedule") or {},
        notify=values.get("notify") or [],
        lines=lines,
        environment=environment,
        root=root,
        state=_path(base, state) if state else root / ".homelab_state",
    )


def _host(name: str, values: dict[str, Any], base: Path) -> HostSettings:
    files = ("ssh_config", "known_hosts", "identity_file")
    paths: dict[str, Any] = {key: _path(base, values[key]) for key in files if values.get(key)}
    tls = {
        key: value if key == "verify" else str(_path(base, value)) for key, value in (values.get("tls") or {}).items()
    }
    rest = {key: value for key, value in values.items() if key not in {*paths, "tls", "docker"}}
    docker = values["docker"]
    if docker.startswith("capture:"):
        docker = "capture:" + str(_path(base, docker.removeprefix("capture:")))
    return HostSettings(name=name, docker=docker, tls=tls, **paths, **rest)


def _repository(name: str, values: dict[str, Any], base: Path) -> RepositorySettings:
    return RepositorySettings(
        name=name,
        path=_path(base, values["path"]),
        ref=values.get("ref"),
        stacks=tuple(values.get("stacks") or ("stacks/*",)),
        env_files={
            stack: tuple(_path(base, item) for item in files)
            for stack, files in (values.get("env_files") or {}).items()
        },
        forge=ForgeSettings(**values["forge"]) if values.get("forge") else ForgeSettings(kind="none"),
    )


def _path(base: Path, text: str) -> Path:
    # Path.expanduser() raises where nobody has the name after a ~; then it is the name of a folder.
    return (base / os.path.expanduser(text)).absolute() if text else base


def _dotenv(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        values = dotenv_values(file, interpolate=False)
    except (OSError, ValueError) as error:
        # No more of the error: it may quote the file, which holds secrets.
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"can't be read: {why}", where=str(file), hint="a line is NAME=value") from None
    return {name: value for name, value in values.items() if value is not None}
