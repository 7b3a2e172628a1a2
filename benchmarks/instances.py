"""Readers of published instances: capacitated facility location, fixed-charge and modular network design.

Formats and traps are described in the README.md of the folder that holds them. References: J. E. Beasley, "OR-Library",
J. Oper. Res. Soc. 41(11), 1990; K. Holmberg, M. Ronnqvist, D. Yuan, "An exact algorithm for the capacitated facility
location problems with single sourcing", Eur. J. Oper. Res. 113, 1999; T. G. Crainic, A. Frangioni, B. Gendron,
"Bundle-based relaxation methods for multicommodity capacitated fixed charge network design", Discrete Appl. Math. 112,
2001; S. Orlowski, M. Pioro, A. Tomaszewski, R. Wessaely, "SNDlib 1.0", Networks 55(3), 2010.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from topodesign.domain.errors import InvalidInput

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FacilityInstance:
    """``cost[i, j]`` is what it costs to serve all of customer j's demand from facility i; a customer may be split."""

    name: str
    capacity: Floats
    fixed_cost: Floats
    demand: Floats
    cost: Floats


@dataclass(frozen=True, kw_only=True)
class FixedChargeInstance:
    """Arcs (tail, head) with unit cost, capacity and fixed cost; commodities (origin, destination, quantity)."""

    name: str
    nodes: int
    arcs: tuple[tuple[int, int], ...]
    unit_cost: Floats
    capacity: Floats
    fixed_cost: Floats
    commodities: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, kw_only=True)
class ModularInstance:
    """Undirected links with integer numbers of modules (capacity, cost); undirected demands between pairs of nodes.

    ``installed[l]`` is capacity that is there already, at a ``constant_cost`` that every design pays.
    """

    name: str
    nodes: int
    links: tuple[tuple[int, int], ...]
    modules: tuple[tuple[tuple[float, float], ...], ...]
    installed: Floats
    constant_cost: float
    demands: Mapping[tuple[int, int], float]


def read_orlib(path: Path) -> FacilityInstance:
    """A file of OR-Library's cap series: m, n; capacity and fixed cost of each facility; demand and m costs of each."""
    numbers = [float(word) for word in path.read_text(encoding="utf-8").split()]
    m, n = int(numbers[0]), int(numbers[1])
    _require(path, len(numbers) >= 2 + 2 * m + n * (1 + m), "fewer numbers than its head announces")
    facilities = np.array(numbers[2 : 2 + 2 * m]).reshape(m, 2)
    customers = np.array(numbers[2 + 2 * m : 2 + 2 * m + n * (1 + m)]).reshape(n, 1 + m)
    return FacilityInstance(
        name=path.stem,
        capacity=facilities[:, 0],
        fixed_cost=facilities[:, 1],
        demand=customers[:, 0],
        cost=customers[:, 1:].T,
    )


def read_holmberg(path: Path) -> FacilityInstance:
    """A file of the Holmberg series: m, n; m capacities; m fixed costs; n demands; n rows of m costs."""
    numbers = [float(word) for word in path.read_text(encoding="utf-8").split()]
    m, n = int(numbers[0]), int(numbers[1])
    _require(path, len(numbers) >= 2 + 2 * m + n + n * m, "fewer numbers than its head announces")
    at = 2 + 2 * m + n
    return FacilityInstance(
        name=path.stem,
        capacity=np.array(numbers[2 : 2 + m]),
        fixed_cost=np.array(numbers[2 + m : 2 + 2 * m]),
        demand=np.array(numbers[2 + 2 * m : at]),
        cost=np.array(numbers[at : at + n * m]).reshape(n, m).T,
    )


def read_canad(path: Path) -> FixedChargeInstance:
    """A ``.dow`` file: a title; nodes, arcs, commodities; arcs; commodities. Nodes are renumbered from 0."""
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()[1:] if line.strip()]
    nodes, arc_count, commodity_count = (int(word) for word in lines[0])
    _require(path, len(lines) >= 1 + arc_count + commodity_count, "fewer lines than its head announces")
    arcs = [[float(word) for word in line[:5]] for line in lines[1 : 1 + arc_count]]
    commodities = lines[1 + arc_count : 1 + arc_count + commodity_count]
    return FixedChargeInstance(
        name=path.stem,
        nodes=nodes,
        arcs=tuple((int(arc[0]) - 1, int(arc[1]) - 1) for arc in arcs),
        unit_cost=np.array([arc[2] for arc in arcs]),
        capacity=np.array([arc[3] for arc in arcs]),
        fixed_cost=np.array([arc[4] for arc in arcs]),
        commodities=tuple((int(o) - 1, int(d) - 1, float(q)) for o, d, q in commodities),
    )


_NODE = re.compile(r"^\s*(\S+)\s*\(")
_LINK = re.compile(r"^\s*\S+\s*\(\s*(\S+)\s+(\S+)\s*\)\s+(\S+)\s+(\S+)\s+\S+\s+\S+\s*\(([^)]*)\)")
_DEMAND = re.compile(r"^\s*\S+\s*\(\s*(\S+)\s+(\S+)\s*\)\s+(\S+)\s+(\S+)")


def read_sndlib(path: Path) -> ModularInstance:
    """A network in SNDlib's native format, as a model U-U-M-N: undirected, modules, no fixed charge or routing cost."""
    sections = _sections(path.read_text(encoding="utf-8"))
    names = [found[1] for line in sections["NODES"] if (found := _NODE.match(line))]
    index = {name: position for position, name in enumerate(names)}
    links, modules, installed, constant = [], [], [], 0.0
    for line in sections["LINKS"]:
        found = _LINK.match(line)
        if found is None:
            continue
        figures = [float(word) for word in found[5].split()]
        links.append((index[found[1]], index[found[2]]))
        modules.append(tuple(zip(figures[::2], figures[1::2], strict=True)))
        installed.append(float(found[3]))
        constant += float(found[4])
    demands: dict[tuple[int, int], float] = {}
    for line in sections["DEMANDS"]:
        found = _DEMAND.match(line)
        if found is None:
            continue
        a, z = sorted((index[found[1]], index[found[2]]))
        demands[a, z] = demands.get((a, z), 0.0) + float(found[3]) * float(found[4])
    _require(path, bool(links) and bool(demands), "no links or no demands")
    return ModularInstance(
        name=path.stem,
        nodes=len(names),
        links=tuple(links),
        modules=tuple(modules),
        installed=np.array(installed),
        constant_cost=constant,
        demands=demands,
    )


def read_best_known(path: Path) -> dict[str, float]:
    """Best known objective values by instance; rows without one are left out."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["instance"]: float(row["best_primal"]) for row in csv.DictReader(file) if row["best_primal"]}


def _sections(text: str) -> dict[str, Sequence[str]]:
    """Lines of each top-level section ``NAME ( ... )``, comments left out."""
    found: dict[str, list[str]] = {}
    inside: list[str] | None = None
    for line in text.splitlines():
        bare = line.strip()
        if inside is None and re.fullmatch(r"[A-Z_]+\s*\(", bare):
            inside = found.setdefault(bare.rstrip("( "), [])
        elif bare == ")":
            inside = None
        elif inside is not None and bare and not bare.startswith("#"):
            inside.append(line)
    return dict(found)


def _require(path: Path, is_sound: bool, fault: str) -> None:
    if not is_sound:
        raise InvalidInput(f"{path.name} has {fault}; get a complete copy", reason="INSTANCE_INVALID")
