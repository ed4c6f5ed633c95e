"""Networks and volumes that were made from other definitions than git's: told once, as what a person would change."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from homelab_assets.compose.confighash import go_json
from homelab_assets.drift.document import DriftDocument, ServiceDrift
from homelab_assets.drift.items import TWO_VALUES
from homelab_assets.drift.past import Past, with_past
from homelab_assets.drift.policy import Policy
from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.planner import plan_remediation
from homelab_assets.rendering.drift_findings import drift_findings
from homelab_assets.rendering.drift_terminal import drift_terminal
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import KEY, at_rest, audit, audit_stored, baseline, capture, found

OLD = {"version": {"Version": "20.10.24", "ApiVersion": "1.41"}, "info": {}}
NEW = {"version": {"Version": "28.5.2", "ApiVersion": "1.51"}, "info": {}}
PODMAN = {"version": {"ApiVersion": "1.41", "Components": [{"Name": "Podman Engine"}]}, "info": {}}
Document = dict[str, Any]


def made(project: str | None, kind: str, key: str, version: str = "2.26.1", **labels: str) -> dict[str, str]:
    """Compose's labels on a network or volume."""
    own = {"com.docker.compose.project": project or "", f"com.docker.compose.{kind}": key}
    return labels | ({**own, "com.docker.compose.version": version} if project else {})


def network(name: str, labels: Mapping[str, str], *pools: Document, **fields: Any) -> Document:
    """A network as an engine shows it; without pools it has one of the engine's own."""
    config = list(pools) or [{"Subnet": "172.20.0.0/16", "Gateway": "172.20.0.1"}]
    return {
        "Name": name, "Id": hashlib.sha256(name.encode()).hexdigest(), "Driver": "bridge", "EnableIPv6": False,
        "Internal": False, "Attachable": False, "Options": {}, "IPAM": {"Driver": "default", "Config": config},
        "Labels": labels, **fields,
    }  # fmt: skip


def volume(name: str, labels: Mapping[str, str], **options: str) -> Document:
    """A volume as an engine shows it."""
    return {"Name": name, "Driver": "local", "Options": options or None, "Labels": labels}


def user(*networks: str, volumes: Mapping[str, str] | None = None, service: str = "app", **more: Any) -> Document:
    """A container of the stack `web` in these networks, with these volumes by path."""
    endpoints = {name: {"Aliases": [f"web-{service}-1", service]} for name in networks or ("web_default",)}
    mounts = [
        {"Type": "volume", "Name": name, "Destination": path, "RW": True} for path, name in (volumes or {}).items()
    ]
    return container("web", service, networks=endpoints, mounts=mounts, **more)


def look(git: Document | str, *containers: Document, vault: Vault | None = None, **captured: Any) -> DriftDocument:
    """Audit the stack `web`."""
    stack = yaml.safe_load(git) if isinstance(git, str) else git
    for body in stack["services"].values():
        body.setdefault("image", "plain:1")
    pictures = [image("plain:1", Cmd=["run"])]
    document = audit(
        capture(containers, images=pictures, vault=vault, **captured), [baseline("web", stack)], vault=vault
    )
    assert not document.problems
    return document


def only(document: DriftDocument) -> ServiceDrift:
    (service,) = document.services
    return service


NFS = {"type": "nfs", "o": "addr=10.0.0.1,rw", "device": ":/export"}
SHARED = """
services:
  zeta: {volumes: ["data:/data", "data:/again"]}
  alpha: {volumes: ["data:/elsewhere"]}
volumes:
  data:
    driver_opts:
      type: nfs
      o: addr=10.0.0.1,rw
      device: ":/films"
"""


def test_the_first_service_of_the_file_tells_and_git_s_line_is_the_definition_s() -> None:
    zeta = user(service="zeta", volumes={"/data": "web_data", "/again": "web_data"})
    alpha = user(service="alpha", volumes={"/elsewhere": "web_data"})
    volumes = [volume("web_data", made("web", "volume", "data"), **NFS)]
    document = look(SHARED, zeta, alpha, volumes=volumes)
    told = {service.service: found(service) for service in document.services}
    assert told == {"alpha": [], "zeta": [("volumes./data.driver_opts.device", "changed", "breaking")]}
    (item,) = document.services[1].items
    assert (item.baseline, item.running) == (":/films", ":/export")
    text = document_line(SHARED, "device")
    assert (item.file, item.line) == ("stacks/web/compose.yml", text)
    # Without a container of its own the first one tells nothing.
    told = {service.service: found(service) for service in look(SHARED, alpha, volumes=volumes).services}
    assert told == {"alpha": [("volumes./elsewhere.driver_opts.device", "changed", "breaking")], "zeta": []}


