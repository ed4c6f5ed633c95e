"""The adoption of a container as a proposal. Pure."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from homelab_assets.errors import UserError
from homelab_assets.model import FileTree
from homelab_assets.remediation.adopt import Adoption
from homelab_assets.remediation.adoption_body import adoption_body, adoption_title
from homelab_assets.remediation.identity import ADOPTION, Identity, content_digest, digest_of, kebab
from homelab_assets.remediation.patch import patch_of
from homelab_assets.remediation.plan import LABEL
from homelab_assets.remediation.proposal import with_marks, with_trailers
from homelab_assets.remediation.repository_docs import with_target
from homelab_assets.repository.stacks import read_stack
from homelab_assets.repository.targets import FILE_NAMES


class AdoptionPlan(Struct, frozen=True, kw_only=True, dict=True):
    """A new stack for a container. See `Proposal` for what all kinds have in common."""

    adoption: Adoption
    repository: str
    commit: str
    files: Mapping[str, bytes | None]
    tree: FileTree

    actionable = True
    cosmetic = False
    labels = (LABEL,)
    refusal = ""

    @property
    def identity(self) -> Identity:
        """The container on its host."""
        return Identity(host=self.adoption.host, stack=self.adoption.stack, service=self.adoption.container)

    @property
    def urgency(self) -> tuple[Identity]:
        """All are the same."""
        return (self.identity,)

    @property
    def draft(self) -> bool:
        """Whether somebody has to look or to do something first."""
        return bool(self.adoption.weakenings or self.adoption.variables)

    @property
    def branch(self) -> str:
        """The name for its branch."""
        return f"{ADOPTION.prefix}{kebab(self.adoption.host)}-{self.adoption.stack}"

    @property
    def content(self) -> str:
        """Names the new files."""
        return content_digest(self.adoption.files)

    @property
    def digest(self) -> str:
        """Names what is adopted."""
        return digest_of(str(self.identity), self.content)

    @property
    def fingerprint(self) -> str:
        """Names the text of the body."""
        return digest_of(adoption_body(self.adoption))

    @property
    def title(self) -> str:
        """The conventional title."""
        return adoption_title(self.adoption)

    @cached_property
    def body(self) -> str:
        """The body of its pull request."""
        return with_marks(adoption_body(self.adoption).rstrip("\n"), self, ADOPTION)

    @property
    def message(self) -> str:
        """The message of its commit."""
        return with_trailers(self.title, self)

    @property
    def patch(self) -> str:
        """The patch."""
        return patch_of(self.tree, self.files)


def plan_adoption(adoption: Adoption, repository: str, tree: FileTree, commit: str) -> AdoptionPlan:
    """Plan the pull request of an adoption.

    Args:
        tree: the repository at `commit`.

    Raises:
        UserError: git has a stack of that name.
    """
    present = read_stack(tree, adoption.directory, adoption.stack)
    taken = [*(present.compose_files if present else ()), *(p for p in adoption.files if tree.read(p) is not None)]
    if taken:
        raise UserError("is there already", where=taken[0], hint="adopt is for containers that git does not know")
    files: dict[str, bytes | None] = dict(adoption.files)
    name = next((name for name in FILE_NAMES if tree.read(name) is not None), None)
    if name is not None:
        text = (tree.read(name) or b"").decode("utf-8", "surrogateescape")
        files[name] = with_target(text, adoption.stack, adoption.host).encode("utf-8", "surrogateescape")
    return AdoptionPlan(adoption=adoption, repository=repository, commit=commit, files=files, tree=tree)
