"""The README's own pull request: its table of services as git has them, where no other one brings it up to date."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from homelab_assets.drift.document import DriftDocument
from homelab_assets.model import Baseline, FileTree
from homelab_assets.remediation.identity import ANY, README_TABLE, Identity, branch_name, content_digest, digest_of
from homelab_assets.remediation.patch import shown_patch
from homelab_assets.remediation.plan import LABEL
from homelab_assets.remediation.proof import Loader
from homelab_assets.remediation.proposal import with_marks, with_trailers
from homelab_assets.remediation.readme import README, Readme, readme_of
from homelab_assets.remediation.repository_docs import BEGIN, unstamped

IDENTITY = Identity(host=ANY, stack=ANY, service="README")
_BODY = """\
**The README's table lists other services than git has.** This brings it up to date, from the compose files alone.
Merging changes no service; text outside of the table and the line `Last audit` is kept.

A pull request about a service changes that service's row itself, unless the row stands beside one that another pull
request changes: the two would conflict. Such rows come here, after the merges.

Close it to decline exactly these changes.
`remediation: {documentation: false}` in `lab.yaml` leaves the README alone."""


class ReadmePlan(Struct, frozen=True, kw_only=True, dict=True):
    """The README with the table that it should have. See `Proposal` for what all kinds have in common.

    Attributes:
        moment: of the audit, ISO 8601 UTC.
    """

    repository: str
    commit: str
    moment: str
    readme: Readme
    tree: FileTree

    identity = IDENTITY
    actionable = True
    cosmetic = False
    draft = False
    labels = (LABEL, "documentation")
    urgency = (0,)
    refusal = ""
    title = "docs(readme): list the services that git has"

    @property
    def files(self) -> Mapping[str, bytes | None]:
        """The README."""
        return {README: self.readme.refreshed.encode()}

    @property
    def branch(self) -> str:
        """The name for its branch."""
        return branch_name(README_TABLE, self.moment, "services")

    @cached_property
    def content(self) -> str:
        """Names the new text, whichever day it is from."""
        return content_digest({README: unstamped(self.readme.refreshed).encode()})

    @cached_property
    def digest(self) -> str:
        """Names the set of changes; whoever wants no table declines it whatever it would list."""
        return digest_of(str(self.identity), self.content if BEGIN in self.readme.text else "a table")

    @property
    def fingerprint(self) -> str:
        """Names the text of the body."""
        return digest_of(_BODY)

    @cached_property
    def body(self) -> str:
        """The body of its pull request."""
        return with_marks(_BODY, self, README_TABLE)

    @property
    def message(self) -> str:
        """The message of its commit."""
        return with_trailers(self.title, self)

    @cached_property
    def patch(self) -> str:
        """The patch."""
        return shown_patch(self.tree, self.files)


def plan_readmes(
    document: DriftDocument, baselines: Sequence[Baseline], *, load: Loader
) -> dict[str, ReadmePlan | None]:
    """Return the plan for each repository's README, None where nothing is to do, and nothing where that is not known.

    Args:
        baselines: what the document was made from. load: the compose loader.
    """
    plans: dict[str, ReadmePlan | None] = {}
    if any(problem.get("kind") != "host" for problem in document.problems):
        return plans
    for name in dict.fromkeys(baseline.repository for baseline in baselines):
        own = [baseline for baseline in baselines if baseline.repository == name]
        readme = readme_of(own[0].tree, own, load, document.generated_at)
        plans[name] = None
        if readme is not None and readme.due:
            plans[name] = ReadmePlan(
                repository=name, commit=own[0].commit, moment=document.generated_at, readme=readme, tree=own[0].tree
            )
    return plans