def document_line(text: str, word: str) -> int:
    """The line of a word in a stack as `baseline` writes it."""
    document = yaml.safe_load(text)
    for body in document["services"].values():
        body.setdefault("image", "plain:1")
    lines = yaml.safe_dump(document, sort_keys=False).splitlines()
    return next(number for number, line in enumerate(lines, 1) if word in line)


def with_network(**definition: Any) -> Document:
    return {"services": {"app": {"networks": ["n"]}}, "networks": {"n": definition or None}}


@pytest.mark.parametrize(
    ("definition", "fields", "path", "change", "severity"),
    [
        ({"internal": True}, {}, "internal", "removed", "breaking"),
        ({}, {"Internal": True}, "internal", "added", "breaking"),
        ({"driver": "macvlan", "driver_opts": {"parent": "eth0"}}, {"Driver": "macvlan", "Options": {"parent": "eth1"}},
         "driver_opts.parent", "changed", "functional"),
        ({"driver": "overlay"}, {}, "driver", "changed", "functional"),
        ({}, {"Driver": "macvlan"}, "driver", "added", "functional"),
        ({"enable_ipv6": True}, {}, "enable_ipv6", "removed", "functional"),
        ({"labels": {"a": "b"}}, {}, "labels.a", "removed", "cosmetic"),
        ({"ipam": {"driver": "dhcp"}}, {}, "ipam.driver", "changed", "functional"),
    ],
)  # fmt: skip
def test_a_network_of_another_definition(
    definition: Document, fields: Document, path: str, change: str, severity: str
) -> None:
    networks = [network("web_n", made("web", "network", "n"), **fields)]
    service = only(look(with_network(**definition), user("web_n"), networks=networks, engine=OLD))
    assert found(service) == [(f"networks.n.{path}", change, severity)]
    assert (service.cause, service.remedy) == ("git_ahead", "deploy")
    assert "docker compose down" in str(service.items[0].note)


def test_what_git_never_says_of_the_default_network_is_a_change_as_well() -> None:
    networks = [network("web_default", made("web", "network", "default"), Internal=True)]
    service = only(look({"services": {"app": {}}}, user(), networks=networks, engine=OLD))
    assert found(service) == [("networks.default.internal", "added", "breaking")]
    assert service.items[0].file == "stacks/web/compose.yml"


POOL = {"Subnet": "10.1.0.0/24", "Gateway": "10.1.0.1"}


@pytest.mark.parametrize(
    ("declared", "pools", "running"),
    [
        ([{"subnet": "10.1.0.0/24"}], [POOL], None),
        ([{"subnet": "10.1.0.9/24"}], [{"Subnet": "10.1.0.9/24"}], None),
        ([{"subnet": "10.1.0.0/24"}], [{**POOL, "Gateway": "10.1.0.254"}], [{"subnet": "10.1.0.0/24", "gateway": "10.1.0.254"}]),
        ([{"subnet": "10.1.0.0/24", "ip_range": "10.1.0.128/25"}],
         [{**POOL, "IPRange": "10.1.0.128/25", "Gateway": "10.1.0.128"}], None),
        ([{"subnet": "10.1.0.0/24", "aux_addresses": {"nas": "10.1.0.1"}}],
         [{**POOL, "AuxiliaryAddresses": {"nas": "10.1.0.1"}, "Gateway": "10.1.0.2"}], None),
        ([{"subnet": "10.2.0.0/24"}], [POOL], [{"subnet": "10.1.0.0/24"}]),
        ([{"subnet": "fd00:1::/64"}, {"subnet": "10.1.0.0/24"}], [{"Subnet": "10.1.0.0/24"}, {"Subnet": "FD00:0001::/64"}], None),
        ([{"subnet": "10.1.0.0/24"}], [POOL, {"Subnet": "fd12::/64", "Gateway": "fd12::1"}], None),
        ([], [{"Subnet": "10.1.0.0/24"}], [{"subnet": "10.1.0.0/24"}]),
        ([], [{**POOL, "IPRange": "10.1.0.128/25"}], [{"subnet": "10.1.0.0/24", "gateway": "10.1.0.1", "ip_range": "10.1.0.128/25"}]),
    ],
)  # fmt: skip
def test_address_pools(declared: list[Document], pools: list[Document], running: Any) -> None:
    networks = [network("web_n", made("web", "network", "n"), *pools)]
    git = with_network(**({"ipam": {"config": declared}} if declared else {"driver": "bridge"}))
    service = only(look(git, user("web_n"), networks=networks))
    assert [(item.path, item.running) for item in service.items] == (
        [("networks.n.ipam.config", running)] if running else []
    )


