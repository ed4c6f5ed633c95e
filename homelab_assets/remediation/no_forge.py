"""No forge: each proposal is written down, under `reports/pull-requests/`, for somebody who carries it out by hand."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from homelab_assets.files import write_whole
from homelab_assets.remediation.dashboard import Outcome
from homelab_assets.remediation.identity import ANY, DRIFT, KINDS, Kind, digest_of, kebab, read_marker
from homelab_assets.remediation.proposal import Proposal


def write_proposals(
    directory: Path,
    repository: str,
    plans: Sequence[Proposal],
    *,
    whole: bool,
    kind: Kind = DRIFT,
    others: Sequence[str] = (),
) -> list[Outcome]:
    """Write each plan as `<name>.patch` (for `git apply`) and `<name>.md` (title and body); where everything was
    audited, drop those of the same kind that are gone.

    Args:
        others: the lab's other repositories, whose files stay.
    """

    def prefix(name: str, kind: Kind = kind) -> str:
        return ("" if kind is DRIFT else f"{kind.word}-") + f"{kebab(name)}-"

    outcomes, kept = [], []
    for plan in plans:
        who = plan.identity
        if not plan.actionable:
            outcomes.append(Outcome(status="refused", identity=who, title=plan.title, why=plan.refusal))
            continue
        parts = dict.fromkeys(kebab(part or "") for part in who.subject if part != ANY)
        kept.append(_name_for(directory, prefix(repository) + "-".join(parts), plan, kind))
        patch = _write(directory, kept[-1], plan)
        outcomes.append(Outcome(status="written", identity=who, title=plan.title, reference=str(patch)))
    if whole and directory.is_dir():
        own = prefix(repository)
        every = {prefix(name, other) for name in (repository, *others) for other in KINDS}
        longer = tuple(one for one in every if one.startswith(own) and one != own)
        _drop_others(directory, kept, own, longer)
    return outcomes


def _name_for(directory: Path, name: str, plan: Proposal, kind: Kind) -> str:
    """Return a plan's file name: longer where that of another, such as `a-b` + `c` beside `a` + `b-c`, reads alike."""
    try:
        body = (directory / f"{name}.md").read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return name
    there = read_marker(body, kind)
    return name if there is None or there[0] == plan.identity else f"{name}-{digest_of(str(plan.identity))[:6]}"


def _write(directory: Path, name: str, plan: Proposal) -> Path:
    """Write a plan's files where they differ from what is there, and return the patch."""
    patch, body = directory / f"{name}.patch", directory / f"{name}.md"
    for path, text in ((patch, plan.patch), (body, f"# {plan.title}\n\n{plan.body}")):
        data = text.encode("utf-8", "surrogateescape")
        if not path.is_file() or path.read_bytes() != data:
            write_whole(path, data)
    return patch


def _drop_others(directory: Path, kept: Iterable[str], prefix: str, spared: tuple[str, ...]) -> None:
    """Remove the proposals with a prefix that are not kept. `spared`: longer prefixes, of other repositories."""
    names = set(kept)
    for path in directory.glob(f"{prefix}*"):
        if path.suffix in (".patch", ".md") and path.stem not in names and not path.stem.startswith(spared):
            path.unlink(missing_ok=True)
