"""Containers that earlier versions of Compose v2 created: what these left out is no difference, what changed since is one."""

from typing import Any

import pytest
import yaml

from homelab_assets import compose
from homelab_assets.compose.confighash import config_hashes
from homelab_assets.drift.document import ServiceDrift
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.test_evidence import judge
from homelab_assets_tests.drift.world import audit, baseline, capture, found

GPU = {"deploy": {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"], "options": {"a": "b"}}]}}}}
DEVICES = "deploy.resources.reservations.devices"


def requests(count: int, **more: Any) -> dict[str, Any]:
    return {"DeviceRequests": [{"Driver": "", "Count": count, "Capabilities": [["gpu"]], **more}]}


def port(key: str, published: str = "8080") -> dict[str, Any]:
    return {"PortBindings": {key: [{"HostIp": "", "HostPort": published}]}}


def attached(**options: Any) -> dict[str, Any]:
    return {"web_n": {"Aliases": ["web-app-1", "app"], **options}}


def run(body: dict[str, Any], version: str, count: int = 1, **running: Any) -> ServiceDrift:
    seen = [container("web", "app", number=number + 1, version=version, **running) for number in range(count)]
    git = {"services": {"app": {"image": "plain:1", **body}}, "networks": {"n": None}}
    document = audit(capture(seen, images=[image("plain:1", Cmd=["run"])]), [baseline("web", git)])
    assert not document.problems
    return document.services[0]


LONG = {"ports": [{"target": 80, "published": "8080"}]}
TWICE = {"extra_hosts": ["db:10.0.0.1", "db:10.0.0.2"]}
OPTIONS = {"networks": {"n": {"driver_opts": {"a": "b"}}}}
PRIORITY = {"networks": {"n": {"gw_priority": 1}}}
START = {"healthcheck": {"test": ["CMD", "true"], "start_interval": "5s"}}
HEALTHY = {"Healthcheck": {"Test": ["CMD", "true"]}}


@pytest.mark.parametrize(
    ("body", "before", "since", "running", "path"),
    [
        ({"annotations": {"a": "b"}}, "2.25.0", "2.26.0", {}, "annotations.a"),
        (START, "2.23.3", "2.24.1", {"config": HEALTHY}, "healthcheck.start_interval"),
        (OPTIONS, "2.26.1", "2.27.1", {"networks": attached()}, "networks.n.driver_opts.a"),
        (PRIORITY, "2.33.1", "2.34.0", {"networks": attached()}, "networks.n.gw_priority"),
        (GPU, "2.29.7", "2.30.1", {"host": requests(-1)}, DEVICES),
        (GPU, "2.29.7", "2.30.1", {"host": requests(0)}, DEVICES),
        (TWICE, "2.24.5", "2.24.6", {"host": {"ExtraHosts": ["db:10.0.0.2"]}}, "extra_hosts.db"),
        ({"scale": 0}, "2.23.3", "2.24.1", {}, "scale"),
    ],
)
def test_what_a_version_leaves_out_is_no_difference(
    body: dict[str, Any], before: str, since: str, running: dict[str, Any], path: str
) -> None:
    assert found(run(body, before, **running)) == []
    assert [item.path for item in run(body, since, **running).items] == [path]


def test_it_is_said_what_could_not_be_compared() -> None:
    verdict = run({"annotations": {"a": "b"}}, "2.20.3")
    assert verdict.uncompared == {"annotations.a": "the Compose that created it ignores it"}


@pytest.mark.parametrize(
    ("body", "version", "running", "changes"),
    [
        ({"annotations": {"a": "b"}}, "2.20.3", {"host": {"Annotations": {"a": "c"}}}, [("annotations.a", "changed")]),
        (OPTIONS, "2.26.1", {"networks": attached(DriverOpts={"a": "c"})}, [("networks.n.driver_opts.a", "changed")]),
        (PRIORITY, "2.26.1", {"networks": attached(GwPriority=2)}, [("networks.n.gw_priority", "changed")]),
        (GPU, "2.26.1", {}, [(DEVICES, "removed")]),
        (GPU, "2.26.1", {"host": requests(2)}, [(DEVICES, "changed")]),
        (GPU, "2.26.1", {"host": requests(0, DeviceIDs=["0"])}, [(DEVICES, "changed")]),
        (TWICE, "2.20.3", {"host": {"ExtraHosts": ["db:10.0.0.1"]}}, [("extra_hosts.db", "changed")]),
        (TWICE, "2.20.3", {}, [("extra_hosts.db", "removed")]),
        (LONG, "2.20.3", {"host": port("80/", "81")}, [("ports.80/tcp", "changed")]),
        (LONG, "2.20.3", {}, [("ports.80/tcp", "removed")]),
        ({}, "2.20.3", {"host": port("80/")}, [("ports.80/tcp", "added")]),
        ({"scale": 0}, "2.20.3", {"count": 2}, [("scale", "added")]),
        ({"scale": 2}, "2.20.3", {}, [("scale", "changed")]),
    ],
)
def test_a_change_of_the_same_key_is_found(
    body: dict[str, Any], version: str, running: dict[str, Any], changes: list[tuple[str, str]]
) -> None:
    assert [(item.path, item.change) for item in run(body, version, **running).items] == changes


@pytest.mark.parametrize("key", ["80/", "80/tcp", "80"])
def test_a_port_without_protocol_is_one_of_tcp(key: str) -> None:
    assert found(run(LONG, "2.28.1", host=port(key))) == []


def test_a_container_of_nobody_s_has_no_version_to_excuse_it() -> None:
    assert [item.path for item in run({"annotations": {"a": "b"}}, "", host={}).items] == ["annotations.a"]


def labels(body: dict[str, Any], version: str) -> list[dict[str, str]]:
    """Every label that a version may have put on a container of this service."""
    text = yaml.safe_dump({"services": {"app": {"image": "plain:1", **body}}}).encode()
    project = compose.load(
        ["/opt/apps/stacks/web/compose.yml"], read=lambda path: text if path.endswith("compose.yml") else None,
        project_directory="/opt/apps/stacks/web", environment={}, project_name="web",
    )  # fmt: skip
    hashes = config_hashes(project.services["app"], version)
    return [{"com.docker.compose.config-hash": one} for one in hashes if one]


@pytest.mark.parametrize("version", ["2.20.2", "2.24.7", "2.28.1", "2.40.3"])
def test_every_spelling_of_a_version_verifies(version: str) -> None:
    body = {"ports": LONG["ports"], "devices": ["/dev/dri:/dev/dri"]}
    running = {
        "host": port("80/tcp") | {"Devices": [{"PathOnHost": "/dev/dri", "PathInContainer": "/dev/dri"}]},
        "version": version,
    }
    several = labels(body, version)
    assert len(several) == {"2.24.7": 48, "2.40.3": 1}.get(version, 24)
    assert {judge(body, label, **running).evidence for label in several} == {"verified"}


@pytest.mark.parametrize(
    ("body", "version", "cause"),
    [
        ({"deploy": {"resources": {"limits": {"memory": "64m"}}}}, "2.25.0", "git_ahead"),
        ({"deploy": {"resources": {"limits": {"cpus": "0.5"}}}}, "2.25.0", "unknown"),
        ({"deploy": {"resources": {"limits": {"cpus": "0.5"}}}}, "2.26.0", "git_ahead"),
        ({}, "2.17.3", "unknown"),
        ({}, "2.20.2", "git_ahead"),
        ({}, "2.41.0", "unknown"),
    ],
)
def test_only_a_mismatch_with_all_that_a_version_prints_tells_the_cause(
    body: dict[str, Any], version: str, cause: str
) -> None:
    label = {"com.docker.compose.config-hash": "0" * 64}
    one = judge({**body, "environment": {"A": "2"}}, label, committed="2026-11-20T00:00:00Z", env={"A": "1"},
                host={"Memory": 2**26, "NanoCpus": 500000000}, version=version)  # fmt: skip
    assert "environment.A" in [item.path for item in one.items]
    assert one.cause == cause


def test_a_variable_that_the_deployer_lacked_is_the_image_s() -> None:
    body = {"environment": {"A": None}}
    for version, running in (("2.26.0", "of the image"), ("2.40.3", None)):
        env = ["A"] if running is None else [f"A={running}"]
        seen = container("web", "app", version=version, labels=labels(body, version)[0], config={"Env": env})
        document = audit(
            capture([seen], images=[image("plain:1", Cmd=["run"], Env=["A=of the image"])]),
            [baseline("web", {"services": {"app": {"image": "plain:1", **body}}})],
        )
        assert (document.services[0].evidence, found(document.services[0])) == ("verified", [])


@pytest.mark.parametrize(
    ("version", "running", "told"),
    [
        ("2.34.0", {"A": "", "B": "b"}, []),
        ("2.34.0", {"A": "dx", "B": "b"}, []),
        ("2.34.0", {"A": "", "B": "other"}, ["environment.B"]),
        ("2.35.0", {"A": "", "B": "b"}, ["environment.A"]),
    ],
)
def test_an_env_file_that_names_a_variable_of_its_service(
    version: str, running: dict[str, str], told: list[str]
) -> None:
    """As Compose 2.34.0 and 2.35.1 print it."""
    git = {"services": {"app": {"image": "plain:1", "env_file": "e.env", "environment": {"X": "dx"}}}}
    seen = container("web", "app", version=version, env={"X": "dx", **running})
    stack = baseline("web", git, extra={"e.env": "A=$X\nB=b\n"})
    document = audit(capture([seen], images=[image("plain:1", Cmd=["run"])]), [stack])
    (service,) = document.services
    assert [path for path, *_ in found(service)] == told
    if version < "2.35" and not running["A"]:
        assert service.uncompared == {
            "environment.A": "the Compose that created it looked elsewhere for the variables in its env file"
        }
