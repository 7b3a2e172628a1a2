"""Baseline (c): the textbook programme, all at once: every binary, every failure state, the demand as flows.

Columns and limits are the planner's own (docs/formulation.md, (4) to (13)), all linking rows x_l <= most_l o_i included
from the start. The lightpath candidates are those that the planner begins with. The planner then prices all other
routes between its sites and adds those of worth, so its cost may lie below this programme's bound, which is relative to
its own list; ``with_detours`` makes that longer. In place of separated rows, (14) is a multicommodity flow for each
failure state k. Let r_s choose one used site as the root, c_ij(k) be the surviving capacity between i and j over B_k:

    sum_s r_s = 1,  r_s <= o_s
    y_ij(k) + y_ji(k)  <=  c_ij(k)                       each pair {i, j}: its capacity is shared by the directions
    f_ij(k, t)         <=  y_ij(k)                       each site t and arc (i, j)
    0 <= out_v - in_v  <=  r_v                           each site v other than t
    in_t - out_t       >=  o_t - r_t

This is exact, not a relaxation. By max-flow min-cut the flows exist if and only if y(k) enters every set of sites that
holds a used site and not the root with at least 1, that is, if y(k) dominates a convex combination of arborescences
that span the used sites (Edmonds, "Edge-disjoint branchings", 1973). Read without directions these are spanning trees,
so B_k can be packed into the capacity; and a packing of trees, directed away from the root, is such a y(k). By Tutte
and Nash-Williams that is strength >= B_k. With c_ij in place of y_ij in the second row (``cuts_only``), each
direction may use all of the capacity: then only the partitions into two blocks are kept, a valid relaxation that passes
too weak networks, such as a ring.

What is given to it for free: flows leave out arcs between sites that conflict, the root is fixed where a site is
required, and, unless ``with_all_states``, failure states whose dead lightpaths lie inside another's are dropped.
"""

import dataclasses
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from benchmarks.engine import compiled, plan_of
from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan, SolveLimits, StoppedBy
from topodesign.domain.scenario import Scenario
from topodesign.planning.instance import Instance, conflict_pairs
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.master import MILLION, Master, build_master, linking_row
from topodesign.planning.programme import Programme

Bools = npt.NDArray[np.bool_]
Pair = tuple[int, int]
Paths = tuple[int, ...]

