"""Sealing: secrets become tokens, tokens are compared, and only their own process can open them."""

import hashlib
import hmac
import re
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from homelab_assets.secrecy.commands import IN_COMMANDS
from homelab_assets.secrecy.looks import find_secrets, looks_generated
from homelab_assets.secrecy.names import entropy_counts, is_whole_secret, names_a_secret
from homelab_assets.secrecy.tokens import SHOWN, TOKEN, has_token, outside, show

_REMEMBERED = 65_536
_FLAG = re.compile(r"--?[A-Za-z][\w-]+")
_OPTION = re.compile(r"[-/]{0,2}[A-Za-z_@][\w.@:\[\]-]*")


def is_secret(name: str, value: str) -> bool:
    """Say whether `value`, standing under `name`, is or contains a secret."""
    return is_whole_secret(name, value) or bool(find_secrets(value, entropy_counts(name))) or bool(TOKEN.search(value))


Key = TypeVar("Key", bound=Hashable)
Sealed = TypeVar("Sealed")


class _Memo(dict[Key, Sealed]):
    """What a function has given before: the same names, variables and labels come again on every container."""

    def __init__(self, seal: Callable[[Key], Sealed]) -> None:
        self._seal = seal

    def __missing__(self, key: Key) -> Sealed:
        sealed = self._seal(key)
        if len(self) < _REMEMBERED:
            self[key] = sealed
        return sealed


class Vault:
    """Seals secrets with one installation's key and remembers, in memory only, what it sealed.

    Args:
        key: at least 16 random bytes, the same for all runs of an installation.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a fingerprint key has at least 16 bytes")
        self._key = key
        self.key_id = hashlib.sha256(b"key id" + key).hexdigest()[:4]
        self._raw: dict[str, str] = {}
        self._values = _Memo[tuple[str, str], str](lambda pair: self._seal(*pair))
        self._names = _Memo[str, str](self._seal_name)
        self._texts = _Memo[str, str](lambda text: self._seal_text(text, entropy=False))
        self._assignments = _Memo[str, str](self._seal_assignment)
        self._commands = _Memo[tuple[str, ...], tuple[str, ...]](
            lambda arguments: tuple(_until_settled(self._seal_args, list(arguments)))
        )

    def __repr__(self) -> str:
        return f"Vault({self.key_id}, {len(self._raw)} secrets)"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        raise TypeError("a vault stays in its process")

    def token(self, secret: str) -> str:
        """Seal a whole text as one secret. A token stays as it is."""
        if TOKEN.fullmatch(secret):
            return secret
        token = self._token(secret)
        self._raw[token] = secret
        return token

    def is_token_of(self, token: str, text: str) -> bool:
        """Say whether a token, of whichever process, is that of this text; the text does not count as a secret yet."""
        return token == self._token(text)

    def fingerprint(self, text: str) -> str:
        """Return the token that a text has, or would have: it doesn't count as a secret yet. A token stays as it is."""
        return text if TOKEN.fullmatch(text) else self._token(text)

    def _token(self, secret: str) -> str:
        mac = hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:20]
        return f"<secret#{self.key_id}.{mac}>"

    def seal(self, name: str, value: str) -> str:
        """Seal what is secret in a value that stands under a name (variable, label, option).

        The whole value becomes one token if its name says that it is a secret, else only the secret parts of it
        (the password inside a URL, a hash in a list of users). Ordinary text comes back unchanged; sealing twice
        changes nothing.
        """
        return self._values[name, value]

    def _seal(self, name: str, value: str) -> str:
        # What holds a token was judged when that came in: of what is left, its name says nothing more.
        whole = is_whole_secret(name, value) and not has_token(value)
        return self.token(value) if whole else self.seal_text(value, entropy=entropy_counts(name))

    def seal_text(self, text: str, *, entropy: bool = True) -> str:
        """Seal the secret parts of a text that has no name, such as an argument, a path or a message."""
        return self._seal_text(text, entropy=True) if entropy else self._texts[text]

    def _seal_text(self, text: str, *, entropy: bool) -> str:
        if not find_secrets(text, entropy):
            return text
        return _until_settled(lambda text: _replaced(text, find_secrets(text, entropy), self.token), text)

    def seal_plain(self, text: str) -> str:
        """Seal the secret parts of a text from a field that holds ids, names, paths and numbers by nature."""
        return self._texts[text] if len(text) >= 12 and not text.isalnum() else text

    def seal_args(self, arguments: Sequence[str]) -> list[str]:
        """Seal a command line given as a list: an argument after `--password` or its kin is a secret as a whole."""
        return list(self._commands[tuple(arguments)])

    def _seal_args(self, arguments: list[str]) -> list[str]:
        sealed: list[str] = []
        flag = ""
        for argument, password in zip(arguments, _passwords(arguments), strict=True):
            if password is not None:
                sealed.append(_replaced(argument, [password], self.token))
            elif flag and argument and not argument.startswith("-"):
                sealed.append(self.seal(flag, argument))
            else:
                name, _, value = argument.partition("=")
                # `larry:{SHA}…=` and base64 have an equals sign too, and no name before it.
                named = bool(value.strip("=")) and _OPTION.fullmatch(name) is not None
                sealed.append(f"{name}={self.seal(name, value)}" if named else self.seal_text(argument))
            flag = argument if _FLAG.fullmatch(argument) and names_a_secret(argument) else ""
        return sealed

    def seal_mapping(self, mapping: Mapping[str, Any]) -> dict[str, Any]:
        """Seal the string values of a mapping by their keys, order kept; other values stay."""
        names, values = self._names, self._values
        return {
            names[key]: values[key, value] if isinstance(value, str) else value
            for key, value in zip(map(str, mapping), mapping.values(), strict=True)
        }

    def seal_name(self, name: str) -> str:
        """Seal a name (of a variable, a label, a path) that is a known secret itself, such as a token put on the wrong
        side; all other names stay as they are."""
        return self._names[name]

    def _seal_name(self, name: str) -> str:
        return self.seal_text(name, entropy=False) if looks_generated(name) else name

    def seal_assignment(self, assignment: str) -> str:
        """Seal one `NAME=value`, as environments are listed. A bare `NAME` stays."""
        return self._assignments[assignment]

    def _seal_assignment(self, assignment: str) -> str:
        name, equals, value = assignment.partition("=")
        return f"{self.seal_name(name)}={self.seal(name, value)}" if equals else self.seal_name(assignment)

    def seal_inspect(self, document: Any) -> Any:
        """Seal a whole inspect document (container, image, network, volume): its secrets become tokens.

        Nothing is changed in the document given; parts without secrets are shared with the result.

        Health-check output and other free logs are dropped: nobody compares them, and anything may stand in them.
        """
        from homelab_assets.secrecy.documents import seal_document

        return seal_document(document, self)

    def reveal(self, text: str) -> str:
        """Put back what this vault sealed. Tokens of other installations, or of earlier runs, stay.

        The result must not leave the process.
        """
        return TOKEN.sub(lambda match: self._raw.get(match[0], match[0]), text) if "<secret#" in text else text

    def reveal_all(self, value: Any) -> Any:
        """Put back what this vault sealed in every text of a JSON value, names too. It must not leave the process."""
        match value:
            case str():
                return self.reveal(value)
            case list() | tuple():
                return [self.reveal_all(item) for item in value]
            case Mapping():
                return {self.reveal(str(key)): self.reveal_all(item) for key, item in value.items()}
            case _:
                return value

    def revealable(self, text: str) -> bool:
        """Say whether `reveal` would leave no token in the text."""
        return all(match[0] in self._raw for match in TOKEN.finditer(text))

    def redact(self, text: str) -> str:
        """Make free text (a log line, an exception, an HTTP error) fit to be shown: its secrets become `<secret>`."""
        known = sorted((raw for raw in self._raw.values() if len(raw) >= 6 and raw in text), key=len, reverse=True)
        if known:
            pattern = re.compile("|".join(map(re.escape, known)))
            text = outside(text, lambda part: pattern.sub(SHOWN, part))
        return redact(text)


