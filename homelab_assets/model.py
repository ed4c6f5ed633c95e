"""The types in which the git side, the running side and everything after them meet.

Plain values only: nothing here reads a file, a clock or the network.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from homelab_assets.errors import UserError
from homelab_assets.secrecy import redact

Json = Any
"""A JSON value as `json.loads` returns it."""


class Unprinted:
    """For a record that holds something in clear: logs and messages show no more of it than what it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class Span(Struct, frozen=True, kw_only=True):
    """Where a value stands in a text file.

    Attributes:
        file: path as the reader that supplied the text knows it (for a repository: relative to its root).
        line: first line, 1-based. column: first column, 1-based.
        start, end: offsets of the value's text in code points, end exclusive.
    """

    file: str
    line: int
    column: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class FileTree(Protocol):
    """Files below one root, read from a git commit or from disk. Paths are POSIX, relative to the root."""

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes, or None where there is no such file."""
        ...

    def list(self, directory: str = "") -> Sequence[str]:
        """Return the names directly below `directory`, sorted; folders end in `/`. Empty where it does not exist."""
        ...


def path_in(folder: str, name: str) -> str:
    """The path of what lies in a folder of a `FileTree`; the root is ""."""
    return f"{folder}/{name}".lstrip("/")


class Captured(Struct, frozen=True, kw_only=True, tag_field="status", tag="captured"):
    """What one engine said of itself at one moment: inspect documents, secrets already sealed.

    Attributes:
        host: name in `lab.yaml`.
        captured_at: ISO 8601 UTC, seconds, `Z`.
        engine: `{"version": …, "info": …}` as `/version` and `/info` answer.
        containers, images, networks, volumes: inspect documents, containers sorted by name.
        dotenv: variables of `.env` files that lie beside the running compose files, by the path of the file on the
            host; values sealed, None where the file leaves it to the deployer's shell. Never written to disk in clear.
        env_files: the same of the files that these compose files name as `env_file`.
        compose_variables: variables that services use by the compose files that they were started from, by the list of
            these files in the label and by service: each with the fingerprint of its default, None where it has none
            or several. Only lists that tell all.
        spellings: of a stored capture: by the token of a value in these files, those of the spellings in which
            containers that have it show it (a size as a number); None where nobody has looked.
        seconds: how long the capture took.
    """

    host: str
    captured_at: str
    engine: Mapping[str, Json]
    containers: Sequence[Mapping[str, Json]]
    images: Sequence[Mapping[str, Json]]
    networks: Sequence[Mapping[str, Json]]
    volumes: Sequence[Mapping[str, Json]]
    dotenv: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    env_files: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    compose_variables: Mapping[str, Mapping[str, Mapping[str, str | None]]] = field(default_factory=dict)
    spellings: Mapping[str, Sequence[str]] | None = None
    seconds: float = 0.0


class Unreachable(Struct, frozen=True, kw_only=True, tag_field="status", tag="unreachable"):
    """A host that could not be captured. `error` says why, `hint` what to do next."""

    host: str
    captured_at: str
    error: str
    hint: str | None = None
    seconds: float = 0.0


CaptureResult = Captured | Unreachable
"""Their tags, `status` in what is stored, tell which of the two it is."""


class Baseline(Struct, frozen=True, kw_only=True):
    """One stack as git holds it, bound to one endpoint.

    Attributes:
        repository: name in `lab.yaml`. ref, commit: what was read; commit is "" for a working tree.
        stack: folder name, which is also the default project name.
        endpoint: host name that the stack is deployed to, or None where nothing says it.
        bound_by: what says so: `stack-targets.yml`, `endpoint file`, or None.
        directory: the stack's folder, relative to the repository's root.
        files: compose files to merge, in order, relative to the root. foreign: those of other hosts' endpoints.
        tree: the repository's files at that commit.
        shared: files beyond the folder that these extend, include or name.
        committed_at: ISO 8601 UTC time of the last commit that touched the folder or a shared file, or None.
        variables: `.env` values known on the git side, sealed (a committed `.env`, or one named in `lab.yaml`); None
            where the file leaves it to the deployer's shell.
        samples: names of the variables in `.env.sample`; its values are placeholders and never used.
    """

    repository: str
    ref: str
    commit: str
    stack: str
    endpoint: str | None
    bound_by: str | None
    directory: str
    files: Sequence[str]
    tree: FileTree
    shared: Sequence[str] = ()
    committed_at: str | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)
    samples: Sequence[str] = ()
    foreign: Sequence[str] = ()

    def inside(self, name: str) -> str:
        """Path of a file in the stack's folder."""
        return path_in(self.directory, name)

    @property
    def endpoint_file(self) -> str:
        """Path of the compose file for its endpoint alone, whether or not git has it."""
        return self.inside(f"docker-compose.{self.endpoint}.yml")

    @property
    def label(self) -> str:
        """What people call it: the stack, and its endpoint where it is bound to one."""
        return f"{self.stack} on {self.endpoint}" if self.endpoint else self.stack


ProblemKind = Literal["host", "repository", "baseline", "container", "report"]


class Problem(Struct, frozen=True, kw_only=True):
    """Something that could not be read, compared or done: neither drift nor clean. It makes the exit code 2."""

    kind: ProblemKind
    what: str
    where: str | None = None
    hint: str | None = None
    host: str | None = None
    repository: str | None = None
    stack: str | None = None

    @classmethod
    def of(cls, error: UserError, *, kind: ProblemKind, **about: str | None) -> "Problem":
        """What an error comes to, fit to be shown."""
        return cls(kind=kind, what=redact(error.what), where=error.where, hint=error.hint, **about)
