"""Names and values of `.env` files on git's side."""

from collections.abc import Iterator, Mapping

from homelab_assets.compose.dotenv import parse_alone, parse_into
from homelab_assets.errors import BaselineError
from homelab_assets.late import late
from homelab_assets.model import FileTree

_LINE = late(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][\w.-]*)\s*(?:=\s*(?P<value>.*?)\s*)?")


def read_variables(file: str, data: bytes, known: Mapping[str, str | None]) -> dict[str, str | None]:
    """Read the variables of an env file as Compose does; None for one that only the deployer's shell can tell.

    Args:
        known: variables of earlier files, which it may refer to.

    Raises:
        BaselineError: the file is no text, or Compose would refuse it.
    """
    return parse_alone(_text(file, data), file=file, before=known)


def read_lines(file: str, data: bytes) -> dict[str, tuple[str, int]]:
    """Read value and 1-based line of each variable of an env file that is read alone.

    Raises:
        BaselineError: as `read_variables`.
    """
    variables: dict[str, str] = {}
    lines: dict[str, int] = {}
    parse_into(variables, _text(file, data), lambda name: None, file=file, lines=lines)
    return {name: (variables[name], line) for name, line in lines.items() if name in variables}


def read_sample(file: str, data: bytes) -> Iterator[tuple[str, str, int]]:
    """Yield name, placeholder and line of each variable in a `.env.sample`. A line that is neither is passed over:
    the file is for people, and nothing loads it.

    Raises:
        BaselineError: the file is no text.
    """
    for number, line in enumerate(_text(file, data).splitlines(), start=1):
        if match := _LINE.fullmatch(line):
            yield match["name"], (match["value"] or "").strip("'\""), number


def names_of(tree: FileTree, sample: str | None) -> tuple[str, ...]:
    """Return the names of the variables in a `.env.sample`, each once, in its order."""
    data = tree.read(sample) if sample else None
    if data is None or sample is None:
        return ()
    return tuple(dict.fromkeys(name for name, _, _ in read_sample(sample, data)))


def _text(file: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BaselineError("is not UTF-8 text", where=f"{file}:{line}", hint="save it as UTF-8") from None
