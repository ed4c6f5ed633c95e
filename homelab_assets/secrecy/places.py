"""Where in a text a secret stands, whatever it looks like: in URLs, headers, assignments, and options of commands."""

import re
from collections.abc import Iterator

from homelab_assets.late import late
from homelab_assets.secrecy.commands import IN_COMMANDS
from homelab_assets.secrecy.finding import DEFAULT, Places, any_of, but_for_variables
from homelab_assets.secrecy.names import is_whole_secret, names_a_secret
from homelab_assets.secrecy.structures import find_structured

# Without one of these in it a text holds nothing that is looked for here; nearly all texts of a fleet are such.
_HINTS = (
    "=", ":", "<", "--", "pass", "pwd", "secret", "token", "bearer", "basic", "redis", "valkey", "keydb", "mysql",
    "mariadb", "mongo", "curl", "hook/", "hooks/", "-cli", "client", "login", "mosquitto", "ldap", "mqtt", "-u ",
    "etcdctl", "ipmitool", "influx", "snmp", "zip", "7z", "openssl", "rabbitmqctl",
)  # fmt: skip
_URLS = Places(
    (("@",), r"(?<![\w+.-])[\w+.-]{1,41}://[^/\s:@]{0,200}:(?P<s>[^/\s]{1,500})@"),
    # Of a share, which has no scheme.
    (("@",), r"(?<![\w+.:/-])//[^/\s:@]{0,200}:(?P<s>[^/\s]{1,500})@"),
    # A slash or a blank in a password, as people forget to escape them; a port and a path are none.
    (
        ("@",),
        r"(?<![\w+.-])[\w+.-]{1,41}://[^/\s:@]{0,200}:(?!\d{1,5}/)"
        r"(?P<s>[^\s\"'<>@/]{1,200}/[^\s\"'<>@]{0,200})@[\w.-]+",
    ),
    (("@",), r"^[a-zA-Z][\w+.-]{0,40}://[^/\s:@]{0,200}:(?P<s>[^/@\s]+(?: [^/@\s]+)+)@[\w.-]+(?::\d+)?/"),
    (("@",), r"(?<![\w+.-])[\w+.-]{1,41}://(?P<s>[\w.+~-]{16,500})@"),
    # Services to be told something: whoever knows the address may write there.
    (
        ("slack:", "tgram:", "pbul:", "pover:", "prowl:", "ifttt:", "msteams:", "rocket:", "mmost", "zulip:"),
        r"\b(?:slack|tgram|pbul|pover|prowl|ifttt|msteams|rocket|mmosts?|zulip)://(?P<s>[^\s?\"'#]{12,})",
    ),
    (("gotify",), r"\bgotifys?://[^\s/]+/(?:[\w-]+/)*(?P<s>[\w.-]{12,})"),
    (("hooks.slack.com",), r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[\w/]{20,})"),
    # The number before Discord's secret is none.
    (("/webhooks/",), r"/webhooks/\d{6,}/(?P<s>[\w-]{8,})"),
    (
        ("/webhook", "/hooks/", "/api/push/", "hc-ping.com"),
        r"(?:/webhooks?(?:-test|b2)?/(?!\d{6,}/)|/hooks/|/api/push/|\bhc-ping\.com/)(?P<s>(?=[\w@/-]*\d)[\w@/-]{8,})",
    ),
    (("/ping/",), r"/ping/(?P<s>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"),
)
_HEADERS = Places(
    (
        ("authorization",),
        r"\bAuthorization[\"']?\s?[:=]\s?[\"']?(?:Bearer|Basic|Token)(?:\s+|%20)(?P<s>[\w.+/=~%-]{4,})",
    ),
    # Alone, these are words of sentences too: `Basic authentication is required`.
    (("bearer", "basic", "token"), r"\b(?:Bearer|Basic|Token)\s+(?P<s>(?=[\w.+/~-]*\d)[\w.+/=~-]{8,})"),
    (
        ("pass", "secret"),
        r"\b(?:password|passwd|passphrase|secret|requirepass)\s+"
        r"(?P<s>(?=[^\s=]*\d)[^\s=\"':;,<({-][^\s\"';,]{3,})",
    ),
    (("</",), r"<(?:\w*(?:password|passphrase|apikey|token|secret))>(?P<s>[^<\s][^<]*)</"),
    flags=re.I,
)
# Logins without a scheme before them: of Go's drivers, of a server with its port, of SFTP containers.
_LOGINS = Places(
    (
        ("@tcp", "@udp(", "@unix(", "@cloudsql"),
        r"(?<![\w.+-])[\w.+-]{0,64}:(?!//)(?P<s>[^\s\"']{1,200})@(?=(?:tcp[46]?|udp|unix|cloudsql[\w-]*)\()",
    ),
    (
        ("@",),
        r"(?<![\w.+:/@-])(?!(?:sips?|xmpp|mailto|acct|turns?|stuns?|ssh|git|im|tel|npm):)[\w.+-]{1,64}"
        r":(?P<s>[^\s\"'/@]{3,200})@(?!sha\d)(?:[\w.-]+|\[[\da-fA-F:]+\]):\d{2,5}(?![\w:.@])",
    ),
    (("jdbc:oracle:",), r"\bjdbc:oracle:\w+:\w+/(?P<s>[^\s@]+)@"),
)
_SFTP_USER = r"(?<![^\s\"'])(?![\da-fA-F]+:[\da-fA-F]+:)[A-Za-z_][\w.-]*"
_SFTP_REST = r"(?::[\w./,-]*)*(?![^\s\"'])"
_SFTP = Places(
    # The first users of a system, or none: other numbers are ports and sizes (`web:nginx:8080`).
    (
        (":10", "::"),
        rf"{_SFTP_USER}:(?P<s>[^\s:\"']{{3,}})(?::e)?:(?:10(?:0[1-9]|1\d|2[0-3])|(?=:\d*:[\w./,-])){_SFTP_REST}",
    ),
    (
        (":1000",),
        rf"{_SFTP_USER}:(?P<s>(?=[^\s:]*[A-Za-z])(?=[^\s:]*[^a-z\s:])[^\s:\"']{{3,}})(?::e)?:1000{_SFTP_REST}",
    ),
)
_PLACES = _URLS + _HEADERS + _LOGINS + _SFTP + IN_COMMANDS

