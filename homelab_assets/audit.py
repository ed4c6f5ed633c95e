"""The audit: capture the hosts, load the baselines, compare. The one flow behind the command line and Dagster.

`run_audit` looks and compares and writes nothing. `remember` writes; it may run while another audit does the same.
"""

import json
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.drift import history
from homelab_assets.drift.document import DriftDocument
from homelab_assets.errors import ConfigurationError, UserError, nothing_named
from homelab_assets.files import read_json, write_whole
from homelab_assets.lab.settings import Lab, RepositorySettings
from homelab_assets.locking import exclusive
from homelab_assets.model import Captured, CaptureResult
from homelab_assets.moments import utc_text
from homelab_assets.rendering.nouns import counted
from homelab_assets.secrecy import Vault, redact

if TYPE_CHECKING:
    from homelab_assets.repository.baselines import Baselines

Progress = Callable[[str], None]
_FETCH_SECONDS = 30.0


class Audit(Struct, frozen=True, kw_only=True):
    """Everything that one audit saw, and what it makes of it. `captures` are in the order of `lab.yaml`."""

    captures: Sequence[CaptureResult]
    baselines: "Baselines"
    document: DriftDocument


def utc_now() -> str:
    """Return this moment as ISO 8601 UTC, seconds, `Z`."""
    return utc_text(datetime.now(UTC))


def run_audit(
    lab: Lab,
    *,
    vault: Vault,
    host: str | None = None,
    stack: str | None = None,
    service: str | None = None,
    working_tree: bool = False,
    progress: Progress | None = None,
    now: str | None = None,
) -> Audit:
    """Capture, load and compare now; write nothing.

    Hosts and repositories are read side by side. One that can't be read is a result of its own: the others go on.

    Args:
        host, stack, service: narrow the document to these; the container's name will do for a service.
        working_tree: compare with the files as they lie in the clones instead of with the refs of `lab.yaml`.
        progress: told in words what has been done, from several threads.
        now: moment of the audit, ISO 8601 UTC; default: this one.

    Raises:
        ConfigurationError: `host`, `stack` or `service` names nothing.
    """
    # Imported by one thread: of two that meet in modules that need each other, one would see them half made.
    import homelab_assets.engine
    import homelab_assets.repository.baselines

    hosts = _chosen(lab, host)
    with ThreadPoolExecutor(2, thread_name_prefix="audit") as pool:
        capturing = pool.submit(capture, lab, hosts, vault=vault, progress=progress)
        loading = pool.submit(load, lab, vault=vault, working_tree=working_tree, progress=progress)
        # Takes as long as git does to answer, and what the threads still import has no part in it.
        import homelab_assets.drift.compare  # noqa: F401

        captures, baselines = capturing.result(), loading.result()
    document = compare(lab, captures, baselines, vault=vault, now=now or utc_now())
    document = narrow(document, host=host, stack=stack, service=service)
    return Audit(captures=captures, baselines=baselines, document=document)


def capture(
    lab: Lab, hosts: Sequence[str], *, vault: Vault, progress: Progress | None = None
) -> tuple[CaptureResult, ...]:
    """Capture these hosts side by side, in the order given. A host that can't be captured is `Unreachable`."""
    from homelab_assets.engine import capture_hosts

    results = tuple(capture_hosts([lab.hosts[name] for name in hosts], vault=vault))
    for result in results:
        if progress is not None:
            progress(_outcome(result))
    return results


def _outcome(result: CaptureResult) -> str:
    if isinstance(result, Captured):
        count = len(result.containers)
        return f"{result.host}: {counted(count, 'container')}, {result.seconds:.1f} s"
    return f"{result.host}: not captured: {result.error}"


def load(
    lab: Lab,
    *,
    vault: Vault,
    working_tree: bool = False,
    only: Collection[str] | None = None,
    progress: Progress | None = None,
) -> "Baselines":
    """Load the stacks of all repositories, or of `only` some. What can't be read stands in the result's `problems`."""
    from homelab_assets.repository.baselines import load_baselines

    loaded = load_baselines(lab, vault=vault, working_tree=working_tree, only=only)
    for ref in loaded.refs:
        if progress is not None:
            where = f"{ref.ref} ({ref.commit[:10] or 'working tree'})"
            progress(f"{ref.repository}: {counted(ref.stacks, 'stack')} at {where}")
    return loaded


def not_fetched(repository: str, why: str) -> str:
    """Say that a repository could not be fetched, and what follows."""
    return f"{repository} could not be fetched, the clone's last state counts: {redact(why)}"


def refresh(lab: Lab) -> dict[str, str]:
    """Fetch the baseline branches that follow a remote, side by side; checkouts and local branches stay as they are.

    Returns:
        Why, by repository, for those that could not be fetched: the audit goes on with what the clone has.
    """
    from homelab_assets.repository.git import Git
    from homelab_assets.repository.remotes import refresh as fetch

    def one(repository: RepositorySettings) -> str | None:
        git = Git(repository.path)
        try:
            fetch(git, repository.ref or git.default_ref(), seconds=_FETCH_SECONDS)
        except UserError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(max(1, min(8, len(lab.repositories))), thread_name_prefix="fetch") as pool:
        answers = zip(lab.repositories, pool.map(one, lab.repositories.values()), strict=True)
        return {name: why for name, why in answers if why}


