"""What a set of compose files sees: its folders, its variables, and the files that lead to it."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from homelab_assets.compose.interpolation import MARKER, OPEN, Interpolator
from homelab_assets.compose.paths import join
from homelab_assets.compose.problems import refuse
from homelab_assets.compose.yaml_nodes import Node
from homelab_assets.errors import Needs
from homelab_assets.late import late


class Private(bytes):
    """The content of an env file whose values stay behind the variables of those who include a file with it."""


class Partial(Private):
    """One that only names some of its variables, since nobody knows their values: to an `include` as good as none."""


Read = Callable[[str], bytes | None]
_UNKNOWN = late("[\udc80-\udcff]")
_REMOTE = ("oci://", "http://", "https://", "git://", "ssh://", "git@", "github.com/")


class Scope(Struct, frozen=True, kw_only=True):
    """What a set of files sees: the main files, or those of one `include`.

    Attributes:
        directory: absolute folder that names of files are relative to.
        base: what paths in values are joined with; relative to the including scope's folder below an `include`.
        environment: its variables. interpolator: replaces them.
        chain: files that are being loaded, outermost first.
    """

    directory: str
    base: str
    environment: Mapping[str, str]
    interpolator: Interpolator
    chain: tuple[str, ...] = ()

    def path(self, written: str, place: Node | None, *, what: str) -> str:
        """Return the absolute path of a file that another one names in `what`: `extends` or `include`.

        Raises:
            BaselineError: it is no local file, or a variable without a value is in it.
        """
        if OPEN in written:
            self.refuse_open(written, place, what=what, is_file=True)
        if written.startswith(_REMOTE):
            refuse(f"{what}: {written} is not a local file", place)
        return written if written.startswith("/") else join(self.directory, written)

    def refuse_open(self, text: str, place: Node | None, *, what: str, is_file: bool = False) -> None:
        """Refuse a text that a variable without a value stands in, by the variable's name."""
        if (match := MARKER.search(text)) is None:
            return
        expression = self.interpolator.expressions[int(match[1])]
        name, scope = expression.name, expression.scope
        needs = Needs(name + scope, value=self.interpolator.included.get(scope, {}).get(name, expression.otherwise))
        if is_file:
            path = text if text.startswith("/") else join(self.directory, text)
            before, _, after = path.partition(match[0])
            needs = needs._replace(before=before, after=after)
        what = f"{what}: the variable {name} chooses it, and its value is not known"
        refuse(what, place, hint=f"give {name} a value", needs=needs)


def text_of(data: bytes) -> str:
    """Decode a text file; every byte that is no UTF-8 counts as a character that is unknown."""
    text = data.decode("utf-8", "surrogateescape")
    return text if text.isascii() else _UNKNOWN.sub("\ufffd", text)
