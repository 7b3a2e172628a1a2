"""What is in server/deploy fits the service: checked by linters where there are some, and against the options here."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from needed_tools import missing
from topodesign_server.configuration import OPTIONS, PREFIX, read_configuration
from topodesign_server.health import LIVE, READY
from topodesign_server.readings import READER_BYTES
from topodesign_server.settings import GIB, ServerSettings

DEPLOY = Path(__file__).resolve().parents[2] / "server" / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*/*.yaml"))
KUBERNETES = "1.32"
SERVER_BYTES = GIB
"""For the server itself: its caches, messages of 64 MiB, and the process that children are forked from."""
POD_FILES = ("single/stateful-set.yaml", "shared/deployment.yaml")


def need(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        missing(module)


def loaded(path: Path) -> dict[str, Any]:
    need("yaml")
    import yaml

    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = loaded(DEPLOY / "kubernetes" / name)["spec"]["template"]["spec"]
    return spec


def cluster_settings() -> ServerSettings:
    return read_configuration(DEPLOY / "kubernetes" / "base" / "server.toml").settings


def at_most_bytes(settings: ServerSettings) -> int:
    """Memory of all that the service computes at a time, and its own."""
    # a slot makes answers about plans or evaluates large fabrics, whichever may take more
    slot_bytes = max(settings.plan_memory_bytes, settings.fabric_memory_bytes)
    small = settings.warm_children or settings.call_slots
    return (
        settings.workers * settings.plan_memory_bytes
        + settings.call_slots * slot_bytes
        + small * settings.fabric_memory_bytes
        + READER_BYTES
        + SERVER_BYTES
    )


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_manifest_follows_the_schema_of_kubernetes(path: Path) -> None:
    document = loaded(path)
    if document["kind"] == "Kustomization":  # a form of kubectl's, not of the cluster's
        for resource in document["resources"]:
            assert (path.parent / resource).exists(), resource
        for generator in document.get("configMapGenerator", []):
            assert all((path.parent / file).exists() for file in generator["files"])
        return
    need("kubernetes_validate")
    import kubernetes_validate

    kubernetes_validate.validate(document, KUBERNETES, strict=True)


@pytest.mark.parametrize("name", POD_FILES)
def test_a_pod_is_probed_and_named_as_the_service_is(name: str) -> None:
    spec, settings = pod(name), cluster_settings()
    (container,) = spec["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": settings.port, "metrics": settings.metrics_port}
    probes = {key: container[key]["grpc"] for key in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert {probe["port"] for probe in probes.values()} == {settings.port}
    assert (probes["readinessProbe"]["service"], probes["livenessProbe"]["service"]) == (READY, LIVE)
    variables = {entry["name"] for entry in container.get("env", ())}
    assert {variable.removeprefix(PREFIX).lower() for variable in variables} <= set(OPTIONS)
    policy = loaded(DEPLOY / "kubernetes" / "base" / "network-policy.yaml")
    assert {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]} == set(ports)


@pytest.mark.parametrize("name", POD_FILES)
def test_a_pod_has_no_rights_and_time_to_drain(name: str) -> None:
    spec, settings = pod(name), cluster_settings()
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in container["resources"]["limits"]
    assert spec["enableServiceLinks"] is False  # TOPODESIGN_PORT=tcp://... would be read as an option
    longest = settings.drain_delay_s + 2 * settings.drain_grace_s + settings.store_timeout_s
    assert spec["terminationGracePeriodSeconds"] > longest


@pytest.mark.parametrize("name", POD_FILES)
def test_what_a_pod_computes_at_a_time_fits_into_its_memory(name: str) -> None:
    (container,) = pod(name)["containers"]
    limit = re.fullmatch(r"(\d+)Gi", container["resources"]["limits"]["memory"])
    assert limit is not None
    assert at_most_bytes(cluster_settings()) <= int(limit[1]) * GIB


def test_what_the_unit_computes_at_a_time_fits_into_its_memory() -> None:
    text = (DEPLOY / "topodesign.service").read_text(encoding="utf-8")
    (source,) = re.findall(r"put (\S+) as server.toml into /etc/topodesign", text)
    assert "--config /etc/topodesign/server.toml" in text
    (line,) = re.findall(r"^Environment=(.*)$", text, re.MULTILINE)
    environment = dict(word.split("=", 1) for word in shlex.split(line))
    found = read_configuration(DEPLOY / source, environment=environment)
    (limit,) = re.findall(r"^MemoryMax=(\d+)G$", text, re.MULTILINE)  # systemd's suffixes are powers of 1024
    assert at_most_bytes(found.settings) <= int(limit) * GIB
    assert "MemorySwapMax=0" in text


def test_the_unit_is_one_for_systemd(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze")
    unit = tmp_path / "topodesign.service"
    text = (DEPLOY / "topodesign.service").read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/topodesign/bin/topodesign", sys.executable), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_gives_only_options_that_there_are_and_time_to_drain() -> None:
    text = (DEPLOY / "topodesign.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^Environment=(.*)$", text, re.MULTILINE)
    environment = dict(word.split("=", 1) for word in shlex.split(line))
    assert read_configuration(environment=environment).ignored == []
    defaults = ServerSettings()
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)s$", text, re.MULTILINE)
    assert int(stop) > defaults.drain_delay_s + 2 * defaults.drain_grace_s + defaults.store_timeout_s
    assert "KillMode=mixed" in text  # SIGTERM for the server alone


def test_the_image_gives_only_options_that_there_are_and_is_built_from_files_that_there_are() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    variables = dict(re.findall(rf"({PREFIX}\w+)=(\S+)", text))
    assert len(variables) == 2
    assert read_configuration(environment=variables).ignored == []
    root = DEPLOY.parents[1]
    allowed = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (root / source).exists(), source
            assert source in allowed, source
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert "telemetry" in project["optional-dependencies"]
    assert re.search(r"^ENTRYPOINT \[", text, re.MULTILINE)  # a shell in between would keep SIGTERM to itself
