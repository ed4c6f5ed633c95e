"""The program as a test runs it."""

from click.testing import CliRunner, Result

from homelab_assets.cli import main


def detect(*arguments: str, answer: str | None = None) -> Result:
    """Run a verb in this process. An exception that is no exit is a traceback at somebody's terminal."""
    result = CliRunner().invoke(main, list(arguments), input=answer)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result
