"""Where in a text a secret stands, whatever it looks like: in URLs, headers, assignments, and options of commands."""

import re
from collections.abc import Iterator, Sequence

from homelab_assets.secrecy.names import is_whole_secret, names_a_secret

# Without one of these in it a text holds nothing that is looked for here; nearly all texts of a fleet are such.
_HINTS = (
    "=", ":", "<", "--", "pass", "pwd", "secret", "token", "bearer", "basic", "redis", "valkey", "keydb", "mysql",
    "mariadb", "mongo", "curl", "hook/", "hooks/", "-cli", "client", "login", "mosquitto", "ldap", "mqtt",
)  # fmt: skip
_URL_HINTS = ("://", "hook", "ping", "/api/push/")
_HEADER_HINTS = ("bearer", "basic", "token", "pass", "secret", "apikey")
_PROGRAM_HINTS = (
    "-cli", "mysql", "mariadb", "curl", "mongo", "login", "mosquitto_", "ldap", "smbclient", "sshpass", "openssl",
)  # fmt: skip
# Each names one group `s`: the secret part alone, so that the rest stays readable and comparable.
_URLS = (
    re.compile(r"(?<![\w+.-])[a-zA-Z][\w+.-]{0,40}://[^/\s:@]{0,200}:(?P<s>[^/\s]{1,500})@"),
    # A slash or a blank in a password, as people forget to escape them; a port and a path are none.
    re.compile(
        r"(?<![\w+.-])[a-zA-Z][\w+.-]{0,40}://[^/\s:@]{0,200}:(?!\d{1,5}/)(?P<s>[^\s\"'<>@/]{1,200}/[^\s\"'<>@]{0,200})@[\w.-]+"
    ),
    re.compile(r"^[a-zA-Z][\w+.-]{0,40}://[^/\s:@]{0,200}:(?P<s>[^/@\s]+(?: [^/@\s]+)+)@[\w.-]+(?::\d+)?/"),
    re.compile(r"(?<![\w+.-])[a-zA-Z][\w+.-]{0,40}://(?P<s>[\w.+~-]{16,500})@"),
    # Services to be told something: whoever knows the address may write there.
    re.compile(r"\b(?:slack|tgram|pbul|pover|prowl|ifttt|msteams|rocket|mmosts?|zulip)://(?P<s>[^\s?\"'#]{12,})"),
    re.compile(r"\bgotifys?://[^\s/]+/(?:[\w-]+/)*(?P<s>[\w.-]{12,})"),
    re.compile(r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[\w/]{20,})"),
    # The number before Discord's secret is none.
    re.compile(r"/webhooks/\d{6,}/(?P<s>[\w-]{8,})"),
    re.compile(
        r"(?:/webhooks?(?:-test|b2)?/(?!\d{6,}/)|/hooks/|/api/push/|\bhc-ping\.com/)(?P<s>(?=[\w@/-]*\d)[\w@/-]{8,})"
    ),
    re.compile(r"/ping/(?P<s>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"),
)
_HEADERS = (
    re.compile(r"\bAuthorization[\"']?\s?[:=]\s?[\"']?(?:Bearer|Basic|Token)(?:\s+|%20)(?P<s>[\w.+/=~%-]{4,})", re.I),
    # Alone, these are words of sentences too: `Basic authentication is required`.
    re.compile(r"\b(?:Bearer|Basic|Token)\s+(?P<s>(?=[\w.+/~-]*\d)[\w.+/=~-]{8,})", re.I),
    re.compile(
        r"\b(?:password|passwd|passphrase|secret|requirepass)\s+(?P<s>(?=[^\s=]*\d)[^\s=\"':;,<({-][^\s\"';,]{3,})",
        re.I,
    ),
    re.compile(r"<(?:\w*(?:password|passphrase|apikey|token|secret))>(?P<s>[^<\s][^<]*)</", re.I),
)
# The options of programs that take a password without saying so.
_WITHIN = r"[^|;&\n]{0,400}?\s"
_PROGRAMS = [
    re.compile(rf"\b(?:{programs})\b{_WITHIN}{option}[\"']?(?P<s>[^\s\"']+)")
    for programs, option in (
        (r"(?:redis|keydb|valkey)-cli", r"(?:-a|--pass)[\s=]+"),
        (r"mysql\w*|mariadb(?:-\w+)?", r"-p"),
        (r"curl", r"(?:-u\s?|--user[\s=])[\"']?[^\s:\"']+:"),
        (r"mongo\w*|docker login|podman login", r"-p\s+"),
        (r"mosquitto_\w+", r"-P\s+"),
        (r"ldap\w+", r"-w\s+"),
        (r"smbclient", r"-U\s*[\"']?[^\s%\"']+%"),
        (r"sshpass", r"-p\s?"),
        (r"openssl", r"pass:"),
    )
]

