"""A homelab full of planted secrets: two hosts, a dead one, repositories, a forge that refuses, media apps, a webhook."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from homelab_assets.media.simulator import FAULTS, LARRY, World
from homelab_assets_tests.engine.fake_engine import UnixEngine, engine_answers
from homelab_assets_tests.repository.clones import git, make_clone
from homelab_assets_tests.security.plants import COMMANDS, KINDS, NAMES, Seeds

ORDINARY: dict[str, str] = {
    "TZ": "Europe/Brussels", "PUID": "1000", "PGID": "1000", "UMASK": "022", "APP_HOST": "radarr.home.arpa", "DATA_DIR": "/opt/appdata/media/radarr",
    "MEDIA": "/media/downloads/complete/movies", "VERSION": "5.27.5.10198-ls281", "INSTANCE_ID": "7d444840-9dc0-11d1-b245-5ffdce74fad2",
    "GIT_COMMIT": "5c9a1a8b7d6e4f3a2b1c0d9e8f7a6b5c4d3e2f1a", "UPSTREAM": "http://192.168.50.161:7878/radarr", "LOG_LEVEL": "debug",
    "AUTH_METHOD": "forms", "TOKEN_TTL": "3600", "POSTGRES_PASSWORD_FILE": "/run/secrets/postgres", "NODE_OPTIONS": "--max-old-space-size=4096",
    "DNS1": "1.1.1.1#one.one.one.one", "SUBNETS": "192.168.50.0/24,10.8.0.0/16", "MAC": "02:42:ac:11:00:02", "LANG": "nl_BE.UTF-8",
    "PKG_DIGEST": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "SSH_HOST_FINGERPRINT": "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDQ4BjFNgsl9Pb1mFk",
    "CRON": "0 6 * * 1-5", "RULE": "Host(`radarr.home.arpa`) && PathPrefix(`/api`)", "SCHEMA": "postgresql", "JAVA_OPTS": "-Xmx512m -XX:+UseG1GC",
    "WEBHOOK_URL": "https://n8n.home.arpa/", "EXTRA_PLUGINS": "grafana-clock-panel,grafana-piechart-panel", "DATE": "2026-11-23T06:00:00Z",
    "KEYMAP": "be-latin1", "FEATURES": "media-management,release-profiles,custom-formats", "THEME": "nord-dark-high-contrast",
}  # fmt: skip
"""Values that nobody would hide."""

_DIGEST = "sha256:" + "ab12" * 16
_HOSTILE = "<img src=x onerror=alert(1)>|`rm -rf`\x1b[31m]("
# Formats that are secrets wherever they stand, in names and paths too.
_ANYWHERE = (
    "GitHub token",
    "GitLab token",
    "Slack token",
    "Tailscale key",
    "Docker Hub token",
    "Plex claim",
    "Stripe key",
)


def inspect(
    name: str, *, stack: str = "", service: str = "", folder: str = "/opt/homelab-apps/stacks", **config: Any
) -> dict[str, Any]:
    """Return the inspect document of a running container."""
    labels = {"com.docker.compose.project": stack, "com.docker.compose.service": service} if stack else {}
    if stack:
        labels |= {
            "com.docker.compose.project.working_dir": f"{folder}/{stack}",
            "com.docker.compose.project.config_files": f"{folder}/{stack}/docker-compose.yml",
            "com.docker.compose.oneoff": "False", "com.docker.compose.container-number": "1",
        }  # fmt: skip
    host = config.pop("host", {})
    labels |= config.pop("Labels", {})
    return {
        "Id": f"{abs(hash(name)):x}".rjust(64, "a")[:64], "Name": f"/{name}", "Image": _DIGEST, "Created": "2026-11-01T06:00:00.123456789Z",
        "Path": "app", "Args": [], "State": {"Status": "running", "Running": True, "Health": {"Status": "healthy", "Log": config.pop("log", [])}},
        "Config": {"Image": "app:1", "Hostname": "0123456789ab", "Env": [], "Cmd": None, "Entrypoint": None, "WorkingDir": "", "User": "", **config, "Labels": labels},
        "HostConfig": {"NetworkMode": f"{stack}_default" if stack else "bridge", "RestartPolicy": {"Name": "no"}, "LogConfig": {"Type": "json-file", "Config": {}}, **host},
        "Mounts": [], "NetworkSettings": {"Networks": {}, "Ports": {}},
    }  # fmt: skip


class Stacks:
    """What git says, and what runs, built side by side."""

    def __init__(self, seeds: Seeds) -> None:
        self.seeds = seeds
        self.git: dict[str, dict[str, Any]] = {}
        self.containers: list[dict[str, Any]] = []

    def service(self, stack: str, name: str, wanted: Mapping[str, Any], **running: Any) -> None:
        """Add a service that git knows, and its container."""
        self.git.setdefault(stack, {"services": {}})["services"][name] = {"image": "app:1", **wanted}
        self.containers.append(inspect(f"{stack}-{name}-1", stack=stack, service=name, **running))


def build(seeds: Seeds) -> Stacks:
    """Plant secrets of all kinds at all places of containers."""
    stacks = Stacks(seeds)
    _by_name(stacks)
    _by_looks(stacks)
    _in_commands(stacks)
    _in_odd_places(stacks)
    _behind_variables(stacks)
    _unknown_to_git(stacks)
    ordinary = [f"{name}={value}" for name, value in ORDINARY.items()]
    _in_definitions(stacks)
    stacks.service("plain", "ordinary", {}, Env=ordinary, Labels={f"home.{k.lower()}": v for k, v in ORDINARY.items()})
    return stacks


def _by_name(stacks: Stacks) -> None:
    seeds, env, labels, wanted = stacks.seeds, [], {}, {}
    for number, name in enumerate(NAMES):
        env.append(f"{name}={seeds.keep(f'env {name}', seeds.word())}")
        labels[f"home.{name}"] = seeds.keep(f"label {name}", seeds.word())
        if number % 2:
            wanted[name] = "${" + name + "}"
    env.append("MULTILINE_PASSWORD=one\n" + seeds.keep("env, second line", seeds.word()))
    # Git has another value in clear: the running one is a secret all the same.
    wanted["CHANGED_PASSWORD"] = "what-git-says"
    env.append("CHANGED_PASSWORD=" + seeds.keep("env, changed", seeds.word()))
    stacks.service("names", "app", {"environment": wanted}, Env=env, Labels=labels)
    stacks.service("names", _plain("x" * 40), {}, Env=[f"A_TOKEN={seeds.keep('env of a long name', seeds.word())}"])


def _plain(name: str) -> str:
    return name


def _by_looks(stacks: Stacks) -> None:
    seeds = stacks.seeds
    kinds = list(KINDS)
    stacks.service("looks", "env", {}, Env=[f"SETTING_{n}={seeds.plant(kind, 'env')}" for n, kind in enumerate(kinds)])
    stacks.service(
        "looks", "labels", {}, Labels={f"home.setting.{n}": seeds.plant(kind, "label") for n, kind in enumerate(kinds)}
    )
    users = ",".join(seeds.plant(kind, "basicauth label") for kind in ("bcrypt", "apr1", "SHA htpasswd"))
    stacks.service(
        "looks",
        "auth",
        {},
        Labels={
            "traefik.http.middlewares.auth.basicauth.users": users,
            f"x.{_HOSTILE}": seeds.plant("JWT", "hostile label"),
        },
    )
    stacks.service(
        "looks", "changed", {"environment": {f"SETTING_{n}": "plain" for n in range(len(kinds))}, "labels": {f"home.{n}": "plain" for n in range(len(kinds))}},
        Env=[f"SETTING_{n}={seeds.plant(kind, 'env, changed')}" for n, kind in enumerate(kinds)],
        Labels={f"home.{n}": seeds.plant(kind, "label, changed") for n, kind in enumerate(kinds)},
    )  # fmt: skip


def _in_commands(stacks: Stacks) -> None:
    seeds = stacks.seeds
    for number, command in enumerate(COMMANDS):

        def filled(place: str, command: tuple[str, ...] = command) -> list[str]:
            return [
                part.replace("{}", seeds.keep(f"{place} {' '.join(command)}", seeds.word())) if "{}" in part else part
                for part in command
            ]

        stacks.service(
            "commands", f"c{number}", {"command": ["server"], "healthcheck": {"test": ["CMD", "true"]}},
            Cmd=filled("command"), Entrypoint=filled("entrypoint"), Healthcheck={"Test": ["CMD", *filled("health check")]},
            log=[{"Output": seeds.keep("health log", seeds.word()), "ExitCode": 1}],
        )  # fmt: skip
    for number, kind in enumerate(KINDS):
        stacks.service("commands", f"k{number}", {"command": ["server"]}, Cmd=["serve", seeds.plant(kind, "argument")])


def _in_odd_places(stacks: Stacks) -> None:
    seeds = stacks.seeds
    for number, kind in enumerate(_ANYWHERE):

        def text(place: str, kind: str = kind) -> str:
            return seeds.plant(kind, place)

        stacks.service(
            "odd", f"o{number}", {"volumes": [f"/opt/{number}:/data"], "hostname": "plain", "working_dir": "/", "user": "1000"},
            Hostname=text("hostname"), WorkingDir=f"/{text('working_dir')}", User=text("user"), Domainname=text("domain name"),
            Labels={text("a label's name"): "1"}, Env=[f"{text('a variable name')}=1", text("a bare variable")],
            host={
                "Binds": [f"/opt/{(bind := text('bind'))}:/data:rw"], "ExtraHosts": [f"{text('extra host')}:10.0.0.1"], "Dns": [text("dns")],
                "Sysctls": {"net.core.somaxconn": text("sysctl")}, "Tmpfs": {f"/{text('tmpfs')}": ""}, "SecurityOpt": [f"label={text('security option')}"],
                "LogConfig": {"Type": "splunk", "Config": {"splunk-token": seeds.keep("log option", seeds.word()), "splunk-url": seeds.plant("URL with password", "log option"), "tag": text("log tag")}},
                "StorageOpt": {"size": text("storage option")}, "Annotations": {"home": text("annotation")}, "Devices": [{"PathOnHost": f"/dev/{text('device')}", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}],
                "Links": [f"/{text('link')}:/x/y"], "VolumesFrom": [text("volumes_from")], "CgroupParent": text("cgroup"), "Runtime": text("runtime"),
            },
        )  # fmt: skip
        stacks.containers[-1]["Mounts"] = [
            {"Type": "bind", "Source": f"/opt/{bind}", "Destination": "/data", "RW": True}
        ]
        stacks.containers[-1]["Path"] = text("path")


def _behind_variables(stacks: Stacks) -> None:
    """Ordinary words, which only git's unresolved `${VAR}` makes secrets."""
    seeds = stacks.seeds
    s = {
        name: seeds.keep(f"behind ${{{name}}}", seeds.word())
        for name in ("TITLE", "PLACE", "GREETING", "MOTTO", "PATHPART", "CHECK", "OTHER", "ENTRY", "GONE")
    }
    stacks.service(
        "vars", "app",
        {
            "environment": {"SITE_TITLE": "${TITLE}", "URL": "http://x/${PLACE}/y", "LEVEL": "info", "DEFAULTED": "${OTHER:-plain}"}, "labels": {"home.title": "${TITLE}", "home.greeting": "say ${GREETING} twice"},
            "command": ["serve", "${MOTTO}", "--port", "80"], "entrypoint": ["/bin/${ENTRY}"], "volumes": ["/opt/${PATHPART}:/data"], "healthcheck": {"test": ["CMD-SHELL", "check ${CHECK}"]},
        },
        Env=[f"SITE_TITLE={s['TITLE']}", f"URL=http://x/{s['PLACE']}/y", "LEVEL=debug", f"DEFAULTED={s['OTHER']}"], Labels={"home.title": s["TITLE"], "home.greeting": f"say {s['GREETING']} twice"},
        Cmd=["serve", s["MOTTO"], "--port", "81"], Entrypoint=[f"/bin/{s['ENTRY']}"], Healthcheck={"Test": ["CMD-SHELL", f"check {s['CHECK']}"]},
        host={"Binds": [f"/opt/{s['PATHPART']}:/data:rw"]},
    )  # fmt: skip
    # A real engine lists each bind as a mount too.
    stacks.containers[-1]["Mounts"] = [
        {"Type": "bind", "Source": f"/opt/{s['PATHPART']}", "Destination": "/data", "Mode": "rw", "RW": True}
    ]
    # The same variable with another value: a contradiction, of which both sides stay hidden.
    other = seeds.keep("behind ${TITLE}, contradicted", seeds.word())
    stacks.service(
        "vars",
        "second",
        {"environment": {"SITE_TITLE": "${TITLE}"}, "labels": {"x": "${GREETING}"}},
        Env=[f"SITE_TITLE={other}"],
        Labels={"x": seeds.keep("behind ${GREETING}, contradicted", seeds.word())},
    )
    # What stands where the template does not fit.
    odd = seeds.keep("where `a-${GONE}-b` does not fit", seeds.word())
    stacks.service(
        "vars",
        "third",
        {"environment": {"PLACE": "a-${GONE}-b"}, "command": "run ${GONE} now"},
        Env=[f"PLACE={odd}"],
        Cmd=["run", seeds.keep("where a command does not fit", seeds.word()), "now"],
    )


