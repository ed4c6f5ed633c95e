"""The variables that interpolation sees: the shell's, then those of `.env` or of the files given instead of it."""

import posixpath
from collections.abc import Mapping, Sequence

from homelab_assets.compose import dotenv
from homelab_assets.compose.problems import refuse
from homelab_assets.compose.scope import Read, text_of

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")


def interpolation_environment(
    shell: Mapping[str, str], *, directory: str, read: Read, env_files: Sequence[str] = ()
) -> dict[str, str]:
    """Return the environment for `load`.

    Args:
        shell: the variables of the process; they win, even when empty.
        directory: the project's folder, whose `.env` counts unless other files are given or
            `COMPOSE_DISABLE_ENV_FILE` is set.
        env_files: absolute paths as of `--env-file`, later ones winning.

    Raises:
        BaselineError: a file that is not there or does not parse.
    """
    paths = list(env_files) or _default_file(shell, directory, read)
    variables: dict[str, str] = {}
    for path in paths:
        data = read(path)
        if data is None:
            refuse(f"couldn't find env file: {path}")
        dotenv.parse_into(variables, text_of(data), shell.get, file=path)
    return {**variables, **shell}


def _default_file(shell: Mapping[str, str], directory: str, read: Read) -> list[str]:
    disabled = shell.get("COMPOSE_DISABLE_ENV_FILE")
    if disabled is not None and disabled not in _TRUE + _FALSE:
        refuse(f"COMPOSE_DISABLE_ENV_FILE is {disabled!r}, not a boolean", hint="set it to 1 or 0")
    path = posixpath.join(directory, ".env")
    return [] if disabled in _TRUE or read(path) is None else [path]