_NAME = re.compile(
    r"(?<![\w.-])(?<!\$\{)(?P<name>-{0,2}[A-Za-z_][\w.-]{0,200})(?P<quote>\\?[\"'])?\s?(?P<sign>[=:])\s{0,2}"
)
_FLAG = re.compile(r"(?<!\S)--?(?P<name>[A-Za-z][\w-]{1,80})\s+(?=[^\s-])")
_VALUE = re.compile(
    r"""\\?"(?P<double>(?:[^"\\\n]|\\[^"\n])+) | '(?P<single>[^'\n]+)
      | (?P<plain>[^\s"'<>]{3,}?)(?=[,;&)}\]\\]*(?:[\s"'<>]|$)|[,;&][\w.\ -]{0,40}[=:])""",
    re.VERBOSE,
)
# Such a name and a colon are as often the beginning of a sentence: `duplicate key: environment`.
_COMMON = re.compile(
    r"key|keys|auth|claim|private|licen[sc]e|pin|salt|tokens|secrets|credentials|cookie|webhook|seed|community|users|basic",
    re.IGNORECASE,
)
# What is said of a key of `lab.yaml`: `media.services.plex.token: should be text`.
_MISTAKE = re.compile(r"(?:should be|unknown key|stands twice)\b")
_SENTENCE = re.compile(r"to|and|or|is|are|was|with|for|of|in|on|as|from|not|the|a")
# What git has for a variable that nobody sets is as good as the variable's value.
_DEFAULT = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*):?-(?P<s>[^{}$]+)\}")
_VARIABLE = re.compile(r"\$\{[^}]*\}|\$\$?[A-Za-z_]\w*|\$\$\{[^}]*\}")


def find_placed(text: str) -> Iterator[tuple[int, int]]:
    """Find what stands where secrets stand: (start, end) offsets in no order, maybe overlapping.

    A reference such as `${PASSWORD}`, which git may show, is none; of `${PASSWORD:-default}` the default is.
    """
    folded = text.casefold()
    if not _any_of(_HINTS, folded):
        return
    if _any_of(_URL_HINTS, folded):
        for pattern in _URLS:
            yield from _groups(pattern, text)
    if _any_of(_HEADER_HINTS, folded):
        for pattern in _HEADERS:
            yield from _groups(pattern, text)
    yield from find_in_command(text)
    yield from _assigned(text)
    for match in _DEFAULT.finditer(text) if "${" in text else ():
        if is_whole_secret(match["name"], match["s"]):
            yield match.span("s")
    for match in _FLAG.finditer(text):
        yield from _value(text, match.end(), match["name"], flag=True)


def _any_of(hints: Sequence[str], folded: str) -> bool:
    for hint in hints:  # noqa: SIM110 - a third faster than any()
        if hint in folded:
            return True
    return False


def find_in_command(text: str) -> Iterator[tuple[int, int]]:
    """Find the passwords among the options of known programs in one command line."""
    if not _any_of(_PROGRAM_HINTS, text.casefold()):
        return
    for pattern in _PROGRAMS:
        yield from _groups(pattern, text)


def _groups(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        yield from _but_for_variables(text, *match.span("s"))


def _assigned(text: str) -> Iterator[tuple[int, int]]:
    """Find the values of `NAME=value`, `"name": "value"`, `Header: value`, whose names say that they are secret."""
    beyond = 0
    for match in _NAME.finditer(text):
        if match.end() < beyond:
            # Inside of a value that is found, and ends where that ends; asking each would take forever.
            continue
        # Of a path such as `services.db.secrets` the last part says what it is.
        name = match["name"].rpartition(".")[2] or match["name"]
        said = match["quote"] or match["sign"] == "="
        sentence = _COMMON.fullmatch(name.strip("-_")) or _MISTAKE.match(text, match.end())
        if said or not (sentence or _in_a_path(text, match)):
            for start, end in _value(text, match.end(), name):
                beyond = beyond if text[start - 1] in "\"'" else end
                yield start, end


def _in_a_path(text: str, name: re.Match[str]) -> bool:
    """Say whether a name before a colon is the last part of a path or an image: `acme/vault-token:2.1`."""
    start = name.start()
    return text[name.end() - 1] == ":" and start > 1 and text[start - 1] == "/" and text[start - 2] not in "/:"


def _value(text: str, start: int, name: str, flag: bool = False) -> Iterator[tuple[int, int]]:
    if not names_a_secret(name):
        return
    value = _VALUE.match(text, start)
    if value is None or value.lastgroup is None or (flag and _SENTENCE.fullmatch(value[0])):
        return
    if is_whole_secret(name, value[value.lastgroup]):
        yield from _but_for_variables(text, *value.span(value.lastgroup))


def _but_for_variables(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the place of a secret; where a reference such as `${PASSWORD:-default}` fills it, that of the default."""
    variable = _VARIABLE.match(text, start)
    if variable is None or variable.end() < end:
        yield start, end
    elif default := _DEFAULT.match(text, start):
        yield default.span("s")
