"""The whole search for one instance: root relaxation, a good plan, then branch and bound until the gap is closed."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from topodesign.domain.plan import PlanEvent, SolveLimits, StoppedBy
from topodesign.planning.branch_and_bound import Node, SiteTree, used_sites
from topodesign.planning.cutting_planes import CutLoop
from topodesign.planning.design import Design
from topodesign.planning.halting import NEVER, Halt
from topodesign.planning.holding import Holding
from topodesign.planning.instance import Floats, Instance, widened, with_more_routes
from topodesign.planning.master import MILLION, build_master
from topodesign.planning.pricing import price_routes
from topodesign.planning.relaxation import Relaxed
from topodesign.planning.requirement import separator_for
from topodesign.planning.site_search import SiteSearch
from topodesign.planning.sizing import Sizer
from topodesign.planning.slots import with_slots

PROVEN_GAP = 1e-9
"""Gap below which a plan counts as optimal: rounding of the solvers' arithmetic."""
GUESSING_ROUNDS = (4, 10, 20)
"""Rounds of the root relaxation after which a first plan is tried, as long as there is none."""
ROOT_ROUNDS = 60
"""Rounds of the root relaxation; where pairs of conduits are survived, the nodes go on with what is left to find."""
MOST_PRICINGS = 4
"""Rounds of adding missing routes for the sites of the best plan."""
WORTH_SHARE = 0.1
"""Missing routes become candidates when they save more than this share of the wanted gap."""
DIVE_SHARE = 1.01
DIVE_SIZINGS = 30
"""A node's sites are bettered when they cost at most this share of the best plan, by trying so many neighbors."""
LEAF_SHARE = 0.5
"""Share of the wanted gap that sizing may leave open, so that leaves never keep the search from closing."""
FOCUS_SHARE = 0.2
"""Share of the wanted gap to which the sites in focus are searched, as long as the bound over all sites is far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best design, the proven bound in US dollars (infinite: no plan exists), and what ended the search.

    ``instance`` is the one searched, with candidates that the search added; ``routes_worth_usd`` is the most
    that routes which are no candidates could save the design's sites (``None``: not priced). ``is_coarse``: the bound
    is of the coarse programme, over all sites and routes.
    """

    instance: Instance
    design: Design | None
    bound_usd: float
    stopped_by: StoppedBy
    routes_worth_usd: float | None = None
    is_coarse: bool = False


def _ignore(_: PlanEvent) -> None:
    """Default progress callback."""


def _nobody(_: Callable[[], Found]) -> None:
    """Default of whom better designs are offered to."""


def _not_enough(_: Design) -> bool:
    """Default: no design ends the search by itself."""
    return False


