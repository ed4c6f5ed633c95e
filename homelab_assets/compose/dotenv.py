"""`.env`, `env_file` and `label_file`: Compose's own grammar, and that of `docker run --env-file` (format `raw`)."""

import codecs
import re
from collections.abc import Mapping

from msgspec import Struct, field

from homelab_assets.compose.interpolation import OPEN, Interpolator, Lookup, is_marked
from homelab_assets.compose.problems import Line, refuse
from homelab_assets.late import late

_BLANK = "\t\v\f\r \x85\xa0"
# All that Go calls a space, which is less than Python does: not the separators U+001C to U+001F.
_SPACES = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
_LONGEST_LINE = (1 << 16) - 1  # of format `raw`
_KEY_SIGNS = "_.-[]"
_EXPORT = late(r"export\s+")
_ESCAPE = late(r'\\(?:[abcfnrtv$"\\]|0[0-9]{0,3})')
# Messages never quote such a file: a line that is no assignment may be a part of a secret.
_HINT = "a line is NAME=value; quote a value of several lines"
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\", "$": "$$"}


def parse(text: str, lookup: Lookup | None = None, *, file: str = ".env") -> dict[str, str]:
    """Return the variables of a file, later ones winning.

    Args:
        lookup: values that beat those of the file while `$X` is replaced, and what a bare name takes its value from.
        file: name of the file, for messages.

    Raises:
        BaselineError: a key with a space or an odd character, an unterminated quote, a malformed `${…}`.
    """
    variables: dict[str, str] = {}
    parse_into(variables, text, lookup or (lambda name: None), file=file)
    return variables


def parse_alone(
    text: str,
    *,
    file: str,
    before: Mapping[str, str | None] | None = None,
    environment: Mapping[str, str | None] | None = None,
) -> dict[str, str | None]:
    """Return the variables of a file as far as files tell them: None for one whose value only the shell of whoever runs
    Compose knows (`$HOME/media`, a bare name).

    Args:
        before: variables of earlier files, which it may refer to. environment: variables that beat its own there.

    Raises:
        BaselineError: as `parse`.
    """
    beating = {name: OPEN if value is None else value for name, value in (environment or {}).items()}
    variables = {name: OPEN if value is None else value for name, value in (before or {}).items()}
    lines: dict[str, int] = {}
    markers = Interpolator(beating.get, symbolic=True)
    parse_into(variables, text, beating.get, file=file, interpolator=markers, lines=lines)
    found = {name: variables.get(name) for name in lines}
    return {name: None if is_marked(value) else value for name, value in found.items()}


def parse_into(
    variables: dict[str, str],
    text: str,
    lookup: Lookup,
    *,
    file: str,
    interpolator: Interpolator | None = None,
    lines: dict[str, int] | None = None,
) -> None:
    """Add the variables of a file to those of earlier files, which it sees.

    Args:
        interpolator: gives markers for unknown variables. lines: receives the line of each key.
    """

    contested = interpolator.contested if interpolator is not None else ()

    def seen(name: str) -> str | None:
        value = lookup(name)
        return variables.get(name) if value is None and name not in contested else value

    expander = interpolator.with_lookup(seen, otherwise=variables) if interpolator is not None else Interpolator(seen)
    _Parser(text.removeprefix("\ufeff"), file, variables, lookup, expander, {} if lines is None else lines).parse()


def parse_raw(data: bytes, lookup: Lookup, *, file: str, lines: dict[str, int] | None = None) -> dict[str, str]:
    """Return the variables of a file as `docker run --env-file` reads it: no quotes, no replacement.

    Args:
        lines: receives the line of each key.

    Raises:
        BaselineError: a line without a name, too long or not UTF-8, a name with whitespace.
    """
    variables: dict[str, str] = {}
    lines = {} if lines is None else lines
    for number, raw in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), 1):
        if len(raw) > _LONGEST_LINE:
            refuse(f"a line of more than {_LONGEST_LINE} bytes", Line(file, number))
        try:
            line = raw.removesuffix(b"\r").decode().lstrip(_SPACES)
        except UnicodeDecodeError:
            refuse("a line that is not UTF-8", Line(file, number))
        if not line or line.startswith("#"):
            continue
        key, found, value = line.partition("=")
        if not key:
            refuse("no variable name", Line(file, number))
        if " " in key or "\t" in key:
            refuse("the name of a variable contains whitespace", Line(file, number), hint=_HINT)
        lines[key] = number
        if found:
            variables[key] = value
        elif (passed := lookup(key)) is not None:
            variables[key] = passed
    return variables