@pytest.mark.parametrize(("pools", "told"), [(None, True), ([{"Base": "10.1.0.0/16", "Size": 24}], False)])
def test_a_pool_that_the_engine_would_not_have_chosen_may_be_anybody_s(pools: Any, told: bool) -> None:
    engine = {**NEW, "info": {"DefaultAddressPools": pools}}
    networks = [network("web_n", made("web", "network", "n"), POOL)]
    service = only(look(with_network(), user("web_n"), networks=networks, engine=engine))
    assert service.items == ()
    assert ("networks.n.ipam.config" in service.uncompared) is told


def hashed(**definition: Any) -> str:
    """Compose's hash of a network."""
    return hashlib.sha256(go_json({"name": "web_n", **definition}).encode()).hexdigest()


def test_compose_s_hash_tells_what_fields_leave_open() -> None:
    def service(label: str) -> ServiceDrift:
        labels = made("web", "network", "n", "2.40.3", **{"com.docker.compose.config-hash": label})
        networks = [network("web_n", labels, POOL, Options={"com.docker.network.driver.mtu": "1400"})]
        return only(look(with_network(), user("web_n"), networks=networks))

    assert service(hashed(ipam={})).items == (), "the daemon's own"
    said = service(hashed(ipam={"config": [{"subnet": "10.1.0.0/24"}]}))
    assert found(said) == [("networks.n.ipam.config", "added", "functional")]
    assert "networks.n.driver_opts.com.docker.network.driver.mtu" in said.uncompared
    said = service(hashed(driver_opts={"com.docker.network.driver.mtu": "1400"}, ipam={}))
    assert found(said) == [("networks.n.driver_opts.com.docker.network.driver.mtu", "added", "functional")]


@pytest.mark.parametrize(
    ("others", "expected"), [([], "uncompared"), (["1400", "1400"], "given"), ([None, None], "told"), (["1400", None], "uncompared")]
)  # fmt: skip
def test_what_all_networks_of_a_host_have_is_its_daemon_s(others: list[str | None], expected: str) -> None:
    option, path = "com.docker.network.driver.mtu", "networks.n.driver_opts.com.docker.network.driver.mtu"
    more = [network(f"o{n}", {}, Options={option: value} if value else {}) for n, value in enumerate(others)]
    bridge = network("bridge", {}, Options={"com.docker.network.bridge.default_bridge": "true"})
    mine = network("web_n", made("web", "network", "n"), Options={option: "1400"})
    service = only(look(with_network(), user("web_n"), networks=[bridge, mine, *more]))
    state = "told" if service.items else "uncompared" if path in service.uncompared else "given"
    assert state == expected


@pytest.mark.parametrize("docs", [{}, {"networks": "twice"}, {"networks": "unjoined"}])
def test_without_a_document_of_it_nothing_is_said(docs: Mapping[str, str]) -> None:
    one = network("web_n", made("web", "network", "n"))
    networks = {"twice": [one, {**one, "Id": "f" * 64}], "unjoined": [one]}.get(docs.get("networks", ""), [])
    joined = "web_n" if docs.get("networks") == "twice" else "other_n"
    service = only(look(with_network(internal=True), user(joined), networks=networks))
    assert [item.path for item in service.items if item.of_definition] == []
    assert not [path for path in service.uncompared if path.startswith("networks.n.")]


def test_an_external_one_is_somebody_else_s() -> None:
    git = with_network(external=True, name="proxy")
    service = only(look(git, user("proxy"), networks=[network("proxy", {}, Internal=True)]))
    assert service.status == "clean"


def test_what_another_project_made_is_its_own_but_for_what_git_says_here() -> None:
    labels = made("edge", "network", "proxy", mine="1")
    networks = [network("proxy", labels, {"Subnet": "10.1.0.0/24"}, Internal=True, Options={"x": "y"})]
    assert only(look(with_network(name="proxy"), user("proxy"), networks=networks)).status == "clean"
    service = only(
        look(with_network(name="proxy", driver_opts={"x": "z"}, attachable=True), user("proxy"), networks=networks)
    )
    assert [item.path for item in service.items] == ["networks.n.attachable", "networks.n.driver_opts.x"]
    assert (service.cause, service.remedy) == ("host_changed", "none")
    assert {item.provenance for item in service.items} == {"the project `edge`, which made it"}