def _passwords(arguments: Sequence[str]) -> list[tuple[int, int] | None]:
    """Give for each argument where in it a password stands that only its place in the command gives away, or None."""
    command = " ".join(arguments)
    found = sorted(IN_COMMANDS.find(command, command.casefold()))
    places: list[tuple[int, int] | None] = []
    offset = 0
    for argument in arguments:
        first = bisect_left(found, (offset, 0))
        start, end = (place - offset for place in found[first]) if first < len(found) else (len(argument), 0)
        # Quotes in an argument are a part of it; a semicolon divides the fields of a user.
        end = end if argument[end : end + 1] == ";" else len(argument)
        # An argument with blanks is a command line itself, and read as one.
        sealable = start < len(argument) and " " not in argument[:start] and not has_token(argument)
        places.append((start, end) if sealable else None)
        offset += len(argument) + 1
    return places


Sealable = TypeVar("Sealable", str, list[str])


def _until_settled(seal: Callable[[Sealable], Sealable], value: Sealable) -> Sealable:
    """Seal until nothing changes: what is sealed may bring something to light that it hid."""
    while (sealed := seal(value)) != value:
        value = sealed
    return value


def redact(text: str) -> str:
    """Replace all that looks like a secret by `<secret>`, without a vault: for text that is shown, not compared."""
    return show(_replaced(text, find_secrets(text), lambda secret: SHOWN))


def _replaced(text: str, spans: Iterable[tuple[int, int]], put: Callable[[str], str]) -> str:
    """Put something else in the places of secrets."""
    parts, last = [], 0
    for start, end in spans:
        parts += [text[last:start], put(text[start:end])]
        last = end
    return "".join(parts) + text[last:]
