"""The whole search for one instance: root relaxation, a good plan, then branch and bound until the gap is closed."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from topodesign.domain.plan import PlanEvent, SolveLimits, StoppedBy
from topodesign.planning.branch_and_bound import Node, SiteTree, used_sites
from topodesign.planning.cutting_planes import CutLoop
from topodesign.planning.design import Design
from topodesign.planning.instance import Instance
from topodesign.planning.master import MILLION, build_master
from topodesign.planning.partition_rows import Separator
from topodesign.planning.relaxation import Relaxed
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


def _never() -> bool:
    """Default request to stop."""
    return False


@dataclass(slots=True, kw_only=True)
class Search:
    """State of one search. ``on_progress`` gets every new incumbent, bound and phase."""

    instance: Instance
    limits: SolveLimits
    started: float
    on_progress: Callable[[PlanEvent], None] = _ignore
    should_stop: Callable[[], bool] = _never
    _best: Design | None = None
    _bound_usd: float = 0.0

    def run(self) -> Found:
        """Search until the gap, the proof, the clock or a request to stop."""
        separator = Separator(self.instance)
        sizer = Sizer(self.instance, separator, seed=self.limits.seed)
        loop = CutLoop(master=build_master(self.instance), separator=separator, sites_are_fixed=False)
        tree = SiteTree(loop)
        root = loop.run(on_round=self._report_round, should_stop=self._is_over)
        if root is None:
            return Found(design=None, bound_usd=math.inf, stopped_by="proof")
        self._raise_bound(root.bound * MILLION, phase="relaxation")
        tree.push(root.bound * MILLION, frozenset(), frozenset())
        self._first_design(root, tree, sizer, separator)
        return self._branch(tree, sizer)

    def _first_design(self, root: Relaxed, tree: SiteTree, sizer: Sizer, separator: Separator) -> None:
        """A good plan before branching, from local search around the relaxation's sites."""
        openness = root.values[list(tree.master.used)].clip(0.0, 1.0)
        search = SiteSearch(self.instance, sizer, separator.holding)
        found = search.improve(openness, should_stop=self._is_over)
        if found is not None:
            self._size(found[0], sizer)

    def _branch(self, tree: SiteTree, sizer: Sizer) -> Found:
        stopped: StoppedBy = "proof"
        while not self._is_closed(tree.bound_usd):
            if self._is_over():
                stopped = "cancelled" if self.should_stop() else "time_limit"
                break
            node = tree.pop()
            if node is None:
                break
            self._process(node, tree, sizer)
            self._raise_bound(tree.bound_usd, phase="branching")
        bound = tree.bound_usd
        if self._best is not None:
            bound = min(bound, self._best.cost_usd)
            if stopped == "proof" and bound < self._best.cost_usd * (1 - PROVEN_GAP):
                stopped = "gap"
        return Found(design=self._best, bound_usd=bound, stopped_by=stopped)

    def _process(self, node: Node, tree: SiteTree, sizer: Sizer) -> None:
        """Bound a node, then drop it, size it, or branch on it. A node that is cut short stays open."""
        solved = tree.relax(node)
        if solved is None:
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
        self._size_leaf(bound, node, sites, tree, sizer)

    def _size_leaf(self, bound: float, node: Node, sites: tuple[int, ...], tree: SiteTree, sizer: Sizer) -> None:
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
        tree.finish(max(bound, self._size(sites, sizer)))

    def _size(self, sites: tuple[int, ...], sizer: Sizer) -> float:
        """Size a set of sites, keep the design if it is the best; a lower bound for this set in US dollars."""
        relaxed = sizer.relaxed_usd(sites)
        if self._is_closed(relaxed):
            return relaxed
        sized = sizer.design(
            sites,
            gap=self.limits.gap * LEAF_SHARE,
            deadline=self.started + self.limits.time_limit_s,
            should_stop=self.should_stop,
        )
        if sized.design is not None and (self._best is None or sized.design.key() < self._best.key()):
            self._best = sized.design
            self._report("incumbent")
        return max(relaxed, sized.bound_usd)

    def _is_closed(self, bound_usd: float) -> bool:
        """Whether nothing above this bound can improve the best plan by more than the wanted gap."""
        if math.isinf(bound_usd):
            return True
        gap = max(self.limits.gap, PROVEN_GAP)
        return self._best is not None and bound_usd >= self._best.cost_usd * (1 - gap)

    def _is_over(self) -> bool:
        return self.should_stop() or time.monotonic() - self.started >= self.limits.time_limit_s

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
