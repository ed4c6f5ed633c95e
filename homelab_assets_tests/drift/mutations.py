"""One manual change of every kind, as data: what git declares, what runs, and the one item that must come of it."""

from dataclasses import dataclass
from typing import Any

PLAIN = "lab/plain:1"
"""An image that sets nothing but its command."""
RICH = "lab/rich:1"
"""An image that sets everything that an image can set."""
NEWER = "lab/plain:2"

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """`git` and `running` are service bodies; the audit must report exactly `path`, `change`, `severity`.

    `back` is the change when the two sides are swapped; None: not tried.
    """

    name: str
    git: Body
    running: Body
    path: str
    change: str
    severity: str
    back: str | None


def _one(
    name: str, path: str, severity: str, git: Body | None, running: Body | None, *, image: str = PLAIN, **options: Any
) -> Mutation:
    change = "changed" if git and running else "added" if running else "removed"
    back = options.get("back", {"changed": "changed", "added": "removed", "removed": "added"}[change])
    base = {"image": image, **options.get("base", {})}
    return Mutation(
        name=name, git={**base, **(git or {})}, running={**base, **(running or {})},
        path=path, change=options.get("change", change), severity=severity, back=back,
    )  # fmt: skip


B, F, C = "breaking", "functional", "cosmetic"
HEALTH = {"test": ["CMD", "true"], "interval": "30s", "retries": 3}

