"""Files to one merged tree: documents in order, `extends`, `include`, `!reset`, and the rules of `merge`."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from homelab_assets.compose.canonical import canonicalise, set_defaults
from homelab_assets.compose.casts import CASTS
from homelab_assets.compose.consistency import check_attributes
from homelab_assets.compose.documents import Document, read_documents
from homelab_assets.compose.extends import Extends, Lent, reset
from homelab_assets.compose.includes import Includes
from homelab_assets.compose.merge import merge
from homelab_assets.compose.paths import Resolver
from homelab_assets.compose.problems import Line, at, refuse
from homelab_assets.compose.scope import Read, Scope
from homelab_assets.compose.specification import validate
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.compose.unique import drop_duplicates
from homelab_assets.errors import BaselineError


class Files:
    """Loads the files of one project.

    Args:
        read: gives the bytes of an absolute path, or None. home: what `~` stands for.
        symbolic: a missing `env_file` of an `include` is no error. newer: Compose 5 is to read them.
        is_directory: tells folders from files where only that decides; None assumes a folder.

    Attributes:
        documents: everything that was read, for the inventory of variables.
    """

    def __init__(
        self, read: Read, home: str | None, *, symbolic: bool, newer: bool, is_directory: Callable[[str], bool] | None
    ) -> None:
        self.read = read
        self.documents: dict[str, tuple[Document, ...]] = {}
        self._home = home
        self._newer = newer
        self._extends = Extends(self._lend, lambda path: path in self.documents or read(path) is not None, home)
        self._includes = Includes(self.model, read, is_directory, symbolic=symbolic)

    def model(self, files: Sequence[str], scope: Scope) -> Map:
        """Return the merged tree of files, with defaults and resolved paths.

        Raises:
            BaselineError: for everything that Compose refuses up to here.
        """
        tree = Map()
        for file in files:
            for document in self.documents_of(file):
                tree = self._document(document, file, scope, tree)
        tree.pop("jobs", None)
        set_defaults(tree)
        check_attributes(tree)
        Resolver(scope.base, self._home).resolve(tree)
        _pass_through(tree, scope)
        return tree

    def documents_of(self, file: str) -> tuple[Document, ...]:
        """Read a file.

        Raises:
            BaselineError: there is no such file, or it is not YAML that Compose takes.
        """
        if file not in self.documents:
            data = self.read(file)
            if data is None:
                refuse("no such file", Line(file))
            self.documents[file] = read_documents(data, file)
        return self.documents[file]

    def _lend(self, file: str, scope: Scope) -> Lent:
        """Merge the documents of a file of which only its own text counts: one that an `extends` names."""
        tree = Map()
        documents = self.documents_of(file)
        for document in documents:
            tree = self._document(document, file, scope, tree, lent=True)
        return tree, documents[-1].resets if documents else frozenset()

    def _document(self, document: Document, file: str, scope: Scope, tree: Map, *, lent: bool = False) -> Map:
        try:
            if type(document.root) is not Map:
                refuse("top-level object must be a mapping", document.place)
            layer: Map = scope.interpolator.tree(document.root, CASTS)
            if not lent:
                self._extends.apply(layer, file, scope, document.resets)
            reset(tree, document.resets)
            if not lent:
                self._includes.apply(layer, replace(scope, chain=(*scope.chain, file)))
            return _laid_over(tree, layer, document, complete=not lent, newer=self._newer)
        except BaselineError as error:
            raise at(error, Line(file)) from None


def _laid_over(tree: Map, layer: Map, document: Document, *, complete: bool, newer: bool) -> Map:
    tree = merge(tree, layer)
    drop_duplicates(tree)
    if complete:
        validate(tree, document.place, newer)
        tree.pop("version", None)
    canonicalise(tree)
    _drop_empty_servers(tree)
    drop_duplicates(tree)
    return tree


def _drop_empty_servers(tree: Map) -> None:
    for service in (tree.get("services") or {}).values():
        if type(service) is Map and type(service.get("dns")) is Seq:
            kept = [(item, place) for item, place in zip(service["dns"], service["dns"].places, strict=True) if item]
            service["dns"] = Seq([item for item, _ in kept], [place for _, place in kept])


def _pass_through(tree: Map, scope: Scope) -> None:
    """Give `- NAME` in lists its value, and configs and secrets their content."""
    environment = scope.environment
    for service in (tree.get("services") or {}).values():
        variables = service.get("environment") if type(service) is Map else None
        if type(variables) is Seq:
            for index, item in enumerate(variables):
                if item in environment or item in scope.interpolator.otherwise:
                    variables[index] = f"{item}={scope.interpolator.value(item, '', '', variables.places[index])}"
    for config in (tree.get("configs") or {}).values():
        if type(config) is Map and config.get("environment") in environment:
            config["content"] = environment[config["environment"]]
    for secret in (tree.get("secrets") or {}).values():
        if type(secret) is Map and secret.get("environment") in environment:
            # As Compose calls it. Nobody sees it, but an included secret that has it is unlike one that lacks it.
            secret["x-#value"] = environment[secret["environment"]]
