"""Generated documents as a proposal: what the catalog, diagrams and runbooks in git would become. Pure."""

import posixpath
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from homelab_assets.documentation import markers
from homelab_assets.model import FileTree
from homelab_assets.remediation.identity import ANY, DOCUMENTS, Identity, branch_name, content_digest, digest_of
from homelab_assets.remediation.markdown import code
from homelab_assets.remediation.patch import patch_of
from homelab_assets.remediation.plan import LABEL
from homelab_assets.remediation.proposal import with_marks, with_trailers

IDENTITY = Identity(host=ANY, stack=ANY, service="documentation")
_MOST_LISTED = 50


class DocumentsPlan(Struct, frozen=True, kw_only=True, dict=True):
    """The documents that would change. See `Proposal` for what all kinds have in common.

    Attributes:
        moment: of the audit that they were made from, ISO 8601 UTC. left: files that were left alone, with the reason.
    """

    repository: str
    commit: str
    moment: str
    files: Mapping[str, bytes | None]
    left: tuple[str, ...]
    tree: FileTree

    identity = IDENTITY
    cosmetic = False
    draft = False
    labels = (LABEL, "documentation")
    urgency = (0,)
    title = "docs: what runs, as the last audit saw it"

    @property
    def actionable(self) -> bool:
        """Whether any document would change."""
        return bool(self.files)

    @property
    def refusal(self) -> str:
        """Why a document is left alone; "" where none is."""
        return "; ".join(self.left)

    @property
    def branch(self) -> str:
        """The name for its branch."""
        return branch_name(DOCUMENTS, self.moment, "refresh")

    @property
    def content(self) -> str:
        """Names the edited files, whichever audit saw them."""
        texts = {path: markers.without_moment((data or b"").decode()).encode() for path, data in self.files.items()}
        return content_digest(texts)

    @property
    def digest(self) -> str:
        """Names the set of changes."""
        return digest_of(str(self.identity), self.content)

    @property
    def fingerprint(self) -> str:
        """Names the text of the body."""
        return digest_of(self._text)

    @cached_property
    def _text(self) -> str:
        paths = sorted(self.files)
        listed = [f"- {code(path)}" for path in paths[:_MOST_LISTED]]
        rest = [f"- and {len(paths) - _MOST_LISTED} more"] if len(paths) > _MOST_LISTED else []
        left = ["", "Left as they are:", "", *(f"- {code(text)}" for text in self.left)] if self.left else []
        intro = "Generated from the last audit. Merging changes no service; text outside of generated blocks is kept."
        return "\n".join([intro, "", *listed, *rest, *left, "", "Close it to decline exactly these changes."])

    @cached_property
    def body(self) -> str:
        """The body of its pull request."""
        return with_marks(self._text, self, DOCUMENTS)

    @property
    def message(self) -> str:
        """The message of its commit."""
        return with_trailers(self.title, self)

    @property
    def patch(self) -> str:
        """The patch."""
        return patch_of(self.tree, self.files)


def plan_documents(
    documents: Mapping[str, str], *, repository: str, tree: FileTree, commit: str, moment: str
) -> DocumentsPlan:
    """Plan the pull request that brings generated documents in git up to date.

    Args:
        documents: text by path in the repository. tree: the repository at `commit`. moment: of the audit.
    """
    files: dict[str, bytes | None] = {}
    left = []
    for name, text in documents.items():
        path = posixpath.normpath(name)
        data = tree.read(path)
        try:
            existing = None if data is None else data.decode("utf-8")
            new = markers.renewed(existing, text, markdown=path.endswith(".md"))
        except (markers.BrokenMarkers, UnicodeDecodeError) as error:
            left.append(f"{path}: mend or delete it: {error}")
            continue
        if new is not None:
            files[path] = new.encode()
    return DocumentsPlan(repository=repository, commit=commit, moment=moment, files=files, left=tuple(left), tree=tree)