NOT_BUILT = "not built"
"""How a note begins where the programme has too many columns to try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A failure state: which lightpaths are down, and B_k / B."""

    dead: Bools
    fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Logical:
    """The graph that flows run on: for each pair of sites its lightpath candidates, and who may be used with whom."""

    pairs: Mapping[Pair, Paths]
    friends: tuple[frozenset[int], ...]

    @classmethod
    def of(cls, instance: Instance) -> "Logical":
        conflicts = conflict_pairs(instance)
        sites = range(len(instance.sites))
        members: dict[Pair, list[int]] = {}
        for path, (a, z) in enumerate(instance.ends):
            pair = (min(int(a), int(z)), max(int(a), int(z)))
            if pair not in conflicts:
                members.setdefault(pair, []).append(path)
        return cls(
            pairs={pair: tuple(paths) for pair, paths in sorted(members.items())},
            friends=tuple(frozenset(s for s in sites if (min(s, t), max(s, t)) not in conflicts) for t in sites),
        )

    def arcs(self, t: int) -> Iterator[Pair]:
        """Arcs that a flow to t can use: not out of t, and between sites that may be used together with t."""
        for i, j in self.pairs:
            if i in self.friends[t] and j in self.friends[t]:
                if i != t:
                    yield (i, j)
                if j != t:
                    yield (j, i)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The plan (``None``: none found, or not built), the size of the programme, and what happened in words."""

    plan: Plan | None
    bound_usd: float
    columns: int
    states: int
    wall_s: float
    note: str


def solve_monolith(
    scenario: Scenario,
    *,
    limits: SolveLimits,
    most_columns: int,
    with_all_states: bool = True,
    with_detours: bool = False,
    cuts_only: bool = False,
) -> Outcome:
    """Build and solve the programme; the plan is not verified yet. The time limit counts the building.

    Raises
    ------
    InvalidInput
        For demands other than the all-reduce, and for the loss of sites or zones: not part of this baseline.
    """
    started = time.monotonic()
    instance = compiled(scenario, with_detours=with_detours)
    states = failure_states(instance, with_all=with_all_states)
    logical = Logical.of(instance)
    columns = count_columns(instance, logical, len(states))
    if columns > most_columns:
        note = f"{NOT_BUILT}: {columns:,} columns for {len(states):,} failure states, more than {most_columns:,}"
        return Outcome(
            plan=None, bound_usd=0.0, columns=columns, states=len(states), wall_s=time.monotonic() - started, note=note
        )
    master = build_master(instance, integer_lightpaths=True)
    add_linking_rows(master)
    root = add_root(master)
    for state in states:
        add_flows(master, root, state, logical, cuts_only=cuts_only)
    built_s = time.monotonic() - started
    solved = IntegerProgramme(master.programme).solve(
        time_limit_s=limits.time_limit_s - built_s, gap=limits.gap, seed=limits.seed
    )
    bound_usd = max(0.0, solved.bound * MILLION) if math.isfinite(solved.bound) else 0.0
    wall_s = time.monotonic() - started
    plan = None
    if solved.values is not None:
        stopped_by: StoppedBy = "gap" if solved.outcome == "optimal" else "time_limit"
        plan = _read(master, solved.values, bound_usd, stopped_by, limits, wall_s)
    note = (
        f"{len(instance.lightpaths):,} lightpath candidates, {len(states):,} states, {columns:,} columns, "
        f"{len(master.programme.rows):,} rows, built in {built_s:.1f} s"
    )
    if plan is None:
        note = f"{'infeasible' if solved.outcome == 'infeasible' else 'no plan found'}; {note}"
    return Outcome(plan=plan, bound_usd=bound_usd, columns=columns, states=len(states), wall_s=wall_s, note=note)


def failure_states(instance: Instance, *, with_all: bool) -> list[State]:
    """Nothing failed, then each conduit (or pair of conduits) that takes any lightpath candidate down.

    Unless ``with_all``, conduits whose lightpaths lie inside another's are left out.
    """
    policy = instance.scenario.policy
    if instance.scenario.workload.demand != "all-reduce" or {"site", "zone"} & set(policy.survive):
        raise InvalidInput(
            "the textbook programme is written for the all-reduce and for conduits that fail; use such a scenario"
        )
    count = len(instance.lightpaths)
    states = [State(dead=np.zeros(count, dtype=bool), fraction=1.0)]
    with_pairs = "conduit-pair" in policy.survive
    if policy.survivable_fraction <= 0 or not (with_pairs or "conduit" in policy.survive):
        return states
    by_segment = instance.route_matrix.tocsc()
    kills = []
    for segments in instance.graph.conduit_segments.values():
        touched = np.asarray(by_segment[:, list(segments)].sum(axis=1)).ravel() > 0
        if touched.any():
            kills.append(touched)
    if not with_all:
        kills = _undominated(kills)
    if with_pairs and len(kills) > 1:
        kills = [one | other for one, other in combinations(kills, 2)]
    return states + [State(dead=dead, fraction=policy.survivable_fraction) for dead in kills]


def _undominated(kills: Sequence[Bools]) -> list[Bools]:
    """Those that lie inside no other; of equal ones the first."""
    by_bytes = {dead.tobytes(): dead for dead in reversed(kills)}
    ranked = sorted(by_bytes.values(), key=lambda dead: (-int(dead.sum()), dead.tobytes()))
    kept: list[Bools] = []
    for dead in ranked:
        if not any(bool(np.all(other[dead])) for other in kept):
            kept.append(dead)
    return kept


def count_columns(instance: Instance, logical: Logical, states: int) -> int:
    """Columns of the programme: of the limits, the root, and y and f of every state."""
    flows = sum(1 for t in range(len(instance.sites)) for _ in logical.arcs(t))
    limits = 3 * len(instance.sites) + 4 * len(instance.graph.segments) + len(instance.lightpaths)
    return limits + states * (2 * len(logical.pairs) + flows)


def add_linking_rows(master: Master) -> None:
    """x_l <= most_l o_i for both ends of every candidate."""
    for path, column in enumerate(master.x):
        for end in (0, 1) if column >= 0 else ():
            coefficients, upper = linking_row(master, path, end)
            master.programme.add_row(coefficients, upper=upper, name="link")


def add_root(master: Master) -> tuple[int, ...]:
    """r_s, fixed at the first required site where there is one."""
    programme = master.programme
    required = [position for position, site in enumerate(master.instance.sites) if site.site.required]
    root = []
    for position, site in enumerate(master.instance.sites):
        is_fixed = bool(required) and position == required[0]
        may = 1.0 if not required or is_fixed else 0.0
        column = programme.add_column(f"r[{site.site.site_id}]", lower=float(is_fixed), upper=may, integer=not required)
        programme.add_row({column: 1.0, master.used[position]: -1.0}, upper=0.0, name="root_is_used")
        root.append(column)
    programme.add_row(((column, 1.0) for column in root), lower=1.0, upper=1.0, name="one_root")
    return tuple(root)


def add_flows(master: Master, root: Sequence[int], state: State, logical: Logical, *, cuts_only: bool) -> None:
    """y and f of one failure state, in multiples of B_k."""
    programme, instance = master.programme, master.instance
    required = instance.required_gbps * state.fraction
    direction: dict[Pair, int] = {}
    for (i, j), paths in logical.pairs.items():
        alive = [path for path in paths if not state.dead[path]]
        capacity = [(master.x[p], -float(master.unit[p] * instance.rate_gbps[p]) / required) for p in alive]
        y_ij = programme.add_column(f"y[{i},{j}]", upper=1.0 if alive else 0.0)
        y_ji = programme.add_column(f"y[{j},{i}]", upper=1.0 if alive else 0.0)
        direction[i, j], direction[j, i] = y_ij, y_ji
        if not alive:
            continue
        if cuts_only:
            programme.add_row([(y_ij, 1.0), *capacity], upper=0.0, name="capacity")
            programme.add_row([(y_ji, 1.0), *capacity], upper=0.0, name="capacity")
        else:
            programme.add_row([(y_ij, 1.0), (y_ji, 1.0), *capacity], upper=0.0, name="capacity")
    for t in range(len(instance.sites)):
        _add_commodity(programme, master.used, root, t, list(logical.arcs(t)), direction)


def _add_commodity(
    programme: Programme,
    used: Sequence[int],
    root: Sequence[int],
    t: int,
    arcs: Sequence[Pair],
    direction: Mapping[Pair, int],
) -> None:
    """The flow from the root to site t."""
    leaving: dict[int, list[tuple[int, float]]] = {t: []}
    for i, j in arcs:
        f = programme.add_column(f"f[{t},{i},{j}]", upper=programme.upper[direction[i, j]])
        programme.add_row({f: 1.0, direction[i, j]: -1.0}, upper=0.0, name="shared")
        leaving.setdefault(i, []).append((f, 1.0))
        leaving.setdefault(j, []).append((f, -1.0))
    for v, entries in sorted(leaving.items()):
        if v != t:
            programme.add_row(entries, lower=0.0, name="no_sink")
            programme.add_row([*entries, (root[v], -1.0)], upper=0.0, name="source_is_root")
    arriving = [(column, -sign) for column, sign in leaving[t]]
    programme.add_row([*arriving, (used[t], -1.0), (root[t], 1.0)], lower=0.0, name="arrives")


def _read(
    master: Master,
    values: npt.NDArray[np.float64],
    bound_usd: float,
    stopped_by: StoppedBy,
    limits: SolveLimits,
    wall_s: float,
) -> Plan:
    whole = np.rint(values)
    pods = {site: int(whole[column]) for site, column in enumerate(master.pods) if whole[column] > 0}
    counts = {path: int(whole[column]) for path, column in enumerate(master.x) if column >= 0 and whole[column] > 0}
    plan = plan_of(
        master.instance,
        pods=pods,
        lightpaths=counts,
        bound_usd=bound_usd,
        stopped_by=stopped_by,
        limits=limits,
        wall_s=wall_s,
    )
    return dataclasses.replace(plan, scenario=master.instance.scenario)
