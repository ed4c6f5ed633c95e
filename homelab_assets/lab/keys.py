"""What may stand in `lab.yaml`: keys, kinds and examples. `schema` checks a file against it."""

from homelab_assets.lab.schema import Choice, Day, Flag, ListOf, MapOf, Record, Text, Whole

_URL = r"(ssh|unix|tcp|capture):.+"
_HTTP = Text(pattern=r"https?://\S+", example="http://192.168.50.161:7878")
# Stands in documents and pull requests, as part of links.
_LINKED = Text(pattern=r"https?://[^\s/@]+(/\S*)?", example="http://git.lan:3000, without a login")
# A pattern of the shell: a longer one is a mistake, and takes its time.
_GLOB = Text(pattern=r"[^\n]{0,500}", example="environment.*")
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"

_APP = Record(
    keys={
        "url": _HTTP,
        **dict.fromkeys(("api_key", "token", "username", "password", "container", "ca"), Text()),
        "verify_tls": Flag(),
    },
    required=("url",),
)

_APPS = (
    *("overseerr", "seerr", "radarr", "sonarr", "prowlarr"),
    *("qbittorrent", "gluetun", "plex", "bazarr", "sabnzbd"),
)

LAB_YAML = Record(
    keys={
        "hosts": MapOf(
            Record(
                keys={
                    "docker": Text(pattern=_URL, example="ssh://root@192.168.50.19"),
                    "ssh_config": Text(),
                    "known_hosts": Text(),
                    "identity_file": Text(),
                    "socket": Text(pattern=r"/.+", example="/var/run/docker.sock"),
                    "tls": Record(keys={"ca": Text(), "cert": Text(), "key": Text(), "verify": Flag()}),
                    "connect_timeout": Whole(least=1, most=600),
                    "budget": Whole(least=1, most=3600),
                    "read_env": Flag(),
                    "description": Text(),
                },
                required=("docker",),
            ),
            key_pattern=_NAME,
        ),
        "repositories": MapOf(
            Record(
                keys={
                    "path": Text(),
                    "ref": Text(pattern=r"[^\s~^:?*\[\\-][^\s~^:?*\[\\]*", example="origin/main"),
                    "stacks": ListOf(Text(pattern=r"[^/].*", example="stacks/*")),
                    "env_files": MapOf(ListOf(Text())),
                    "forge": Record(
                        keys={
                            "kind": Choice(("github", "gitea", "none")),
                            "slug": Text(pattern=r"[\w.-]+/[\w.-]+", example="owner/homelab-apps"),
                            "url": _LINKED,
                            "token": Text(pattern=r"\$\{\w+\}", example="${GITHUB_TOKEN}"),
                            "remote": Text(pattern=r"[\w.-]+", example="origin"),
                            "base": Text(),
                            "ca": Text(),
                        },
                        required=("kind",),
                    ),
                },
                required=("path",),
            ),
            key_pattern=_NAME,
        ),
        "media": Record(
            keys={
                "host": Text(),
                "services": MapOf(
                    _APP,
                    key_pattern=f"({'|'.join(_APPS)})",
                    names=f"supported are {', '.join(_APPS)}",
                ),
                "paths": Record(
                    keys=dict.fromkeys(("incomplete", "movies", "tv", "library_movies", "library_tv"), Text())
                ),
                "home_addresses": ListOf(Text()),
                "look_inside": Flag(),
            },
            required=("services",),
        ),
        "drift": Record(
            keys={
                "ignore": ListOf(
                    Record(
                        keys={
                            "host": _GLOB,
                            "stack": _GLOB,
                            "service": _GLOB,
                            "path": _GLOB,
                            "reason": Text(),
                            "until": Day(),
                        },
                        required=("reason",),
                    )
                ),
                "severity": ListOf(
                    Record(
                        keys={
                            "host": _GLOB,
                            "stack": _GLOB,
                            "service": _GLOB,
                            "path": _GLOB,
                            "change": Choice(("changed", "added", "removed")),
                            "severity": Choice(("breaking", "functional", "cosmetic")),
                            "reason": Text(),
                        },
                        required=("path", "severity"),
                    )
                ),
            }
        ),
        "structure": Record(
            keys={
                "select": ListOf(Text()),
                "ignore": ListOf(
                    Record(
                        keys={"rule": Text(), "path": Text(), "stack": Text(), "service": Text(), "reason": Text()},
                        required=("rule", "reason"),
                    )
                ),
            }
        ),
        "remediation": Record(
            keys={
                "max_new_per_run": Whole(least=0, most=1000),
                "max_open": Whole(least=0, most=1000),
                "auto_merge": Choice(("never", "cosmetic")),
                "documentation": Flag(),
                "report_url": _LINKED,
            }
        ),
        "documentation": Record(
            keys={
                "purposes": MapOf(Text()),
                "audit_days": Whole(least=1, most=3650),
                "svg": Flag(),
                "directory": Text(),
                "repository": Text(example="homelab-apps"),
                "runs_on": Text(example="dev-vm"),
            }
        ),
        "reports": Record(keys={"directory": Text(), "keep_days": Whole(least=1, most=36500)}),
        "notify": ListOf(Text()),
        "schedule": Record(
            keys={"daily_audit": Text(example="0 6 * * *"), "timezone": Text(example="Europe/Brussels")}
        ),
        "state": Text(),
    },
    required=("hosts",),
)