_NAME = late(r"(?<![\w.-])(?<!\$\{)(?P<name>-{0,2}[A-Za-z_][\w.-]{0,200}+)(?P<quote>\\?[\"'])?\s?(?P<sign>[=:])\s{0,2}")
# In a list of YAML the value is the next item.
_FLAG = late(
    r"""(?<![^\s\["'])--?(?P<name>[A-Za-z][\w-]{1,80}+)(?:["']?[ ]*\n[-+ ]?\s*+-\s++|["']?,\s*+|\s++)(?=[^\s-])"""
)
_VALUE = late(
    r"""\\?"(?P<double>(?:[^"\\\n]|\\[^"\n])+) | '(?P<single>[^'\n]+)
      | (?P<plain>[^\s"'<>]{3,}?)(?=[,;&)}\]\\]*(?:[\s"'<>]|$)|[,;&][\w.\ -]{0,40}[=:])""",
    re.VERBOSE,
)
# Such a name and a colon are as often the beginning of a sentence: `duplicate key: environment`.
_COMMON = frozenset(
    """
    key keys auth authorization claim private license licence pin salt tokens secrets credentials cookie webhook seed
    community users basic
    """.split()  # noqa: SIM905
)
# What is said of a key of `lab.yaml`: `media.services.plex.token: should be text`.
_MISTAKE = late(r"(?:should be|unknown key|stands twice)\b")
_SENTENCE = frozenset("to and or is are was with for of in on as from not the a".split())  # noqa: SIM905


def find_placed(text: str) -> Iterator[tuple[int, int]]:
    """Find what stands where secrets stand: (start, end) offsets in no order, maybe overlapping.

    A reference such as `${PASSWORD}`, which git may show, is none; of `${PASSWORD:-default}` the default is.
    """
    folded = text.casefold()
    if not any_of(_HINTS, folded):
        return
    yield from _PLACES.find(text, folded)
    yield from _assigned(text)
    for match in DEFAULT.finditer(text) if "${" in text else ():
        if is_whole_secret(match["name"], match["s"]):
            yield match.span("s")
    for match in _FLAG.finditer(text):
        yield from _value(text, match.end(), match["name"], flag=True)


def _assigned(text: str) -> Iterator[tuple[int, int]]:
    """Find the values of `NAME=value`, `"name": "value"`, `Header: value`, whose names say that they are secret."""
    beyond = structured = 0
    for match in _NAME.finditer(text):
        if match.end() < beyond:
            # Inside of a value that is found, and ends where that ends; asking each would take forever.
            continue
        # Of a path such as `services.db.secrets` the last part says what it is, of a label all of them.
        name = match["name"]
        if match["sign"] == ":" and not name.endswith(".users"):
            name = name.rpartition(".")[2] or name
        if not names_a_secret(name):
            continue
        said = match["quote"] or match["sign"] == "="
        if not said and (
            name.strip("-_").lower() in _COMMON or _MISTAKE.match(text, match.end()) or _in_a_chain(text, match)
        ):
            continue
        if match["sign"] == ":" and match.start() >= structured:
            spans, structured = find_structured(text, match.end("sign"), name)
            yield from spans
            if structured > match.end("sign"):
                continue
        for start, end in _value(text, match.end(), name):
            beyond = beyond if text[start - 1] in "\"'" else end
            yield start, end


def _in_a_chain(text: str, name: re.Match[str]) -> bool:
    """Say whether a name before a colon is a part of something longer: the last of a path or an image, as in
    `acme/vault-token:2.1`, or a field between colons, as in `larry:my-pw:1001`."""
    start = name.start()
    if text[name.end("sign") - 1] != ":" or start < 2:
        return False
    return text[start - 1] == ":" or (text[start - 1] == "/" and text[start - 2] not in "/:")


def _value(text: str, start: int, name: str, flag: bool = False) -> Iterator[tuple[int, int]]:
    if not names_a_secret(name):
        return
    value = _VALUE.match(text, start)
    if value is None or value.lastgroup is None or (flag and value[0] in _SENTENCE):
        return
    if is_whole_secret(name, value[value.lastgroup]):
        yield from but_for_variables(text, *value.span(value.lastgroup))
