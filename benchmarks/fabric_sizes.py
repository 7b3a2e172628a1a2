"""Complete evaluations of large fabrics of every family, each in a process of its own on one core.

    taskset -c 0 python -m benchmarks.fabric_sizes [--only torus,clos]

Sizes with a limit are those that the project is held to; the others are near the largest that their family takes.
Processor seconds count the evaluation alone, memory is the largest resident set of the whole process.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from benchmarks.tables import RESULTS, ROOT, environment, markdown_table, write_json
from topodesign.catalog import load_catalog
from topodesign.domain.fabric import Clos, FabricSpec, Torus
from topodesign.domain.fabric_kinds import HammingMesh, Hypercube, HyperX, ReconfigurableTorus
from topodesign.domain.fabric_switched import (
    DirectBlocks,
    Dragonfly,
    DragonflyPlus,
    Edge,
    EdgeList,
    Jellyfish,
    ScaleUpClos,
    SlimFly,
)
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.jellyfish import random_regular_links


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fabric; ``limit_s`` is what the project is held to, ``None`` for nothing."""

    name: str
    spec: FabricSpec
    limit_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One evaluation: processor seconds, largest resident set in MB, and how far the bisection is known."""

    name: str
    accelerators: int
    cpu_s: float
    limit_s: float | None
    memory_mb: float
    bisection_share: float


def _random_edges(switches: int, ports: int) -> EdgeList:
    links = random_regular_links(switches, ports, seed=0)
    edges = [Edge(a=f"gpu-{switch}", z=f"switch-{switch}") for switch in range(switches)]
    edges += [Edge(a=f"switch-{a}", z=f"switch-{z}") for a, z in links]
    return EdgeList(accelerators=tuple(f"gpu-{switch}" for switch in range(switches)), edges=tuple(edges))


def _names(accelerators: int) -> tuple[str, ...]:
    return tuple(f"gpu-{number}" for number in range(accelerators))


def _ring_of_switches(accelerators: int, switches: int) -> EdgeList:
    """Accelerators on switches in turn, each of which is joined to those 1, 7, 31 and 100 further on."""
    edges = [Edge(a=name, z=f"switch-{place % switches}") for place, name in enumerate(_names(accelerators))]
    steps = [(switch, (switch + step) % switches) for switch in range(switches) for step in (1, 7, 31, 100)]
    edges += [Edge(a=f"switch-{a}", z=f"switch-{z}") for a, z in steps]
    return EdgeList(accelerators=_names(accelerators), edges=tuple(edges))


def cases() -> tuple[Case, ...]:
    """All fabrics, those with limits first."""
    return (
        Case(name="torus 16x16x16", spec=Torus(shape=(16, 16, 16)), limit_s=3),
        Case(name="fat tree of radix 32", spec=Clos(accelerators=8192, radix=32), limit_s=3),
        Case(name="torus of 9,216", spec=Torus(shape=(16, 24, 24)), limit_s=5),
        Case(name="clos of 100,000", spec=Clos(accelerators=100_000, radix=128), limit_s=5),
        Case(name="torus of 1,000,000", spec=Torus(shape=(100, 100, 100)), limit_s=10),
        Case(name="clos of 1,000,000", spec=Clos(accelerators=1_000_000, radix=256), limit_s=10),
        Case(name="torus of 10,000,000 on one ring", spec=Torus(shape=(10_000_000,))),
        Case(name="twisted torus", spec=Torus(shape=(64, 128, 128), twist=True)),
        Case(name="reconfigurable torus", spec=ReconfigurableTorus(shape=(16, 16, 16))),
        Case(name="hypercube", spec=Hypercube(dimension=20)),
        Case(name="hyperx", spec=HyperX(shape=(100, 100, 100))),
        Case(name="hammingmesh", spec=HammingMesh(board=(4, 4), shape=(512, 512))),
        Case(name="mesh of 10,000,000 on one line", spec=Torus(shape=(10_000_000,), wrap=(False,))),
        Case(name="mesh of 3,162x3,162", spec=Torus(shape=(3_162, 3_162), wrap=(False, False))),
        Case(name="clos of 10,000,000", spec=Clos(accelerators=10_000_000, radix=1024)),
        Case(name="scale-up-clos", spec=ScaleUpClos(accelerators=7_200_000, radix=512)),
        Case(name="dragonfly", spec=Dragonfly(p=1, a=60, h=30)),
        Case(name="dragonfly of most accelerators", spec=Dragonfly(p=16, a=32, h=16)),
        Case(name="dragonfly-plus", spec=DragonflyPlus(p=4, leaves=32, spines=32, h=32)),
        Case(name="direct-blocks", spec=DirectBlocks(blocks=128, p=32, leaves=32, aggregations=32, h=32)),
        Case(name="slimfly of most links", spec=SlimFly(q=139, p=1)),
        Case(name="slimfly of most accelerators", spec=SlimFly(q=109, p=10)),
        Case(name="jellyfish of 20,000 switches", spec=Jellyfish(switches=20_000, network_ports=16, server_ports=1)),
        Case(name="jellyfish of most work", spec=Jellyfish(switches=35_000, network_ports=19, server_ports=5)),
        Case(name="jellyfish of most links", spec=Jellyfish(switches=4_097, network_ports=480, server_ports=60)),
        Case(
            name="jellyfish just below most links", spec=Jellyfish(switches=4_097, network_ports=487, server_ports=60)
        ),
        Case(name="jellyfish of 78 ports", spec=Jellyfish(switches=25_000, network_ports=78, server_ports=1)),
        Case(name="edge list", spec=_random_edges(10_000, 20)),
        Case(name="edge list of 299,000 accelerators", spec=_ring_of_switches(299_000, 900)),
        Case(name="edge list of 299,000 accelerators apart", spec=EdgeList(accelerators=_names(299_000), edges=())),
    )


def measure(case: Case) -> Measured:
    """Evaluate in this process."""
    load_catalog()
    start = time.process_time()
    found = evaluate_fabric(case.spec)
    cpu_s = time.process_time() - start
    bisection = found.bisection
    return Measured(
        name=case.name,
        accelerators=found.accelerators,
        cpu_s=cpu_s,
        limit_s=case.limit_s,
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        bisection_share=bisection.lower_gbps / bisection.upper_gbps,
    )


def _apart(name: str) -> Measured:
    """Evaluate in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.fabric_sizes", "--one", name]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return Measured(**json.loads(ended.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="begin of the names to measure, separated by commas; default: all")
    parser.add_argument("--one", default="", help="measure this one in this process and print it as JSON")
    options = parser.parse_args()
    by_name = {case.name: case for case in cases()}
    if options.one:
        sys.stdout.write(json.dumps(asdict(measure(by_name[options.one]))))
        return
    wanted = tuple(options.only.split(","))
    found = [_apart(name) for name in by_name if name.startswith(wanted)]
    rows = [
        [
            one.name,
            f"{one.accelerators:,}",
            f"{one.cpu_s:.2f}",
            "-" if one.limit_s is None else f"{one.limit_s:g}",
            f"{one.memory_mb:,.0f}",
            "exact" if one.bisection_share == 1 else f"{one.bisection_share:.3f}",
        ]
        for one in found
    ]
    header = ["fabric", "accelerators", "seconds", "limit", "MB", "bisection, lower over upper"]
    sys.stdout.write(markdown_table(header, rows))
    write_json(
        RESULTS / "fabric_sizes.json", {"environment": environment(), "evaluations": [asdict(one) for one in found]}
    )


if __name__ == "__main__":
    main()