@dataclass(slots=True, kw_only=True)
class Search:
    """State of one search. ``on_progress`` gets every new incumbent, bound and phase.

    ``on_best`` gets, at every better design, what tells the best one and the bound whenever it is asked from then on.

    ``start`` is a design to better, if it keeps all limits; else its sites are where the local search begins.
    ``is_enough`` and ``enough_bound_usd`` end the search early: at a design that will do, or at a bound above that
    cost (both end as ``gap``). ``coarse_bound_usd`` is a bound over more sites than the instance has, where it
    was narrowed to the sites in focus: that is then what the search reports, whatever it proves of its own sites.
    ``known_bound_usd`` is a bound that holds already, of a problem whose limits are no tighter than these. It is
    relative to that problem's candidates: a design below it has others, and the search goes on without it.
    """

    instance: Instance
    limits: SolveLimits
    started: float
    on_progress: Callable[[PlanEvent], None] = _ignore
    halt: Halt = NEVER
    start: Design | None = None
    is_enough: Callable[[Design], bool] = _not_enough
    enough_bound_usd: float = math.inf
    coarse_bound_usd: float | None = None
    known_bound_usd: float = 0.0
    on_best: Callable[[Callable[[], Found]], None] = _nobody
    _sizer: Sizer = field(init=False)
    _best: Design | None = None
    _bound_usd: float = 0.0
    _routes_worth_usd: float | None = None
    _dived: set[tuple[int, ...]] = field(default_factory=set, init=False)
    _lacks_slots: bool = False

    def run(self) -> Found:
        """Search until the gap, the proof, the clock or a request to stop."""
        if self.instance.missing_sites:
            return self._found(None, math.inf, "proof")
        self._offer_start()
        if self._known_usd > 0 and self._is_closed(self._known_usd):
            return self._found(self._best, self._at_most_best(self._known_usd), "gap")
        if self.halt.is_over():
            return self._found(self._best, self._at_most_best(self._known_usd), self._halted_by)
        root, tree = self._root()
        if root is None and not self.instance.has_all_routes:
            self._widen(with_more_routes(self.instance))
            root, tree = self._root()
        if root is None:
            return self._found(None, math.inf, "proof")
        if not self._is_closed(root.bound * MILLION):
            self._first_designs(root, tree)
            if self._add_missing_routes():
                root, tree = self._root()
                assert root is not None  # the best plan is one
                self._polish()
        tree.push(root.bound * MILLION, frozenset(), frozenset())
        return self._branch(tree)

    @property
    def _known_usd(self) -> float:
        """The known bound as long as no design is below it, which shows that it does not hold of these candidates."""
        is_broken = self._best is not None and self._best.objective_usd < self.known_bound_usd * (1 - PROVEN_GAP)
        return 0.0 if is_broken else self.known_bound_usd

    @property
    def _halted_by(self) -> StoppedBy:
        return "cancelled" if self.halt.should_stop() else "time_limit"

    def _root(self) -> tuple[Relaxed | None, SiteTree]:
        """The root relaxation of the present candidates."""
        separator = separator_for(self.instance)
        self._sizer = Sizer(self.instance, separator, seed=self.limits.seed)
        master = build_master(self.instance)
        loop = CutLoop(master=master, separator=separator, sites_are_fixed=False)
        rounds = 0

        def after_round(solved: Relaxed) -> None:
            nonlocal rounds
            rounds += 1
            self._raise_bound(solved.bound * MILLION, phase="relaxation")
            if self._best is None and rounds in GUESSING_ROUNDS:
                self._guess(solved.values[list(master.used)].clip(0.0, 1.0))

        root = loop.run(most_rounds=ROOT_ROUNDS, on_round=after_round, halt=self._until_enough())
        return root, SiteTree(loop)

    def _guess(self, openness: Floats) -> None:
        """A first plan long before the relaxation is done, so that there is one when the search is stopped early."""
        sites = self._site_search().greedy(openness)
        if sites is not None and not self.halt.is_over():
            self._round(sites)

    def _add_missing_routes(self) -> bool:
        """Price all routes between the best plan's sites; whether some were worth becoming candidates.

        What they could save at most is kept either way, for the plan to say.
        """
        if self._best is None or self.instance.has_all_routes or self.halt.is_over():
            return False
        if self.instance.scenario.workload.demand != "all-reduce":
            return False
        instance, sites = self.instance, tuple(self._best.pods)
        values: list[float] = []
        for _ in range(MOST_PRICINGS):
            master = build_master(instance, fixed_sites=sites)
            loop = CutLoop(master=master, separator=separator_for(instance), sites_are_fixed=True)
            solved = loop.run(halt=self.halt)
            if solved is None or self.halt.is_over():
                return False
            assert loop.relaxation is not None  # it was solved
            values.append(solved.bound)
            priced = price_routes(master, loop.relaxation, loop.rows, solved)
            self._routes_worth_usd = max(0.0, (values[0] - priced.bound) * MILLION)
            wider = widened(instance, priced.missing)
            if len(wider.lightpaths) == len(instance.lightpaths):
                break
            instance = wider
        if "conduit-pair" in self.instance.scenario.policy.survive:
            return False  # the root relaxation takes minutes there: better spent on branching
        if (values[0] - values[-1]) * MILLION <= WORTH_SHARE * self.limits.gap * self._best.objective_usd:
            return False
        self._widen(instance)
        return True

    def _widen(self, instance: Instance) -> None:
        """Go on with more candidates, whose plans may cost less: the bound starts again from below."""
        self.instance = instance
        self._bound_usd = 0.0
        self._report("routes")

    def _found(self, design: Design | None, bound_usd: float, stopped_by: StoppedBy) -> Found:
        coarse = self.coarse_bound_usd
        if coarse is not None:
            bound_usd = coarse if design is None else min(coarse, design.objective_usd)
            if stopped_by in ("gap", "proof"):
                # the sites in focus are done with: they say nothing of the others
                is_closed = design is not None and bound_usd >= design.objective_usd * (1 - self.limits.gap)
                stopped_by = "gap" if is_closed else "work_limit"
        if design is None and self._lacks_slots and stopped_by == "proof":
            stopped_by = "work_limit"  # a plan exists but for its slots: that is no proof of there being none
        return Found(
            instance=self.instance,
            design=design,
            bound_usd=bound_usd,
            stopped_by=stopped_by,
            routes_worth_usd=0.0 if self.instance.has_all_routes else self._routes_worth_usd,
            is_coarse=coarse is not None,
        )

    def _offer_start(self) -> None:
        """Take the start as the first plan, when it keeps every limit."""
        if self.start is None:
            return
        sizer = Sizer(self.instance, separator_for(self.instance), seed=self.limits.seed)
        if not SiteSearch(self.instance, sizer, Holding(self.instance)).is_possible(self.start.pods):
            return
        counts = np.zeros(len(self.instance.lightpaths))
        for path, count in self.start.counts.items():
            counts[path] = count
        design = sizer.with_lightpaths(sorted(self.start.pods), counts)
        if design is not None:
            self._offer(design)

    def _first_designs(self, root: Relaxed, tree: SiteTree) -> None:
        """Plans before branching: local search around the relaxation's sites, every better set rounded at once."""
        openness = root.values[list(tree.master.used)].clip(0.0, 1.0)
        search = self._site_search()
        halt = self._until_enough()
        start = search.greedy(openness)
        if self.start is not None and search.is_possible(self.start.pods):
            start = tuple(sorted(self.start.pods))
        found = None if start is None else search.improve(start, openness, halt=halt, on_better=self._round)
        if found is not None and not halt.is_over():
            self._size(found[0])

    def _dive(self, solved: Relaxed, tree: SiteTree) -> None:
        """A plan from a node's relaxation: its most open sites, bettered a little if they promise a better plan."""
        openness = solved.values[list(tree.master.used)].clip(0.0, 1.0)
        search = self._site_search()
        sites = search.greedy(openness)
        if sites is None or sites in self._dived or self._until_enough().is_over():
            return
        self._dived.add(sites)
        halt = self._until_enough()
        value = self._sizer.relaxed_usd(sites, halt)
        if halt.is_over() or (self._best is not None and value >= self._best.objective_usd * DIVE_SHARE):
            return
        found = search.improve(sites, openness, halt=halt, on_better=self._round_if_better, most_sizings=DIVE_SIZINGS)
        if found is not None and self._best is not None and found[1] < self._best.objective_usd:
            self._round_if_better(found[0])

    def _site_search(self) -> SiteSearch:
        return SiteSearch(self.instance, self._sizer, Holding(self.instance))

    def _round_if_better(self, sites: tuple[int, ...]) -> None:
        """Round a set's relaxation where that alone is cheaper than the best plan."""
        if self._best is None or self._sizer.relaxed_usd(sites, self.halt) < self._best.objective_usd:
            self._round(sites)

    def _polish(self) -> None:
        """Size the best plan's sites again, with the candidates that there are now."""
        assert self._best is not None  # there is a plan by now
        self._round(tuple(self._best.pods))
        self._size(tuple(self._best.pods))

    def _at_most_best(self, bound_usd: float) -> float:
        return bound_usd if self._best is None else min(bound_usd, self._best.objective_usd)

    def _round(self, sites: tuple[int, ...]) -> None:
        design = self._sizer.rounded(sites, self.halt)
        if design is not None:
            self._offer(design)

    def _offer(self, design: Design) -> None:
        """Keep a design that is better than the best, once its lightpaths have slots."""
        if self._best is not None and self._best.key() <= design.key():
            return
        slotted = with_slots(self.instance, design, limits=self.limits, halt=self.halt)
        self._lacks_slots |= slotted is None
        if slotted is not None and (self._best is None or slotted.key() < self._best.key()):
            self._best = slotted
            self._report("incumbent")
            self.on_best(self._so_far)

    def _so_far(self) -> Found:
        return self._found(self._best, self._bound_usd, "cancelled")

    def _until_enough(self) -> Halt:
        """The halt of this search, which is also over once the best design or the bound will do."""
        return Halt(
            deadline=self.halt.deadline,
            should_stop=lambda: self.halt.should_stop() or self._is_closed(self._bound_usd),
        )

    def _branch(self, tree: SiteTree) -> Found:
        stopped: StoppedBy = "proof"
        while not self._is_closed(max(tree.bound_usd, self._known_usd)):
            if self.halt.is_over():
                stopped = self._halted_by
                break
            node = tree.pop()
            if node is None:
                break
            self._process(node, tree)
            self._raise_bound(tree.bound_usd, phase="branching")
        bound = max(tree.bound_usd, self._known_usd)
        if self._best is not None:
            bound = self._at_most_best(bound)
            if stopped == "proof" and bound < self._best.objective_usd * (1 - PROVEN_GAP):
                stopped = "gap"
        return self._found(self._best, bound, stopped)

    def _process(self, node: Node, tree: SiteTree) -> None:
        """Bound a node, then drop it, size it, or branch on it. A node that is cut short stays open."""
        solved = tree.relax(node, self.halt, is_closed=self._is_closed)
        if solved is None:
            return
        if self.halt.is_over():
            tree.push(max(node.bound_usd, solved.bound * MILLION), node.used, node.closed)
            return
        bound = max(node.bound_usd, solved.bound * MILLION)
        if not self._is_closed(bound):
            self._dive(solved, tree)
        if self._is_closed(bound):
            tree.finish(bound)
            return
        site = tree.branching_site(solved, node)
        if site is not None:
            tree.push(bound, node.used | {site}, node.closed)
            tree.push(bound, node.used, node.closed | {site})
            return
        sites = used_sites(tree.master, solved.values)
        self._size_leaf(bound, node, sites, tree)

    def _size_leaf(self, bound: float, node: Node, sites: tuple[int, ...], tree: SiteTree) -> None:
        """Size the sites of an integral relaxation, and split off the rest of the node if there is any.

        The relaxation's sites being integral does not decide the others: plans of this node with other sites are kept
        open by branching on the first undecided site, in the direction away from this set.
        """
        undecided = [
            site for site in range(len(self.instance.sites)) if site not in node.used and site not in node.closed
        ]
        used, closed = set(node.used), set(node.closed)
        for site in undecided:
            if site in sites:
                tree.push(bound, frozenset(used), frozenset(closed | {site}))
                used.add(site)
            else:
                tree.push(bound, frozenset(used | {site}), frozenset(closed))
                closed.add(site)
        tree.finish(max(bound, self._size(sites)))

    def _size(self, sites: tuple[int, ...]) -> float:
        """Size a set of sites, keep the design if it is the best; a lower bound for this set in US dollars."""
        relaxed = self._sizer.relaxed_usd(sites, self.halt)
        if self._is_closed(relaxed):
            return relaxed
        best = self._best
        sized = self._sizer.design(
            sites,
            gap=self.limits.gap * LEAF_SHARE,
            halt=Halt(deadline=self.halt.deadline, should_stop=self._will_do),
            start=best if best is not None and tuple(best.pods) == sites else None,
            on_design=self._offer,
        )
        return max(relaxed, sized.bound_usd)

    def _will_do(self) -> bool:
        """Whether to end now, whatever is left: on request, or because the best design is what was asked for."""
        return self.halt.should_stop() or (self._best is not None and self.is_enough(self._best))

    def _is_closed(self, bound_usd: float) -> bool:
        """Whether nothing above this bound can improve the best plan by more than the wanted gap."""
        if math.isinf(bound_usd) or bound_usd > self.enough_bound_usd:
            return True
        if self._best is not None and self.is_enough(self._best):
            return True
        if self._best is None:
            return False
        gap = self.limits.gap
        if self.coarse_bound_usd is not None:
            if self.coarse_bound_usd >= self._best.objective_usd * (1 - gap):
                return True
            gap *= FOCUS_SHARE
        return bound_usd >= self._best.objective_usd * (1 - max(gap, PROVEN_GAP))

    def _raise_bound(self, bound_usd: float, *, phase: str) -> None:
        if math.isfinite(bound_usd) and bound_usd > self._bound_usd * (1 + 1e-6):
            self._bound_usd = bound_usd
            if self.coarse_bound_usd is None:  # else it is a bound among the sites in focus only
                self._report(phase)

    def _report(self, phase: str) -> None:
        cost = None if self._best is None else self._best.objective_usd
        bound = round(self._bound_usd, 2) if self._bound_usd > 0 else None
        if self.coarse_bound_usd is not None:
            bound = round(self.coarse_bound_usd, 2)
        gap = None if cost is None or bound is None else max(0.0, (cost - bound) / cost)
        self.on_progress(
            PlanEvent(
                phase=phase,
                wall_s=time.monotonic() - self.started,
                incumbent_usd=cost,
                bound_usd=bound,
                gap=gap,
            )
        )