def _in_definitions(stacks: Stacks) -> None:
    """A network and volumes that were made from other definitions than git's."""
    seeds = stacks.seeds
    stacks.service("odd", "sharing", {"volumes": ["share:/media", "films:/films"]})
    stacks.containers[-1]["Mounts"] = [
        {"Type": "volume", "Name": "odd_share", "Destination": "/media", "RW": True},
        {"Type": "volume", "Name": "odd_films", "Destination": "/films", "RW": True},
    ]
    stacks.containers[-1]["NetworkSettings"]["Networks"] = {"odd_default": {"Aliases": ["sharing"]}}
    stacks.git["odd"]["networks"] = {
        "default": {"labels": {"home.password": seeds.keep("network label in git", seeds.word())}}
    }
    password = seeds.keep("volume option in git", seeds.word())
    shares = {
        "share": "addr=nas,username=larry,password=${NAS_PASSWORD},vers=2.0",
        "films": f"addr=nas,username=larry,password={password},vers=3.0",
    }
    stacks.git["odd"]["volumes"] = {
        name: {"driver_opts": {"type": "cifs", "device": "//nas/media", "o": options}}
        for name, options in shares.items()
    }


def _unknown_to_git(stacks: Stacks) -> None:
    seeds = stacks.seeds
    env = [f"{name}={seeds.keep(f'unmanaged {name}', seeds.word())}" for name in NAMES]
    env += [f"SETTING_{n}={seeds.plant(kind, 'unmanaged')}" for n, kind in enumerate(KINDS)]
    labels = {f"home.{n}": seeds.plant(kind, "unmanaged label") for n, kind in enumerate(KINDS)}
    command = ["serve", "--password", seeds.keep("unmanaged command", seeds.word())]
    stacks.containers.append(
        inspect(
            "stranger",
            Env=env,
            Labels=labels,
            Cmd=command,
            Healthcheck={"Test": ["CMD-SHELL", f"curl -u a:{seeds.keep('unmanaged health', seeds.word())} http://x"]},
        )
    )
    stacks.containers.append(
        inspect("names-gone-1", stack="names", service="gone", Env=[f"A_PASSWORD={seeds.keep('orphan', seeds.word())}"])
    )
    hostile = inspect(
        _HOSTILE, stack="odd", service=_HOSTILE, Env=[f"X_TOKEN={seeds.keep('hostile name', seeds.word())}"]
    )
    stacks.containers.append(hostile)


