"""Whether a changed scenario has a plan at all: cheap reasons first, then a search that ends at the first plan.

1. Siting: the programme of the sites alone, without any lightpath. Power, size, counts, shares, and the pairs of sites
   that the round trip or a bridge of the fiber graph parts. If that has no solution, nothing has.
2. One site: a plan without light, where the counts allow it.
3. A search among the sites of a siting only, which is small; a plan of it is a plan of the scenario.
4. A search among all sites, which may also prove that there is none.
"""

import dataclasses
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import SolveLimits
from topodesign.domain.scenario import Scenario
from topodesign.optics.fiber_graph import FiberGraph
from topodesign.optics.lightpaths import LightpathFinder, round_trips
from topodesign.optics.reach import ReachModel
from topodesign.planning.design import Design
from topodesign.planning.halting import Halt
from topodesign.planning.instance import Floats, Instance, candidate_sites, compile_instance
from topodesign.planning.integer_solve import IntegerProgramme
from topodesign.planning.master import Master, build_master
from topodesign.planning.prices import PowerPrices, line_system_of, segment_price
from topodesign.planning.search import Search
from topodesign.training.demand import sync_demand

Outcome = Literal["plan", "none", "unknown"]

SITING_S = 5.0
SITING_GAP = 0.5
"""A siting need not be cheap."""
NARROW_S = 4.0
FULL_S = 15.0
"""Most seconds for one programme of sites, one search among few sites, one among all."""
FIRST_PLAN = SolveLimits(gap=0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A plan (with the instance that it is a design of), a proof that there is none, or neither."""

    outcome: Outcome
    instance: Instance | None = None
    design: Design | None = None


NOTHING = Probed(outcome="none")
UNDECIDED = Probed(outcome="unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Siting:
    """A choice of sites without any light: pods by site id. ``pods`` ``None``: the time was too short for one."""

    pods: Mapping[str, int] | None


class Prober:
    """Asks for plans of changed scenarios, with one catalogue and one limit of time."""

    def __init__(self, catalog: Catalog, halt: Halt) -> None:
        self.catalog = catalog
        self.halt = halt

    def probe(self, scenario: Scenario) -> Probed:
        """Whether the scenario has a plan."""
        siting = self.siting(scenario)
        if siting is None:
            return NOTHING
        alone = self._one_site(scenario)
        if alone is not None:
            return alone
        tried: set[frozenset[str]] = set()
        for pods in self._choices(scenario, siting):
            sites = frozenset(pods)
            if sites not in tried:
                tried.add(sites)
                found = self.among(scenario, sites)
                if found.outcome == "plan":
                    return found
        return self.search(scenario, seconds=FULL_S)

    def _choices(self, scenario: Scenario, siting: Siting) -> Iterator[Mapping[str, int]]:
        """Sites that are worth a search: the cheap ones, then those near the largest of them."""
        if siting.pods is None or self.halt.is_over():
            return
        yield siting.pods
        largest = max(siting.pods.items(), key=lambda item: (item[1], item[0]))[0]
        near = self.siting(scenario, near=largest)
        if near is not None and near.pods is not None:
            yield near.pods

    def siting(self, scenario: Scenario, *, near: str | None = None) -> Siting | None:
        """Sites and pods that keep every limit but those of the light; ``None``: there are none. A cheap choice, or
        sites with short round trips to the site ``near``."""
        instance = without_light(scenario, self.catalog)
        if instance.missing_sites or not instance.sites:
            return None
        master = build_master(instance)
        if near is not None:
            _prefer_near(master, near)
        return self._solved(master)

    def among(self, scenario: Scenario, sites: Collection[str]) -> Probed:
        """A search among these sites only; it proves nothing about others."""
        found = self.search(only(scenario, sites), seconds=NARROW_S)
        return found if found.outcome == "plan" else UNDECIDED

    def search(self, scenario: Scenario, *, seconds: float) -> Probed:
        """A search for any plan."""
        if self.halt.is_over():
            return UNDECIDED
        started = time.monotonic()
        instance = compile_instance(scenario, self.catalog)
        if not instance.sites:
            return NOTHING
        halt = Halt(deadline=min(self.halt.deadline, started + seconds), should_stop=self.halt.should_stop)
        search = Search(instance=instance, limits=FIRST_PLAN, started=started, halt=halt, is_enough=lambda _: True)
        found = search.run()
        if found.design is not None:
            return Probed(outcome="plan", instance=found.instance, design=found.design)
        return NOTHING if found.stopped_by == "proof" else UNDECIDED

    def _one_site(self, scenario: Scenario) -> Probed | None:
        """A plan of a single site, which needs no light."""
        if scenario.policy.min_sites > 1 or scenario.workload.demand != "all-reduce":
            return None
        instance = without_light(scenario, self.catalog)
        master = build_master(instance)
        master.programme.add_row(((column, 1.0) for column in master.used), upper=1.0)
        siting = self._solved(master)
        if siting is None or siting.pods is None:
            return None
        position = {site.site.site_id: index for index, site in enumerate(instance.sites)}
        pods = {position[name]: count for name, count in siting.pods.items()}
        return Probed(outcome="plan", instance=instance, design=Design.of(instance, pods=pods, counts={}))

    def _solved(self, master: Master) -> Siting | None:
        left = min(SITING_S, self.halt.left_s())
        solved = IntegerProgramme(master.programme).solve(
            time_limit_s=left, gap=SITING_GAP, seed=0, should_stop=self.halt.should_stop
        )
        if solved.outcome == "infeasible":
            return None
        return Siting(pods=None if solved.values is None else pods_of(master, solved.values))


def without_light(scenario: Scenario, catalog: Catalog) -> Instance:
    """The instance of a scenario without lightpath candidates: sites, round trips and the fiber graph only."""
    accelerator = catalog.accelerator(scenario.size.accelerator)
    demand = sync_demand(scenario, accelerator)
    graph = FiberGraph.of(scenario)
    reach = ReachModel(catalog, scenario.optics, scenario.measured_reaches)
    powers = PowerPrices(scenario)
    sites = candidate_sites(scenario, catalog, graph, powers)
    line = line_system_of(scenario, catalog)
    return Instance(
        scenario=scenario,
        catalog=catalog,
        graph=graph,
        reach=reach,
        finder=LightpathFinder(scenario, graph, reach, demand_gbps=demand.demand_gbps),
        trips=round_trips(graph, reach, [site.node for site in sites]),
        demand=demand,
        powers=powers,
        sites=sites,
        segment_prices=tuple(segment_price(scenario, segment, line, powers) for segment in graph.segments),
        lightpaths=(),
        lit_counts=(),
    )


def pods_of(master: Master, values: Floats) -> dict[str, int]:
    """Pods by site id in a solution of a programme of sites."""
    whole = {
        site.site.site_id: round(float(values[column]))
        for column, site in zip(master.pods, master.instance.sites, strict=True)
    }
    return {name: count for name, count in whole.items() if count > 0}


def only(scenario: Scenario, sites: Collection[str]) -> Scenario:
    """The scenario with every other compute site forbidden."""
    kept = set(sites) | {site.site_id for site in scenario.sites if site.required} | set(scenario.demand_sites)
    changed = tuple(
        dataclasses.replace(site, forbidden=site.forbidden or site.site_id not in kept) for site in scenario.sites
    )
    return dataclasses.replace(scenario, sites=changed)


def _prefer_near(master: Master, near: str) -> None:
    """Minimise round trips to one site instead of the cost."""
    programme, instance = master.programme, master.instance
    programme.objective[:] = [0.0] * len(programme.objective)
    names = [site.site.site_id for site in instance.sites]
    for column, rtt in zip(master.used, instance.trips.rtt_ms[names.index(near)], strict=True):
        programme.objective[column] = min(rtt, 1e3)