def compare(
    lab: Lab, captures: Sequence[CaptureResult], baselines: "Baselines", *, vault: Vault, now: str
) -> DriftDocument:
    """Compare what runs with what git says, by the policy of `lab.yaml`, and date each difference from the history."""
    from homelab_assets.drift.compare import compare_all
    from homelab_assets.drift.past import is_doubtful, with_past
    from homelab_assets.drift.policy import policy_from

    policy = policy_from(lab.drift, lab.lines, str(lab.file))
    document = compare_all(
        captures, baselines.baselines, vault=vault, policy=policy, now=now, problems=baselines.problems
    )
    doubtful = {(one.repository, one.stack) for one in document.services if is_doubtful(one)}
    if doubtful:
        from homelab_assets.repository.past import Pasts

        asked = [one for one in baselines.baselines if (one.repository, one.stack) in doubtful]
        document = with_past(
            document,
            captures,
            baselines.baselines,
            earlier=Pasts(lab.repositories, asked, vault).of,
            vault=vault,
            policy=policy,
        )
    previous, notice = read_history(lab)
    document = history.remember(previous, replace(document, baselines=tuple(baselines.refs), demo=lab.demo))
    return replace(document, notices=(*document.notices, *baselines.notices, *([notice] if notice else [])))


def read_history(lab: Lab) -> tuple[DriftDocument | None, str | None]:
    """Return the last remembered document, and a notice where there is one that can't be used.

    A damaged history costs the dates of first sight, never the audit.
    """
    file = lab.state / "history.json"
    try:
        return DriftDocument.from_json(read_json(file)), None
    except FileNotFoundError:
        return None, None
    except (ValueError, AttributeError, OSError) as error:
        return None, f"the history of audits can't be used ({error}); differences count as new: {file}"


def remember(lab: Lab, document: DriftDocument) -> None:
    """Keep a whole audit as the one that the next is compared with; an older one never replaces a newer one.

    One from the future does not count as newer: the clock was wrong then.

    Raises:
        UserError: another audit is writing for too long, or the state folder is not writable.
    """
    with exclusive(lab.state / "history.lock", doing="writing the audit's history"):
        previous, _ = read_history(lab)
        if previous is None or not document.generated_at < previous.generated_at <= _tomorrow(document):
            judged = [verdict for verdict in document.services if verdict.judged]
            kept = replace(document, services=(*judged, *history.unjudged(previous, document)))
            text = json.dumps(kept.to_json(), ensure_ascii=False) + "\n"
            write_whole(lab.state / "history.json", text, private=True)


def _tomorrow(document: DriftDocument) -> str:
    return utc_text(datetime.fromisoformat(document.generated_at) + timedelta(days=1))


def narrow(
    document: DriftDocument, *, host: str | None = None, stack: str | None = None, service: str | None = None
) -> DriftDocument:
    """Return the document with only what it says of the services that are asked for; hosts and problems stay.

    Raises:
        ConfigurationError: nothing has such a name: an empty answer would look like "no drift".
    """
    # An empty name is a variable that a script forgot to set: it must not come to mean everything.
    if host is None and stack is None and service is None:
        return document
    services = tuple(
        verdict
        for verdict in document.services
        if host in (None, verdict.host)
        and stack in (None, verdict.stack)
        and service in (None, verdict.service, verdict.container)
    )
    subjects = {verdict.subject for verdict in services}
    ignored = tuple(
        item
        for item in document.ignored
        # There is no verdict on a container that a rule hides as a whole.
        if item.subject in subjects
        or (host in (None, item.host) and stack in (None, item.stack) and service in (None, item.service))
    )
    if not services and not ignored and document.complete and (stack, service) != (None, None):
        raise _nothing_named(document, stack, service)
    named = tuple(f"{subject}: " for subject in subjects)
    return replace(
        document,
        services=services,
        ignored=ignored,
        new=tuple(text for text in document.new if text.startswith(named)),
        gone=tuple(text for text in document.gone if text.startswith(named)),
    )


def _nothing_named(document: DriftDocument, stack: str | None, service: str | None) -> ConfigurationError:
    stacks = {verdict.stack for verdict in document.services if verdict.stack}
    if stack is not None and stack not in stacks:
        return nothing_named("stack", stack, stacks)
    names = {verdict.service for verdict in document.services if stack in (None, verdict.stack)}
    return nothing_named("service", service or "", names)


def _chosen(lab: Lab, host: str | None) -> tuple[str, ...]:
    if host is None:
        return tuple(lab.hosts)
    if host not in lab.hosts:
        raise nothing_named("host", host, lab.hosts)
    return (host,)