def test_a_volume_that_somebody_made_by_hand_was_changed_on_the_host() -> None:
    git = {"services": {"app": {"volumes": ["data:/data"]}}, "volumes": {"data": None}}
    volumes = [volume("web_data", {}, **NFS)]
    service = only(look(git, user(volumes={"/data": "web_data"}), volumes=volumes))
    assert {item.path for item in service.items} == {f"volumes./data.driver_opts.{name}" for name in NFS}
    assert (service.cause, service.remedy) == ("host_changed", "none")
    assert "external" in str(service.items[0].note)


@pytest.mark.parametrize(("tag", "told"), [("latest", []), ("next", ["volumes./data.driver"])])
def test_a_plugin_is_called_by_its_tag(tag: str, told: list[str]) -> None:
    git = {"services": {"app": {"volumes": ["data:/data"]}}, "volumes": {"data": {"driver": "vieux/sshfs"}}}
    volumes = [{**volume("web_data", made("web", "volume", "data")), "Driver": f"vieux/sshfs:{tag}"}]
    service = only(look(git, user(volumes={"/data": "web_data"}), volumes=volumes))
    assert [item.path for item in service.items] == told


def test_compose_v1_s_networks_outlive_it() -> None:
    """It makes each attachable, spells booleans in its own way, and finds folders where v2 sees plain text."""
    git = {
        "services": {"app": {"networks": ["n"], "volumes": ["data:/data"]}},
        "networks": {"n": {"labels": {"on": True}}},
        "volumes": {"data": {"driver_opts": {"type": "none", "o": "bind", "device": "./x"}}},
    }
    networks = [network("web_n", made("web", "network", "n", "1.29.2", on="True"), Attachable=True)]
    bound = {"type": "none", "o": "bind", "device": "/opt/apps/stacks/web/x"}
    volumes = [volume("web_data", made("web", "volume", "data", "1.29.2"), **bound)]
    mine = user("web_n", volumes={"/data": "web_data"})
    assert only(look(git, mine, networks=networks, volumes=volumes)).items == ()
    later = [network("web_n", made("web", "network", "n", "2.26.1", on="true"), Attachable=True)]
    assert [i.path for i in only(look(git, mine, networks=later, volumes=volumes)).items] == ["networks.n.attachable"]


def test_a_compose_or_an_engine_that_knows_no_ipv4_switch_tells_nothing_of_it() -> None:
    git = with_network(enable_ipv4=False)
    for engine, fields in ((OLD, {}), (NEW, {"EnableIPv4": True})):
        networks = [network("web_n", made("web", "network", "n", "2.26.1"), **fields)]
        service = only(look(git, user("web_n"), networks=networks, engine=engine))
        assert not service.items
        assert "networks.n.enable_ipv4" in service.uncompared


def test_podman_is_believed_where_it_is_sure() -> None:
    git = with_network(internal=True, driver_opts={"mtu": "1400"}, labels={"a": "b"})
    pool = {"Subnet": "10.89.1.0/24", "Gateway": "10.89.1.1"}
    networks = [network("web_n", made("web", "network", "n", a="c"), pool, Options={"x": "y"})]
    service = only(look(git, user("web_n"), networks=networks, engine=PODMAN))
    assert [item.path for item in service.items] == ["networks.n.internal", "networks.n.labels.a"]
    assert "networks.n.driver_opts.mtu" in service.uncompared


@pytest.mark.parametrize(("tail", "told"), [("media", []), ("films", ["volumes./data.driver_opts.device"])])
@pytest.mark.parametrize(("device", "folder"), [("./media", ""), ("~/media", "/opt/apps/stacks/web")])
def test_a_folder_beside_one_that_is_not_known(device: str, folder: str, tail: str, told: list[str]) -> None:
    options = {"type": "none", "o": "bind", "device": device}
    git = {
        "services": {"app": {"volumes": ["data:/data"]}},
        "volumes": {"data": {"driver": "local", "driver_opts": options}},
    }
    running = {**options, "device": f"/home/larry/{tail}"}
    mine = user(volumes={"/data": "web_data"}, directory=folder)
    service = only(look(git, mine, volumes=[volume("web_data", made("web", "volume", "data"), **running)]))
    assert [item.path for item in service.items] == told
    assert [item.baseline for item in service.items] == [device] * len(told)


