"""What is in server/deploy for sweeps on a cluster fits the commands that it runs."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from distributed.cli import dask_scheduler, dask_worker
from typer.main import get_command

from topodesign.cli.app import build_app

DEPLOY = Path(__file__).resolve().parents[2] / "server" / "deploy"
PODS = ("scheduler", "workers", "sweep")
SCRIPT = DEPLOY / "slurm" / "sweep.sbatch"
WORKER_GIB = 1.0
"""Of a worker itself, beside the process that solves."""


def pod(name: str) -> dict[str, Any]:
    text = (DEPLOY / "kubernetes" / "sweeps" / f"{name}.yaml").read_text(encoding="utf-8")
    spec: dict[str, Any] = yaml.safe_load(text)["spec"]["template"]["spec"]
    return spec


def words(name: str) -> list[str]:
    (container,) = pod(name)["containers"]
    return [*container["command"], *container["args"]]


def value(words: Sequence[str], option: str) -> str:
    (found,) = [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    return found


def options_of(command: str) -> set[str]:
    known: Any = {
        "dask scheduler": dask_scheduler.main,
        "dask worker": dask_worker.main,
        "topodesign sweep": get_command(build_app("sweep")).commands["sweep"],  # type: ignore[attr-defined]
    }[command]
    return {name for parameter in known.params for name in (*parameter.opts, *parameter.secondary_opts)}


def commands_of_script() -> Iterator[str]:
    text = SCRIPT.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        found = re.search(r"(dask (?:scheduler|worker)|topodesign sweep) .*", line)
        if found and not line.startswith("#"):
            yield found[0]


def test_every_option_is_one_of_the_command_that_is_given_it() -> None:
    given = {f"{found[0]} {found[1]}": found[2:] for found in map(words, PODS)}
    assert sorted(given) == ["dask scheduler", "dask worker", "topodesign sweep"]
    for command, arguments in given.items():
        assert {word.partition("=")[0] for word in arguments if word.startswith("-")} <= options_of(command)
    lines = list(commands_of_script())
    assert len(lines) == 3
    for line in lines:
        assert set(re.findall(r"(?<=\s)--[a-z-]+", line)) <= options_of(" ".join(line.split()[:2]))


def test_everybody_speaks_tls_with_the_same_image_and_no_rights() -> None:
    assert len({pod(name)["containers"][0]["image"] for name in PODS}) == 1  # versions are compared
    for name in PODS:
        spec = pod(name)
        assert spec["securityContext"]["runAsNonRoot"] and spec["automountServiceAccountToken"] is False
        security = spec["containers"][0]["securityContext"]
        assert security["readOnlyRootFilesystem"] and security["capabilities"] == {"drop": ["ALL"]}
    assert value(words("scheduler"), "--protocol") == "tls"
    assert words("workers")[2] == value(words("sweep"), "--scheduler") == "tls://topodesign-scheduler:8786"


def test_what_a_point_may_take_fits_into_its_worker() -> None:
    limit = pod("workers")["containers"][0]["resources"]["limits"]["memory"]
    assert float(value(words("sweep"), "--memory-gib")) + WORKER_GIB <= float(limit.removesuffix("Gi"))
    text = SCRIPT.read_text(encoding="utf-8")
    (per_task,) = re.findall(r"^#SBATCH --mem-per-cpu=(\d+)G$", text, re.MULTILINE)
    (point,) = re.findall(r"--memory-gib (\d+)", text)
    assert "#SBATCH --cpus-per-task=1\n" in text
    assert float(point) + WORKER_GIB <= float(per_task)


def test_the_script_is_one_for_the_shell() -> None:
    done = subprocess.run(["bash", "-n", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_has_the_cluster() -> None:
    assert ",cluster]'" in (DEPLOY / "Containerfile").read_text(encoding="utf-8")