class _Parser(Struct):
    text: str
    file: str
    variables: dict[str, str]
    lookup: Lookup
    expander: Interpolator
    lines: dict[str, int]
    position: int = 0
    _key: str = field(default="")
    _counted: tuple[int, int] = (0, 0)

    def parse(self) -> None:
        while self._find_statement():
            start = self.position
            key, inherited = self._read_key()
            if " " in key:
                refuse("the name of a variable contains a space", self._place(start), hint=_HINT)
            self.lines[key] = self._place(start).line
            if inherited:
                value = self.lookup(key)
                if value is not None:
                    self.variables[key] = value
            else:
                self.variables[key] = self._read_value()

    def _place(self, position: int) -> Line:
        # Counted on from the last place: a file may have a million lines.
        last, newlines = self._counted if self._counted[0] <= position else (0, 0)
        newlines += self.text.count("\n", last, position)
        self._counted = (position, newlines)
        return Line(self.file, newlines + 1)

    def _find_statement(self) -> bool:
        """Go to the next character that is no whitespace and in no comment line; False at the end."""
        text, length = self.text, len(self.text)
        while self.position < length:
            if text[self.position] in _SPACES:
                self.position += 1
            elif text[self.position] == "#":
                end = text.find("\n", self.position)
                self.position = length if end < 0 else end
            else:
                return True
        return False

    def _read_key(self) -> tuple[str, bool]:
        """Read up to `=`, `:` or the end of the line; a bare name is inherited."""
        export = _EXPORT.match(self.text, self.position)
        if export:
            self.position += len("export")
            self._skip_blanks()
        start = self.position
        key, after, inherited = "", start, False
        for index in range(start, len(self.text)):
            character = self.text[index]
            if character in _BLANK:
                continue
            if character in "=:\n":
                key, after, inherited = self.text[start:index], index + 1, character == "\n"
                break
            if character not in _KEY_SIGNS and not character.isalnum():
                what = f"unexpected character {character!r} in the name of a variable"
                refuse(what, self._place(index), hint=_HINT)
        if start >= len(self.text):
            refuse("zero length string", self._place(start))
        self.position = after
        self._skip_blanks()
        return key.rstrip(_SPACES), inherited

    def _skip_blanks(self) -> None:
        while self.position < len(self.text) and self.text[self.position] in _BLANK:
            self.position += 1

    def _read_value(self) -> str:
        quote = self.text[self.position : self.position + 1]
        if quote in ("'", '"') and quote:
            return self._read_quoted(quote)
        end = self.text.find("\n", self.position)
        end = len(self.text) if end < 0 else end
        value = self.text[self.position : end].partition(" #")[0].rstrip(_SPACES)
        start, self.position = self.position, end + 1
        return self._expand(value, start)

    def _read_quoted(self, quote: str) -> str:
        start = self.position
        characters: list[str] = []
        escaped = False
        index = start
        while True:
            index += 1
            if index >= len(self.text):
                refuse("unterminated quoted value", self._place(start), hint="close the quote")
            character = self.text[index]
            if character != quote:
                if not escaped and character == "\\":
                    escaped = True
                    continue
                if escaped:
                    escaped = False
                    characters.append("\\")
                characters.append(character)
            elif escaped:
                escaped = False
                characters.append(character)
            else:
                self.position = index + 1
                value = "".join(characters)
                return self._expand(_ESCAPE.sub(_unescape, value), start) if quote == '"' else value

    def _expand(self, value: str, position: int) -> str:
        return self.expander.text(value, self._place(position)) if "$" in value else value


def _unescape(match: re.Match[str]) -> str:
    text = match[0]
    if text[1] == "0":
        digits = text[2:]
        octal = len(digits) == 3 and digits.strip("01234567") == "" and int(digits, 8) < 256
        # What names no character is kept, but without the zero: Compose takes it away before it looks.
        return chr(int(digits, 8)) if octal else "\\" + digits
    return _SIMPLE.get(text[1], text)


def lookup_first(*environments: Mapping[str, str]) -> Lookup:
    """Look a variable up in several mappings, the first wins."""

    def lookup(name: str) -> str | None:
        return next((environment[name] for environment in environments if name in environment), None)

    return lookup