MUTATIONS: tuple[Mutation, ...] = (
    _one("image tag", "image", B, None, {"image": NEWER}, change="changed", back="changed"),
    _one("image of another name", "image", B, {"image": PLAIN}, {"image": RICH},
         base={"entrypoint": ["a"], "command": ["b"], "working_dir": "/x", "user": "5", "stop_signal": "SIGINT",
               "healthcheck": {"disable": True}}),
    _one("command", "command", F, {"command": "sleep 1"}, {"command": "sleep 2"}),
    _one("command added", "command", F, None, {"command": ["sleep", "5"]}),
    _one("command over the image's", "command", F, None, {"command": ["sleep", "5"]}, image=RICH),
    _one("entrypoint", "entrypoint", B, {"entrypoint": "/bin/a"}, {"entrypoint": "/bin/b"}, base={"command": "x"}),
    _one("entrypoint added", "entrypoint", B, None, {"entrypoint": ["/bin/a"]}, base={"command": "x"}, image=RICH),
    _one("environment added", "environment.NEW", F, None, {"environment": {"NEW": "1"}}),
    _one("environment changed", "environment.TZ", F, {"environment": {"TZ": "UTC"}}, {"environment": {"TZ": "Europe/Brussels"}}),
    _one("environment empty", "environment.E", F, {"environment": {"E": ""}}, {"environment": {"E": "x"}}),
    _one("environment over the image's", "environment.FOO", F, None, {"environment": {"FOO": "mine"}}, image=RICH),
    _one("secret changed", "environment.DB_PASSWORD", F, {"environment": {"DB_PASSWORD": "hunter2abc"}},
         {"environment": {"DB_PASSWORD": "hunter3abc"}}),
    _one("password in a URL", "environment.URL", F, {"environment": {"URL": "postgres://u:pw1x@h/d"}},
         {"environment": {"URL": "postgres://u:pw2x@h/d"}}),
    _one("label added", "labels.a.b", C, None, {"labels": {"a.b": "c"}}),
    _one("label changed", "labels.x", C, {"labels": {"x": "1"}}, {"labels": {"x": "2"}}),
    _one("traefik label", "labels.traefik.enable", F, {"labels": {"traefik.enable": "true"}}, {"labels": {"traefik.enable": "false"}}),
    _one("label over the image's", "labels.maintainer", C, None, {"labels": {"maintainer": "me"}}, image=RICH),
    _one("port added", "ports.80/tcp", B, None, {"ports": ["8080:80"]}),
    _one("port on another host port", "ports.80/tcp", B, {"ports": ["8080:80"]}, {"ports": ["8081:80"]}),
    _one("port on another address", "ports.80/tcp", B, {"ports": ["8080:80"]}, {"ports": ["127.0.0.1:8080:80"]}),
    _one("port twice", "ports.80/tcp", B, {"ports": ["8080:80"]}, {"ports": ["8080:80", "8081:80"]}),
    _one("port over UDP", "ports.53/udp", B, {"ports": ["53:53"]}, {"ports": ["53:53", "53:53/udp"]}, change="added", back="removed"),
    _one("port one of a range", "ports.91/tcp", B, {"ports": ["90:90"]}, {"ports": ["90-91:90-91"]}, change="added", back="removed"),
    _one("expose", "expose.3000/tcp", C, None, {"expose": ["3000"]}),
    _one("bind added", "volumes./config", B, None, {"volumes": ["/opt/x:/config"]}),
    _one("bind of another folder", "volumes./config", B, {"volumes": ["./x:/config"]}, {"volumes": ["./y:/config"]}),
    _one("bind made read-only", "volumes./config", B, {"volumes": ["./x:/config"]}, {"volumes": ["./x:/config:ro"]}),
    _one("bind labelled for SELinux", "volumes./config", B, {"volumes": ["./x:/config"]}, {"volumes": ["./x:/config:Z"]}),
    _one("bind to a volume", "volumes./config", B, {"volumes": ["./x:/config"]}, {"volumes": ["one:/config"]}),
    _one("named volume", "volumes./data", B, {"volumes": ["one:/data"]}, {"volumes": ["two:/data"]}),
    _one("named volume over the image's", "volumes./data", B, None, {"volumes": ["one:/data"]}, image=RICH, back=None),
    _one("anonymous volume", "volumes./anon", B, None, {"volumes": ["/anon"]}, back=None),
    _one("bind propagation", "volumes./p", B, {"volumes": ["/opt:/p:rslave"]}, {"volumes": ["/opt:/p:rshared"]}),
    _one("tmpfs", "tmpfs./t", B, None, {"tmpfs": ["/t"]}),
    _one("tmpfs options", "tmpfs./t", B, {"tmpfs": ["/t:size=1m"]}, {"tmpfs": ["/t:size=2m"]}),
    _one("tmpfs mount", "volumes./t", B, {"volumes": [{"type": "tmpfs", "target": "/t", "tmpfs": {"size": "1m"}}]},
         {"volumes": [{"type": "tmpfs", "target": "/t", "tmpfs": {"size": "2m"}}]}),
    _one("network added", "networks.n2", F, {"networks": ["n1"]}, {"networks": ["n1", "n2"]}, change="added", back="removed"),
    _one("alias", "networks.n1.aliases", F, {"networks": {"n1": None}}, {"networks": {"n1": {"aliases": ["other"]}}},
         change="changed", back="changed"),
    _one("address", "networks.n1.ipv4_address", F, {"networks": {"n1": {"ipv4_address": "10.214.0.7"}}},
         {"networks": {"n1": {"ipv4_address": "10.214.0.8"}}}),
    _one("network mode host", "network_mode", B, None, {"network_mode": "host"}),
    _one("network mode default", "network_mode", B, {"network_mode": "default"}, {"network_mode": "host"}),
    _one("network mode none", "network_mode", B, {"network_mode": "host"}, {"network_mode": "none"}),
    _one("network of another service", "network_mode", B, {"network_mode": "service:anchor"}, {"network_mode": "none"}),
    _one("restart", "restart", F, {"restart": "always"}, {"restart": "unless-stopped"}),
    _one("restart added", "restart", F, None, {"restart": "always"}, back=None),
    _one("restart retries", "restart", F, {"restart": "on-failure:3"}, {"restart": "on-failure:5"}),
    _one("user", "user", F, {"user": "1000"}, {"user": "1001"}),
    _one("user over the image's", "user", F, None, {"user": "0"}, image=RICH),
    _one("working dir", "working_dir", F, None, {"working_dir": "/w"}),
    _one("hostname", "hostname", F, None, {"hostname": "hh"}),
    _one("domain name", "domainname", F, {"domainname": "a.b"}, {"domainname": "c.d"}),
    _one("terminal", "tty", F, None, {"tty": True}),
    _one("standard input", "stdin_open", F, None, {"stdin_open": True}),
    _one("stop signal", "stop_signal", F, None, {"stop_signal": "SIGUSR1"}, image=RICH),
    _one("grace period", "stop_grace_period", F, {"stop_grace_period": "1m"}, {"stop_grace_period": "2m"}),
    _one("init", "init", F, None, {"init": True}),
    _one("privileged", "privileged", B, None, {"privileged": True}),
    _one("read-only", "read_only", F, None, {"read_only": True}),
    _one("capability added", "cap_add.NET_ADMIN", B, None, {"cap_add": ["NET_ADMIN"]}),
    _one("capability dropped", "cap_drop.ALL", B, None, {"cap_drop": ["ALL"]}),
    _one("security option", "security_opt.no-new-privileges:true", B, None, {"security_opt": ["no-new-privileges"]}),
    _one("unconfined", "security_opt.seccomp", B, None, {"security_opt": ["seccomp=unconfined"]}),
    _one("device", "devices./dev/x", B, None, {"devices": ["/dev/null:/dev/x"]}),
    _one("device rights", "devices./dev/x", B, {"devices": ["/dev/null:/dev/x"]}, {"devices": ["/dev/null:/dev/x:r"]}),
    _one("device rule", "device_cgroup_rules.c 1:3 mr", B, None, {"device_cgroup_rules": ["c 1:3 mr"]}),
    _one("group", "group_add.video", F, None, {"group_add": ["video"]}),
    _one("process ids of the host", "pid", B, None, {"pid": "host"}),
    _one("shared memory of the host", "ipc", B, None, {"ipc": "host"}),
    _one("host name of the host", "uts", B, None, {"uts": "host"}),
    _one("kernel setting", "sysctls.net.core.somaxconn", F, {"sysctls": {"net.core.somaxconn": "512"}}, {"sysctls": {"net.core.somaxconn": "1024"}}),
    _one("limit of files", "ulimits.nofile", F, None, {"ulimits": {"nofile": 1024}}),
    _one("limit changed", "ulimits.nofile", F, {"ulimits": {"nofile": {"soft": 1, "hard": 9}}}, {"ulimits": {"nofile": {"soft": 2, "hard": 9}}}),
    _one("name servers", "dns", F, {"dns": ["1.1.1.1", "8.8.8.8"]}, {"dns": ["8.8.8.8", "1.1.1.1"]}),
    _one("name servers added", "dns", F, None, {"dns": "9.9.9.9"}),
    _one("search domain", "dns_search", F, None, {"dns_search": "lan"}),
    _one("resolver option", "dns_opt", F, None, {"dns_opt": ["ndots:2"]}),
    _one("extra host", "extra_hosts.db", F, {"extra_hosts": ["db:10.0.0.1"]}, {"extra_hosts": ["db:10.0.0.2"]}),
    _one("health check added", "healthcheck.test", F, None, {"healthcheck": {"test": "true"}}),
    _one("health check off", "healthcheck.test", F, {"healthcheck": HEALTH}, {"healthcheck": {"disable": True}}),
    _one("health check gone", "healthcheck.test", F, {"healthcheck": HEALTH}, None, back=None),
    _one("health interval", "healthcheck.interval", F, {"healthcheck": HEALTH}, {"healthcheck": {**HEALTH, "interval": "1m"}}),
    _one("health interval over the image's", "healthcheck.interval", F, None, {"healthcheck": {"interval": "50s"}}, image=RICH),
    _one("log driver", "logging.driver", F, None, {"logging": {"driver": "none"}}),
    _one("log option", "logging.options.max-size", F, None, {"logging": {"driver": "json-file", "options": {"max-size": "5m"}}}),
    _one("log option changed", "logging.options.max-size", F, {"logging": {"options": {"max-size": "5m"}}}, {"logging": {"options": {"max-size": "6m"}}}),
    _one("memory limit", "mem_limit", F, {"mem_limit": "64m"}, {"mem_limit": "128m"}),
    _one("memory limit added", "mem_limit", F, None, {"mem_limit": "64m"}),
    _one("memory limit of deploy", "deploy.resources.limits.memory", F, {"deploy": {"resources": {"limits": {"memory": "64m"}}}},
         {"deploy": {"resources": {"limits": {"memory": "128m"}}}}),
    _one("memory reservation", "mem_reservation", F, None, {"mem_reservation": "32m"}),
    _one("swap limit", "memswap_limit", F, {"mem_limit": "64m"}, {"mem_limit": "64m", "memswap_limit": "256m"}, change="added", back="removed"),
    _one("processors", "cpus", F, {"cpus": 0.5}, {"cpus": 0.25}),
    _one("processor shares", "cpu_shares", F, None, {"cpu_shares": 512}),
    _one("processor set", "cpuset", F, None, {"cpuset": "0"}),
    _one("process limit", "pids_limit", F, None, {"pids_limit": 100}),
    _one("shared memory", "shm_size", F, {"shm_size": "128m"}, {"shm_size": "256m"}),
    _one("shared memory added", "shm_size", F, None, {"shm_size": "256m"}),
    _one("out of memory score", "oom_score_adj", F, None, {"oom_score_adj": 500}),
    _one("secret file", "secrets.s1", B, None, {"secrets": ["s1"]}),
    _one("secret file elsewhere", "secrets.s1", B, {"secrets": ["s1"]}, {"secrets": [{"source": "s1", "target": "other"}]}),
    _one("config file", "configs.c1", B, None, {"configs": ["c1"]}),
    _one("container name", "container_name", F, {"container_name": "nm-{side}-a"}, {"container_name": "nm-{side}-b"}),
    _one("container name added", "container_name", F, None, {"container_name": "nm-{side}-c"}),
    _one("link", "links.anchor", F, None, {"links": ["anchor"]}),
    _one("fixed MAC address", "mac_address", F, {"mac_address": "02:42:ac:11:00:07"}, {"mac_address": "02:42:ac:11:00:08"}, back=None),
    _one("control group parent", "cgroup_parent", F, None, {"cgroup_parent": "other"}),
    _one("control group of its own", "cgroup", F, None, {"cgroup": "private"}),
    _one("processor quota", "cpu_quota", F, None, {"cpu_quota": 50000}),
    _one("processor period", "cpu_period", F, None, {"cpu_period": 50000}),
    _one("no out of memory kill", "oom_kill_disable", F, None, {"oom_kill_disable": True}, base={"mem_limit": "64m"}),
    _one("swappiness", "mem_swappiness", F, {"mem_swappiness": 10}, {"mem_swappiness": 20}),
    _one("user namespace of the host", "userns_mode", B, None, {"userns_mode": "host"}),
    _one("volumes of another", "volumes_from.anchor", B, None, {"volumes_from": ["anchor"]}),
    _one("retries of deploy", "deploy.restart_policy.condition", F, {"deploy": {"restart_policy": {"condition": "any"}}},
         {"deploy": {"restart_policy": {"condition": "on-failure"}}}),
    _one("replicas", "scale", F, None, {"scale": 2}, back="changed"),
    _one("network by its name", "network_mode", B, {"network_mode": "extnet"}, {"network_mode": "none"}),
)  # fmt: skip