class Homelab:
    """The whole of it below one folder. `outside` are the folders whose files are the operator's own, secrets and all."""

    def __init__(self, root: Path, seeds: Seeds) -> None:
        self.root, self.seeds = root, seeds
        self.home = root / "home"
        self.outside = [
            root / "captures",
            root / "host",
            root / "apps",
            root / "infra",
            self.home / ".env",
            self.home / "lab.yaml",
            root / "local.env",
        ]
        self.stacks = build(seeds)

    def lay_out(self, urls: Mapping[str, str], media: Mapping[str, Any]) -> None:
        """Write captures, repositories, `.env` files and `lab.yaml`."""
        self.home.mkdir(parents=True)
        self._captures()
        self._repositories(urls["refusing"])
        keys = {
            name: self.seeds.keep(f"lab.yaml's .env: {name}", self.seeds.word())
            for name in ("GITEA_TOKEN", "HOOK", "UNUSED_VALUE")
        }
        services = {}
        for name, service in media.items():
            services[name] = {"url": service["url"]}
            for key, value in service.items():
                if key != "url" and value:
                    variable = f"{name}_{key}".upper()
                    keys[variable], services[name][key] = (
                        # A user's name is no secret.
                        value if key == "username" else self.seeds.keep(f"media {variable}", value),
                        "${" + variable + "}",
                    )
        (self.home / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in keys.items()))
        (self.root / "local.env").write_text(
            f"FINE=1\nnot a line {self.seeds.keep('a broken env file', self.seeds.word())} = x\n"
        )
        lab = {
            "hosts": {
                "leaky": {"docker": f"capture:{self.root}/captures/leaky"}, "live": {"docker": f"unix://{self.root}/engine.sock"},
                "dead": {"docker": f"unix://{self.root}/none.sock", "connect_timeout": 1},
            },
            "repositories": {
                "homelab-apps": {
                    "path": str(self.root / "apps"), "ref": "origin/main", "env_files": {"local": [str(self.root / "local.env")]},
                    "forge": {"kind": "gitea", "url": urls["refusing"], "slug": "larry/apps", "token": "${GITEA_TOKEN}"},
                },
                "homelab-infra": {"path": str(self.root / "infra"), "ref": "main"},
            },
            "media": {"services": services}, "notify": [urls["refusing"] + "/hooks/${HOOK}"],
        }  # fmt: skip
        (self.home / "lab.yaml").write_text(yaml.safe_dump(lab, sort_keys=False))

    def _captures(self) -> None:
        seeds, folder = self.seeds, self.root / "captures" / "leaky"
        folder.mkdir(parents=True)
        volumes = [
            {
                "Name": f"odd_{name}",
                "Driver": "local",
                "Options": {
                    "type": "cifs",
                    "device": "//nas/media",
                    "o": f"addr=nas,username=larry,password={seeds.keep(f'volume option of {name}', seeds.word())},vers=3.0",
                },
                "Labels": {
                    "com.docker.compose.project": "odd",
                    "com.docker.compose.volume": name,
                    "token": seeds.keep(f"volume label of {name}", seeds.word()),
                },
            }
            for name in ("share", "films")
        ]
        networks = [
            {
                "Name": "odd_default",
                "Id": "n" * 64,
                "Driver": "bridge",
                "Labels": {"home.password": seeds.keep("network label", seeds.word())},
                "Options": {"x": seeds.plant("GitHub token", "network option")},
                "Containers": {},
            }
        ]
        images = [
            {
                "Id": _DIGEST,
                "RepoTags": ["app:1"],
                "Config": {
                    "Env": [f"IMAGE_TOKEN={seeds.keep('image env', seeds.word())}"],
                    "Labels": {"x": seeds.plant("JWT", "image label")},
                    "Cmd": None,
                },
            }
        ]
        info = {
            "Name": "leaky",
            "ServerVersion": "28.0",
            "HttpProxy": seeds.plant("URL with password", "proxy"),
            "Labels": [f"token={seeds.keep('engine label', seeds.word())}"],
            "RegistryConfig": {"Mirrors": [seeds.plant("URL with password", "registry")]},
        }
        parts = {
            "containers": self.stacks.containers,
            "images": images,
            "networks": networks,
            "volumes": volumes,
            "engine": {"version": {"ApiVersion": "1.46", "Version": "28.0"}, "info": info},
        }
        for name, part in parts.items():
            (folder / f"{name}.json").write_text(json.dumps(part))

    def _repositories(self, refusing: str) -> None:
        seeds = self.seeds
        targets = dict.fromkeys(self.stacks.git, "leaky") | {"hosted": "live", "local": "leaky", "broken": "leaky"}
        files = {
            f"stacks/{stack}/docker-compose.yml": yaml.safe_dump(document)
            for stack, document in self.stacks.git.items()
        }
        files |= {
            "stack-targets.yml": yaml.safe_dump(targets), "stacks/local/docker-compose.yml": "services: {app: {image: 'app:1'}}\n",
            "stacks/broken/docker-compose.yml": "services:\n  app:\n   image: [\n", "stacks/hosted/.env.sample": "GREETING=changeme\n",
            "stacks/hosted/docker-compose.yml": "services:\n  app:\n    image: app:1\n    environment:\n      GREETING: ${GREETING}\n      SECOND: ${SECOND}\n      API_KEY: ${THIRD}\n",
        }  # fmt: skip
        make_clone(self.root / "apps", files)
        address = refusing.removeprefix("http://")
        git(
            self.root / "apps",
            "remote",
            "add",
            "origin",
            f"http://larry:{seeds.keep('git remote', seeds.word())}@{address}/apps.git",
        )
        git(self.root / "apps", "update-ref", "refs/remotes/origin/main", "HEAD")
        make_clone(self.root / "infra", {"ansible/site.yml": "- hosts: all\n"})

    def engine(self) -> UnixEngine:
        """A live engine, whose host's `.env` is on this machine."""
        seeds, folder = self.seeds, self.root / "host" / "stacks"
        values = {
            name: seeds.keep(f".env on the host: {name}", seeds.word()) for name in ("GREETING", "SECOND", "THIRD")
        }
        (folder / "hosted").mkdir(parents=True)
        (folder / "hosted" / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        second = seeds.keep("started before the host's .env was changed", seeds.word())
        env = [
            f"GREETING={values['GREETING']}",
            f"SECOND={second}",
            f"API_KEY={values['THIRD']}",
            f"ADDED_PASSWORD={seeds.keep('live', seeds.word())}",
        ]
        document = inspect("hosted-app-1", stack="hosted", service="app", folder=str(folder), Env=env)
        answers = engine_answers(document)
        answers["/info"] = {**answers["/info"], "Name": socket.gethostname()}  # type: ignore[dict-item]
        answers[f"/images/{_DIGEST}/json"] = {"Id": _DIGEST, "RepoTags": ["app:1"], "Config": {}}
        return UnixEngine(self.root / "engine.sock", answers)


class _Refusing(BaseHTTPRequestHandler):
    """Refuses everything, and repeats in its answer whatever credentials it was given."""

    def _answer(self) -> None:
        with suppress(OSError, ValueError):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = {
            "message": f"bad credentials: {self.headers.get('Authorization')} at {self.path}, apikey={self.headers.get('X-Api-Key')}"
        }
        data = json.dumps(said).encode()
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def refusing() -> Iterator[str]:
    """Serve refusals; yields the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def leaky_homelab(root: Path) -> Iterator[Homelab]:
    """Lay everything out and run what must run."""
    homelab = Homelab(root, Seeds())
    faults = [*LARRY, *(name for name in ("key_stale_copy@requests", "app_health") if name in FAULTS)]
    with refusing() as url, World(faults=faults) as world, homelab.engine():
        settings = world.settings()
        media = {
            name: {
                key: getattr(service, key)
                for key in ("url", "api_key", "token", "username", "password")
                if getattr(service, key)
            }
            for name, service in settings.services.items()
        }
        media = {
            name: {k: v for k, v in values.items() if k != "username"}
            | ({"username": "admin"} if name == "qbittorrent" else {})
            for name, values in media.items()
        }
        media["bazarr"] = {"url": url, "api_key": homelab.seeds.word()}
        homelab.lay_out({"refusing": url}, media)
        yield homelab
