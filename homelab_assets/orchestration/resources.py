"""The homelab as assets see it. A plain object: Dagster's pages list a resource's configuration, and this has none."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg
from msgspec.structs import replace

from homelab_assets import audit
from homelab_assets.audit import utc_now
from homelab_assets.errors import UserError
from homelab_assets.lab.settings import Lab
from homelab_assets.secrecy import Vault, redact
from homelab_assets.secrecy.defects import chain, described, traced

if TYPE_CHECKING:
    from homelab_assets.repository.baselines import Baselines


class Ended(dg.DagsterError, KeyboardInterrupt):
    """Somebody ended the run: pressed Ctrl-C, or Terminate in the UI.

    Within a step that has a retry policy Dagster takes an interrupt for one more reason to try again, and then goes on
    to the run's end. An error of its own it passes on, and this one is an interrupt to whatever comes after.
    """


class Laboratory:
    """Settings, vault and clock of one homelab.

    The vault is opened at first use and lives as long as the process: steps of one in-process run share it, so a
    config hash can be verified with the secrets that the capture sealed. A step in a process of its own compares
    fingerprints instead.
    """

    def __init__(
        self,
        lab: Lab,
        *,
        now: Callable[[], str] = utc_now,
        vault: Vault | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self.lab = lab
        self.now = now
        self._progress = progress
        self._vault = vault
        self._opening, self._loading = threading.Lock(), threading.Lock()
        self._loaded: tuple[Any, Any] = (None, None)

    def __repr__(self) -> str:
        return f"Laboratory({self.lab.file})"

    def progress(self, context: dg.AssetExecutionContext) -> Callable[[str], None]:
        """Return what tells of progress: the run's log, and whoever watches."""

        def say(text: str) -> None:
            text = redact(text)
            context.log.info(text)
            if self._progress:
                self._progress(text)

        return say

    @property
    def vault(self) -> Vault:
        """The installation's vault; its key is made on first use."""
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> Vault:
        from homelab_assets.fingerprint_key import load_key

        return self._vault or Vault(load_key(self.lab.state))

    def pinned(self, commits: Mapping[str, str]) -> Lab:
        """Return the lab with only these repositories, each at this commit instead of its ref."""
        repositories = {name: replace(self.lab.repositories[name], ref=commit) for name, commit in commits.items()}
        return replace(self.lab, repositories=repositories)

    def baselines_at(self, commits: Mapping[str, str]) -> "Baselines":
        """Load the baselines at these commits, once for all steps of a process: a commit does not change."""
        key = tuple(sorted(commits.items()))
        with self._loading:
            if key != self._loaded[0]:
                self._loaded = (key, audit.load(self.pinned(commits), vault=self.vault))
            return self._loaded[1]

    @contextmanager
    def plain_errors(self) -> Iterator[None]:
        """Turn a person's mistake into a failure that says what to do, and keep secrets out of every error text."""
        try:
            yield
        except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
            raise Ended("the run was ended") from None
        except UserError as error:
            metadata = {"hint": dg.MetadataValue.text(self._without_secrets(error.hint))} if error.hint else {}
            # No retry: the same file, host or token would fail in the same way.
            raise dg.Failure(self._without_secrets(str(error)), metadata=metadata, allow_retries=False) from None
        except dg.Failure:
            raise
        except Exception as error:
            # Dagster writes down each error's message, and those of the errors before it.
            if any(self._without_secrets(described(one)) not in _as_it_is(one) for one in chain(error)):
                raise dg.Failure(self._without_secrets(traced(error))) from None
            raise

    def _without_secrets(self, text: str) -> str:
        # A vault that is not open yet knows nothing; its key may be what the error is about.
        return self._opened.redact(text) if "_opened" in self.__dict__ else redact(text)


def _as_it_is(error: BaseException) -> tuple[str, str]:
    return f"{type(error).__name__}: {error}", type(error).__name__


LaboratoryResource = dg.ResourceParam[Laboratory]
