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
from topodesign.planning.instance import Instance
from topodesign.planning.master import MILLION, build_master
from topodesign.planning.relaxation import Relaxed
from topodesign.planning.requirement import separator_for
from topodesign.planning.site_search import SiteSearch
from topodesign.planning.sizing import Sizer

PROVEN_GAP = 1e-9
"""Gap below which a plan counts as optimal: rounding of the solvers' arithmetic."""
LEAF_SHARE = 0.5
"""Share of the wanted gap that sizing may leave open, so that leaves never keep the search from closing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best design, the proven bound in US dollars (infinite: no plan exists), and what ended the search."""

    design: Design | None
    bound_usd: float
    stopped_by: StoppedBy


def _ignore(_: PlanEvent) -> None:
    """Default progress callback."""


def _not_enough(_: Design) -> bool:
    """Default: no design ends the search by itself."""
    return False


@dataclass(slots=True, kw_only=True)
class Search:
    """State of one search. ``on_progress`` gets every new incumbent, bound and phase.

    ``start`` is a design to better, if it keeps all limits; else its sites are where the local search begins.
    ``is_enough`` and ``enough_bound_usd`` end the search early: at a design that will do, or at a bound above that
    cost (both end as ``gap``).
    """

    instance: Instance
    limits: SolveLimits
    started: float
    on_progress: Callable[[PlanEvent], None] = _ignore
    halt: Halt = NEVER
    start: Design | None = None
    is_enough: Callable[[Design], bool] = _not_enough
    enough_bound_usd: float = math.inf
    _sizer: Sizer = field(init=False)
    _best: Design | None = None
    _bound_usd: float = 0.0

    def run(self) -> Found:
        """Search until the gap, the proof, the clock or a request to stop."""
        separator = separator_for(self.instance)
        self._sizer = Sizer(self.instance, separator, seed=self.limits.seed)
        self._offer_start()
        loop = CutLoop(master=build_master(self.instance), separator=separator, sites_are_fixed=False)
        tree = SiteTree(loop)
        root = loop.run(on_round=self._report_round, halt=self._until_enough())
        if root is None:
            return Found(design=None, bound_usd=math.inf, stopped_by="proof")
        self._raise_bound(root.bound * MILLION, phase="relaxation")
        tree.push(root.bound * MILLION, frozenset(), frozenset())
        if not self._is_closed(root.bound * MILLION):
            self._first_designs(root, tree)
        return self._branch(tree)

    def _offer_start(self) -> None:
        """Take the start as the first plan, when it keeps every limit."""
        if self.start is None:
            return
        counts = np.zeros(len(self.instance.lightpaths))
        for path, count in self.start.counts.items():
            counts[path] = count
        design = self._sizer.with_lightpaths(sorted(self.start.pods), counts)
        if design is not None:
            self._offer(design)

    def _first_designs(self, root: Relaxed, tree: SiteTree) -> None:
        """Plans before branching: local search around the relaxation's sites, every better set rounded at once."""
        openness = root.values[list(tree.master.used)].clip(0.0, 1.0)
        search = SiteSearch(self.instance, self._sizer, Holding(self.instance))
        halt = self._until_enough()
        start = None if self.start is None else tuple(sorted(self.start.pods))
        found = search.improve(openness, halt=halt, on_better=self._round, start=start)
        if found is not None and not halt.is_over():
            self._size(found[0])

    def _round(self, sites: tuple[int, ...]) -> None:
        design = self._sizer.rounded(sites, self.halt)
        if design is not None:
            self._offer(design)

    def _offer(self, design: Design) -> None:
        if self._best is None or design.key() < self._best.key():
            self._best = design
            self._report("incumbent")

    def _until_enough(self) -> Halt:
        """The halt of this search, which is also over once the best design or the bound will do."""
        return Halt(
            deadline=self.halt.deadline,
            should_stop=lambda: self.halt.should_stop() or self._is_closed(self._bound_usd),
        )

    def _branch(self, tree: SiteTree) -> Found:
        stopped: StoppedBy = "proof"
        while not self._is_closed(tree.bound_usd):
            if self.halt.is_over():
                stopped = "cancelled" if self.halt.should_stop() else "time_limit"
                break
            node = tree.pop()
            if node is None:
                break
            self._process(node, tree)
            self._raise_bound(tree.bound_usd, phase="branching")
        bound = tree.bound_usd
        if self._best is not None:
            bound = min(bound, self._best.cost_usd)
            if stopped == "proof" and bound < self._best.cost_usd * (1 - PROVEN_GAP):
                stopped = "gap"
        return Found(design=self._best, bound_usd=bound, stopped_by=stopped)

    def _process(self, node: Node, tree: SiteTree) -> None:
        """Bound a node, then drop it, size it, or branch on it. A node that is cut short stays open."""
        solved = tree.relax(node, self.halt)
        if solved is None:
            return
        if self.halt.is_over():
            tree.push(max(node.bound_usd, solved.bound * MILLION), node.used, node.closed)
            return
        bound = max(node.bound_usd, solved.bound * MILLION)
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
        gap = max(self.limits.gap, PROVEN_GAP)
        return self._best is not None and bound_usd >= self._best.cost_usd * (1 - gap)

    def _report_round(self, solved: Relaxed) -> None:
        self._raise_bound(solved.bound * MILLION, phase="relaxation")

    def _raise_bound(self, bound_usd: float, *, phase: str) -> None:
        if math.isfinite(bound_usd) and bound_usd > self._bound_usd * (1 + 1e-6):
            self._bound_usd = bound_usd
            self._report(phase)

    def _report(self, phase: str) -> None:
        cost = None if self._best is None else self._best.cost_usd
        bound = self._bound_usd if self._bound_usd > 0 else None
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