def test_a_variable_in_such_a_folder_is_not_compared() -> None:
    options = {"type": "none", "o": "bind", "device": "./${SHARE}"}
    git = {
        "services": {"app": {"volumes": ["data:/data"]}},
        "volumes": {"data": {"driver": "local", "driver_opts": options}},
    }
    volumes = [volume("web_data", made("web", "volume", "data"), **{**options, "device": "/srv/else/media"})]
    service = only(look(git, user(volumes={"/data": "web_data"}, directory=""), volumes=volumes))
    assert not service.items
    assert "volumes./data.driver_opts.device" in service.uncompared


CIFS = """
services:
  app:
    environment: {NAS_PASSWORD: "${NAS_PASSWORD}", ADDRESS: "${NAS}"}
    volumes: ["data:/data"]
volumes:
  data: {driver_opts: {type: cifs, device: "//${NAS}/media", o: "username=larry,password=${NAS_PASSWORD},vers=3.0"}}
"""


def cifs(address: str, password: str) -> list[Document]:
    options = {"type": "cifs", "device": f"//{address}/media", "o": f"username=larry,password={password},vers=3.0"}
    return [volume("web_data", made("web", "volume", "data"), **options)]


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize(
    ("address", "password", "paths"),
    [("10.0.0.1", "hunter2abc", []), ("10.0.0.2", "hunter2abc", ["device"]), ("10.0.0.1", "hunter3abc", ["o"])],
)
def test_variables_are_what_runs_elsewhere_and_passwords_are_never_shown(
    address: str, password: str, paths: list[str], stored: bool
) -> None:
    vault, stack = Vault(KEY), yaml.safe_load(CIFS)
    stack["services"]["app"]["image"] = "plain:1"
    env = {"NAS_PASSWORD": "hunter2abc", "ADDRESS": "10.0.0.1"}
    # Another container says the same, so that it is the volume that is odd.
    mine = user(volumes={"/data": "web_data"}, env=env)
    seen = capture([mine], images=[image("plain:1", Cmd=["run"])], vault=vault, volumes=cifs(address, password))
    baselines = [baseline("web", stack)]
    if stored:
        rest = at_rest(seen, baselines, vault)
        assert "hunter" not in str([rest.volumes, rest.containers])
        document = audit_stored(rest, baselines)
    else:
        document = audit(seen, baselines, vault=vault)
    service = only(document)
    assert [item.path for item in service.items] == [f"volumes./data.driver_opts.{path}" for path in paths]
    assert all(TWO_VALUES in str(item.note) and item.secret for item in service.items)
    shown = (
        str(document.to_json()),
        drift_terminal(document, color=False, verbose=True),
        str(drift_findings(document)),
    )
    for text in shown:
        assert "hunter" not in text
        assert "<secret#" not in text


@pytest.mark.parametrize("name", ["${PRE}", "${PRE}_data", "x_${PRE:-films}"])
@pytest.mark.parametrize("held", [True, False])
def test_a_stored_capture_tells_of_what_a_variable_names(name: str, held: bool) -> None:
    vault = Vault(KEY)
    git = {"services": {"app": {"image": "plain:1", "volumes": ["data:/data"]}},
           "volumes": {"data": {"name": name, "driver_opts": NFS}}}  # fmt: skip
    running = name.replace("${PRE:-films}", "${PRE}").replace("${PRE}", "zebra42yak")
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"PRE": "zebra42yak"})} if held else {}
    for options, paths in ((NFS, []), (NFS | {"device": ":/films"}, ["volumes./data.driver_opts.device"])):
        seen = capture(
            [user(volumes={"/data": running})], images=[image("plain:1", Cmd=["run"])], vault=vault, dotenv=dotenv,
            volumes=[volume(running, made("web", "volume", "data"), **options)],
        )  # fmt: skip
        rest = at_rest(seen, [baseline("web", git)], vault)
        service = only(audit_stored(rest, [baseline("web", git)]))
        assert ([item.path for item in service.items], service.uncompared) == (paths, {})


def test_a_variable_that_nobody_tells_is_no_difference() -> None:
    git = with_network(internal="${INSIDE}", name="${NAME}", driver_opts={"parent": "${PARENT}"})
    networks = [network("proxy", made("web", "network", "n"), Driver="bridge", Options={"parent": "eth7"})]
    assert only(look(git, user("proxy"), networks=networks, engine=OLD)).items == ()


