"""The files of `deploy/`: their own tools accept them, and what they promise about rights and limits holds."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from homelab_assets.lab.settings import load_lab
from homelab_assets.repository.rules import metas
from homelab_assets_tests.deployment.servers import ROOT, SCRIPTS, needs
from homelab_assets_tests.deployment.units import UNITS
from homelab_assets_tests.lab.tools import tools_directory

DEPLOY = ROOT / "deploy"
SETTINGS = ("dagster.yaml", "deploy/dagster-postgres.yaml", "deploy/kubernetes/dagster.yaml")
SERVICES = yaml.safe_load((DEPLOY / "compose" / "docker-compose.yml").read_text())["services"]


@pytest.mark.parametrize("name", SETTINGS)
def test_dagster_accepts_its_settings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster._core.instance.config import dagster_instance_config

    for variable in ("HOST", "USER", "PASSWORD", "DB"):
        monkeypatch.setenv(f"DAGSTER_PG_{variable}", "x")
    monkeypatch.setenv("DAGSTER_LOGS", str(tmp_path))
    shutil.copy(ROOT / name, tmp_path / "dagster.yaml")
    settings, _ = dagster_instance_config(str(tmp_path))
    assert settings["telemetry"] == {"enabled": False}
    assert settings["retention"]["sensor"]["purge_after_days"]["skipped"] == 3
    assert settings["run_monitoring"]["max_runtime_seconds"] == 3600
    limits = {one["value"]: one["limit"] for one in settings["concurrency"]["runs"]["tag_concurrency_limits"]}
    assert limits["remediation"] == 1


def test_the_kubernetes_launcher_accepts_its_settings() -> None:
    needs(modules=("dagster_k8s",))
    from dagster._config import resolve_to_config_type, validate_config
    from dagster_k8s import K8sRunLauncher

    launcher = yaml.safe_load((DEPLOY / "kubernetes" / "dagster.yaml").read_text())["run_launcher"]
    result = validate_config(resolve_to_config_type(K8sRunLauncher.config_type()), launcher["config"])
    assert result.success, result.errors


def manifests() -> list[dict[str, Any]]:
    kustomization = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
    files = [DEPLOY / "kubernetes" / name for name in kustomization["resources"]]
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


@pytest.mark.parametrize("version", ["1.28", "1.31", "1.34"])
def test_kubernetes_manifests_match_the_published_schemas(version: str) -> None:
    needs(modules=("kubernetes_validate",))
    import kubernetes_validate

    found = manifests()
    assert {"Deployment", "Service", "Role", "NetworkPolicy", "PersistentVolumeClaim"} <= {one["kind"] for one in found}
    for document in found:
        kubernetes_validate.validate(document, version, strict=True)


def test_pods_have_no_rights_that_they_do_not_need() -> None:
    deployments = [one for one in manifests() if one["kind"] == "Deployment"]
    assert [one["metadata"]["name"] for one in deployments] == ["code", "daemon", "webserver"]
    for deployment in deployments:
        pod = deployment["spec"]["template"]["spec"]
        assert deployment["spec"]["replicas"] == 1
        assert pod["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container.get("readinessProbe") or container.get("livenessProbe")
        declared = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == declared


def test_the_lab_of_the_cluster_loads() -> None:
    lab = load_lab(str(DEPLOY / "kubernetes" / "lab.yaml"), {"HOMELAB_STATE": "/var/lib/homelab_assets/state"})
    assert lab.reports == Path("/var/lib/homelab_assets/reports")


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    needs(programs=("systemd-analyze",))
    for file in UNITS.glob("*.service"):
        text = file.read_text().replace("/opt/homelab_assets/.venv/bin", str(SCRIPTS))
        # An account that every machine has.
        (tmp_path / file.name).write_text(text.replace("User=homelab", "User=daemon"))
    units = sorted(str(path) for path in tmp_path.glob("*.service"))
    assert len(units) == 3
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units],
        env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "homelab-" in line] == []
    assert done.returncode == 0, done.stderr


def test_the_units_may_write_where_lab_yaml_is() -> None:
    # Reports and documents are written beside it, and ProtectSystem makes /etc read-only.
    for file in UNITS.glob("*.service"):
        text = file.read_text()
        assert "ProtectSystem=full" in text
        assert "HOMELAB_LAB=/etc" not in text
    assert "HOMELAB_LAB=/var/lib/homelab_assets/lab.yaml" in (UNITS / "homelab-code.service").read_text()


def test_compose_accepts_the_file(tmp_path: Path) -> None:
    plugins = sorted(tools_directory().glob("compose/2*/docker-compose"))
    # Before 2.24 there is no `env_file` that may be missing; docs/deployment.md says so.
    plugins = [plugin for plugin in plugins if plugin.parent.name >= "2.24"]
    if not plugins:
        needs(programs=("docker-compose of .ci/provision",))
    named = ["--env-file", DEPLOY / "compose" / ".env.sample", "-f", DEPLOY / "compose" / "docker-compose.yml"]
    for plugin in plugins:
        done = subprocess.run(
            [plugin, *named, "config", "--format", "json"],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert set(yaml.safe_load(done.stdout)["services"]) == set(SERVICES)


def test_containers_run_unprivileged_and_say_whether_they_are_well() -> None:
    assert all("healthcheck" in service for service in SERVICES.values())
    for name in ("code", "daemon", "webserver"):
        service = SERVICES[name]
        assert service["user"] == "1000:1000"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert not any("docker.sock" in str(volume) for volume in service["volumes"])
    assert SERVICES["docker-proxy"]["environment"]["POST"] == 0
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:3000:3000"]


def test_tokens_reach_the_code_location_alone() -> None:
    assert [name for name, service in SERVICES.items() if "env_file" in service] == ["code"]
    for file in UNITS.glob("*.service"):
        text = file.read_text()
        assert "NoNewPrivileges=yes" in text
        assert "User=homelab" in text


def test_every_settings_file_names_the_same_code_location() -> None:
    places = [UNITS / "workspace.yaml", DEPLOY / "compose" / "workspace.yaml", DEPLOY / "kubernetes" / "workspace.yaml"]
    found = [yaml.safe_load(place.read_text())["load_from"][0]["grpc_server"] for place in places]
    assert {one["location_name"] for one in found} == {"homelab_assets"}
    assert {one["port"] for one in found} == {4266}


def test_the_pre_commit_hook_runs_for_whatever_file_breaks_a_rule() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    missed = {
        (meta.id, file)
        for meta in metas()
        for file in meta.bad.files
        if not hook.get("always_run") and not re.search(hook["files"], file)
    }
    assert missed == set()


@pytest.mark.parametrize("name", ["secrets.env", "ssh/id_ed25519"])
def test_tokens_and_keys_go_neither_into_the_image_nor_into_git(name: str) -> None:
    file = f"deploy/compose/{name}"
    # A folder that is left out is left out with all that lies in it.
    left_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {str(folder) for folder in Path(file).parents} & set(left_out)
    asked = subprocess.run(["git", "-C", str(ROOT), "check-ignore", "-q", file], check=False)
    assert asked.returncode in (0, 128), "128: no git checkout"


def test_the_containers_account_may_write_into_its_volumes() -> None:
    # A new volume belongs to whom the image's folder at its place belongs, and to root where there is none.
    volumes = {volume for name in ("code", "daemon", "webserver") for volume in SERVICES[name]["volumes"]}
    places = {volume.split(":")[1] for volume in volumes if volume.split(":")[0] == "state"}
    dockerfile = (DEPLOY / "compose" / "Dockerfile").read_text()
    assert places == {"/var/lib/homelab_assets"}
    assert all(f"install -d -o homelab -g homelab {place}\n" in dockerfile.partition("USER")[0] for place in places)
