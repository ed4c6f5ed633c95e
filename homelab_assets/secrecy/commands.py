"""Passwords that only their place in a command gives away: options of programs, and what is piped into them."""

from homelab_assets.secrecy.finding import Places

_WITHIN = r"[^|;&\n]{0,400}?\s"
_OPTIONS = Places(
    *(
        (words, rf"\b(?:{programs})\b{_WITHIN}{option}[\"']?(?P<s>[^\s\"']+)")
        for words, programs, option in (
            (("-cli",), r"(?:redis|keydb|valkey)-cli", r"(?:-a|--pass)[\s=]+"),
            (("mysql", "mariadb"), r"mysql\w*|mariadb(?:-\w+)?", r"-p"),
            (("curl",), r"curl", r"(?:-[afgGijkLnNqsSv46]*[uU]\s?|--(?:proxy-)?user[\s=])[\"']?[^\s:\"']+:"),
            (("curl",), r"curl", r"(?:-b\s?|--cookie[\s=])[\"']?[^\s=\"']+="),
            (("mongo", " login"), r"mongo\w*|docker login|podman login", r"-p\s+"),
            (("mosquitto_",), r"mosquitto_\w+", r"-P\s+"),
            (("ldap", "smbpasswd"), r"ldap\w+|smbpasswd", r"-w\s+"),
            (("smbclient",), r"smbclient", r"-U\s*[\"']?[^\s%\"']+%"),
            (("sshpass",), r"sshpass", r"-p\s?"),
            (("openssl",), r"openssl", r"(?:pass:|-k\s+)"),
            (("etcdctl",), r"etcdctl", r"--user[\s=]+[^\s:\"']+:"),
            (("ipmitool",), r"ipmitool", r"-P\s+"),
            (("influx",), r"influx", r"-p\s+"),
            (("snmp",), r"snmp\w+", r"-(?:[AX]\s+|c\s*)"),
            (("zip",), r"(?:un)?zip", r"-P\s*"),
            (("7z",), r"7z\w*", r"-p"),
            (("ss-server", "ss-local", "ssserver", "sslocal"), r"ss-?(?:server|local)", r"-k\s+"),
        )
    )
)
# `-b` says that the password is given, `-n` that no file is.
_HTPASSWD = r"\bhtpasswd(?=[^|;&\n]{0,99}\s-\w{0,9}b)(?{n}[^|;&\n]{0,99}\s-\w{0,9}n)(?:\s+-\w+(?:\s+\d+)?){1,9}\s+"
_WORD = r"[\"']?[^\s\"'|;&]+[\"']?\s+"
_CHPASSWD = r"\|\s*(?:sudo\s+)?[\w/]*chpasswd\b"
_READS_IT = r"\|\s*(?:sudo\s+)?(?!\S*chpasswd)(?:[\w/]*passwd\b|[^|;&\n]{0,200}--password-stdin\b)"
_PLACES = Places(
    (("htpasswd",), _HTPASSWD.replace("{n}", "=") + _WORD + r"[\"']?(?P<s>[^\s\"'|;&]+)"),
    (("htpasswd",), _HTPASSWD.replace("{n}", "!") + _WORD * 2 + r"[\"']?(?P<s>[^\s\"'|;&]+)"),
    (
        ("openssl",),
        r"\bopenssl\s+passwd(?:\s+-(?:salt|in)\s+[^\s]+|\s+-\w+)*\s+[\"']?(?P<s>[^\s\"'()|;&-][^\s\"'()|;&]*)",
    ),
    (("chpasswd",), rf"(?<![^\s\"'\\])[\w.-]+:(?P<s>[^\s\"'|;&\\]+)(?=[^|;&\n]{{0,200}}{_CHPASSWD})"),
    (("chpasswd",), rf"[\"'][\w.-]+:(?P<s>[^\"']{{1,400}}?)(?:\\?\n|\\n)?[\"']\s*{_CHPASSWD}"),
    (
        ("chpasswd",),
        r"\bchpasswd\b[^|;&\n]{0,80}<<(?:<\s*[\"']?|-?\s*[\"']?\w+[\"']?\n\s*)[\w.-]+:(?P<s>[^\s\"']+)",
    ),
    (
        ("passwd", "--password-stdin"),
        rf"\b(?:echo|printf)\s+(?:-[neE]+\s+)*[\"']?(?P<s>[^\s|;&()\"'][^|;&()\n]{{0,200}}?)[\"']?\s*"
        rf"(?={_READS_IT}|[;&)][^|\n]{{0,200}}{_READS_IT})",
    ),
    (
        ("mc",),
        rf"\bmc\s+(?:alias\s+set|config\s+host\s+add)\s+{_WORD * 3}[\"']?(?P<s>[^\s\"']+)",
    ),
    (("vault",), r"\bvault\s+login\s+[\"']?(?P<s>[^\s\"'|;&-][^\s\"'|;&=]+)(?![^\s\"'|;&])"),
    (("wpa_passphrase",), rf"\bwpa_passphrase\s+{_WORD}[\"']?(?P<s>[^\s\"'|;&]+)"),
    (("rabbitmqctl",), rf"\brabbitmqctl\s+(?:add_user|change_password)\s+{_WORD}[\"']?(?P<s>[^\s\"'|;&]+)"),
    # The users of Samba containers: `-u "larry;password;1000;users"`.
    ((";",), r"(?<!\S)-u\s+[\"']?[\w.-]+;(?P<s>[^\s;\"']+)"),
)


IN_COMMANDS = _OPTIONS + _PLACES