def test_other_differences_keep_their_cause() -> None:
    git = with_network(internal=True)
    networks = [network("web_n", made("web", "network", "n"))]
    service = only(look(git, user("web_n", env={"X": "1"}), networks=networks))
    assert [item.path for item in service.items] == ["environment.X", "networks.n.internal"]
    assert (service.cause, service.remedy) == ("unknown", "backport")

    body = {**git, "services": {"app": {"networks": ["n"], "image": "plain:1"}}}
    then = baseline("web", body, committed_at="2026-10-01T00:00:00Z")
    now = baseline("web", body, committed_at="2026-11-20T00:00:00Z")
    vault = Vault(KEY)

    def judged(*containers: Document) -> ServiceDrift:
        captured = capture(list(containers), networks=networks, images=[image("plain:1", Cmd=["run"])], vault=vault)
        document = audit(captured, [now], vault=vault)
        past = Past(versions=[then], whole=True)
        told = with_past(document, [captured], [now], earlier=lambda *asked: past, vault=vault, policy=Policy())
        return only(told)

    assert judged(user("web_n", env={"X": "1"})).cause == "host_changed"
    clean = judged(user("web_n"))
    assert (clean.cause, clean.remedy) == ("git_ahead", "deploy")


def test_the_order_is_that_of_the_first_file_whatever_others_say_of_the_services() -> None:
    first = {
        "services": {"zeta": {"image": "plain:1"}, "alpha": {"image": "plain:1"}},
        "networks": {"default": {"internal": True}},
    }
    stack = baseline("web", first, extra={"a.yml": "services: {alpha: {labels: {a: b}}, zeta: {}}"})
    stack = replace(stack, files=(*stack.files, "stacks/web/a.yml"))
    containers = [user(service="zeta"), user(service="alpha", labels={"a": "b"})]
    networks = [network("web_default", made("web", "network", "default"))]
    document = audit(capture(containers, images=[image("plain:1", Cmd=["run"])], networks=networks), [stack])
    assert [service.service for service in document.services if service.items] == ["zeta"]


def test_no_edit_is_proposed_and_everybody_is_told_what_to_do() -> None:
    git: Document = {"services": {"app": {"image": "plain:1", "volumes": ["data:/data"]}}}
    git["volumes"] = {"data": {"driver_opts": {**NFS, "device": ":/films"}}}
    volumes = [volume("web_data", made("web", "volume", "data"), **NFS)]
    document = look(git, user(volumes={"/data": "web_data"}), volumes=volumes)
    (plan,) = plan_remediation(document, [baseline("web", git)], load=load_model)
    assert not plan.actionable
    assert "see to its data" in plan.refusal
    (finding,) = drift_findings(document)
    assert finding.remedy.startswith("The volume keeps the definition that it was made with: see to its data")


@pytest.mark.parametrize(
    ("created", "cause"),
    [
        ("2026-11-02T00:30:00.123456789+02:00", "git_ahead"),
        ("2026-11-02T00:30:00.1Z", "host_changed"),
        ("", "git_ahead"),
    ],
)
def test_what_was_made_after_the_last_commit_is_no_word_of_git_s(created: str, cause: str) -> None:
    labels = made("web", "network", "n")
    stack = {"services": {"app": {"image": "plain:1", "networks": ["n"]}}, "networks": {"n": None}}
    one = network("web_n", labels, Internal=True, Created=created)
    seen = capture([user("web_n")], images=[image("plain:1", Cmd=["run"])], networks=[one])
    (service,) = audit(seen, [baseline("web", stack, committed_at="2026-11-02T00:00:00Z")]).services
    assert found(service) == [("networks.n.internal", "added", "breaking")]
    assert (service.cause, service.remedy) == (cause, "deploy")


@pytest.mark.parametrize(("said", "uncompared"), [("false", False), ("0", False), ("true", True)])
def test_an_option_that_the_engine_forgets_for_what_compose_says_by_itself_is_no_difference(
    said: str, uncompared: bool
) -> None:
    """Engine 28 does so with `com.docker.network.enable_ipv6` when Compose 2.26 sends its own `EnableIPv6`."""
    option = "com.docker.network.enable_ipv6"
    git = {"services": {"app": {}}, "networks": {"default": {"driver_opts": {option: said}}}}
    document = look(git, user(), networks=[network("web_default", made("web", "network", "default"))], engine=NEW)
    one = document.services[0]
    assert found(one) == []
    assert list(one.uncompared) == [f"networks.default.driver_opts.{option}"] * uncompared
