"""Passwords that only their place in a command gives away: options of programs, and what is piped into them."""

import re
from collections.abc import Iterator

from homelab_assets.secrecy.finding import any_of, found_by

_HINTS = (
    "-cli", "mysql", "mariadb", "curl", "mongo", "login", "mosquitto_", "ldap", "smbclient", "sshpass", "openssl",
    "passwd", "mc alias", "mc config", "-u ",
)  # fmt: skip
_WITHIN = r"[^|;&\n]{0,400}?\s"
_OPTIONS = [
    re.compile(rf"\b(?:{programs})\b{_WITHIN}{option}[\"']?(?P<s>[^\s\"']+)")
    for programs, option in (
        (r"(?:redis|keydb|valkey)-cli", r"(?:-a|--pass)[\s=]+"),
        (r"mysql\w*|mariadb(?:-\w+)?", r"-p"),
        (r"curl", r"(?:-[afgGijkLnNqsSv46]*[uU]\s?|--(?:proxy-)?user[\s=])[\"']?[^\s:\"']+:"),
        (r"curl", r"(?:-b\s?|--cookie[\s=])[\"']?[^\s=\"']+="),
        (r"mongo\w*|docker login|podman login", r"-p\s+"),
        (r"mosquitto_\w+", r"-P\s+"),
        (r"ldap\w+|smbpasswd", r"-w\s+"),
        (r"smbclient", r"-U\s*[\"']?[^\s%\"']+%"),
        (r"sshpass", r"-p\s?"),
        (r"openssl", r"pass:"),
    )
]
# `-b` says that the password is given, `-n` that no file is.
_HTPASSWD = r"\bhtpasswd(?=[^|;&\n]{0,99}\s-\w{0,9}b)(?{n}[^|;&\n]{0,99}\s-\w{0,9}n)(?:\s+-\w+(?:\s+\d+)?){1,9}\s+"
_WORD = r"[\"']?[^\s\"'|;&]+[\"']?\s+"
_CHPASSWD = r"\|\s*(?:sudo\s+)?[\w/]*chpasswd\b"
_READS_IT = r"\|\s*(?:sudo\s+)?(?!\S*chpasswd)(?:[\w/]*passwd\b|[^|;&\n]{0,200}--password-stdin\b)"
_PLACES = [
    re.compile(pattern)
    for pattern in (
        _HTPASSWD.replace("{n}", "=") + _WORD + r"[\"']?(?P<s>[^\s\"'|;&]+)",
        _HTPASSWD.replace("{n}", "!") + _WORD * 2 + r"[\"']?(?P<s>[^\s\"'|;&]+)",
        r"\bopenssl\s+passwd(?:\s+-(?:salt|in)\s+[^\s]+|\s+-\w+)*\s+[\"']?(?P<s>[^\s\"'()|;&-][^\s\"'()|;&]*)",
        rf"(?<![^\s\"'\\])[\w.-]+:(?P<s>[^\s\"'|;&\\]+)(?=[^|;&\n]{{0,200}}{_CHPASSWD})",
        rf"[\"'][\w.-]+:(?P<s>[^\"']{{1,400}}?)(?:\\?\n|\\n)?[\"']\s*{_CHPASSWD}",
        r"\bchpasswd\b[^|;&\n]{0,80}<<(?:<\s*[\"']?|-?\s*[\"']?\w+[\"']?\n\s*)[\w.-]+:(?P<s>[^\s\"']+)",
        rf"\b(?:echo|printf)\s+(?:-[neE]+\s+)*[\"']?(?P<s>[^\s|;&()\"'][^|;&()\n]{{0,200}}?)[\"']?\s*"
        rf"(?={_READS_IT}|[;&)][^|\n]{{0,200}}{_READS_IT})",
        rf"\bmc\s+(?:alias\s+set|config\s+host\s+add)\s+{_WORD * 3}[\"']?(?P<s>[^\s\"']+)",
        # The users of Samba containers: `-u "larry;password;1000;users"`.
        r"(?<!\S)-u\s+[\"']?[\w.-]+;(?P<s>[^\s;\"']+)",
    )
]


def find_in_command(text: str) -> Iterator[tuple[int, int]]:
    """Find the passwords among the options of known programs in one command line."""
    if any_of(_HINTS, text.casefold()):
        yield from found_by(_OPTIONS, text)
        yield from found_by(_PLACES, text)
