"""Local search over sets of used sites, judged by the value of their sizing relaxation.

Moves add, drop or swap one site. What a set costs before any network (its sites and the cheapest placement of pods)
is known at once and bounds the set from below, so sets that cannot beat the best one are never sized. Work is limited
by a count, not by the clock.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np

from topodesign.planning.halting import Halt
from topodesign.planning.holding import Holding
from topodesign.planning.instance import Floats, Instance, conflict_pairs
from topodesign.planning.sizing import Sizer

MOST_SIZINGS = 120
NETWORK_SHARE = 0.5
"""A neighbor is sized only if its sites leave this share of the best set's network cost for a network."""


class SiteSearch:
    """Finds good sets of sites from the openness of a relaxation."""

    def __init__(self, instance: Instance, sizer: Sizer, holding: Holding) -> None:
        self._instance = instance
        self._sizer = sizer
        self._holding = holding
        self._conflicts = conflict_pairs(instance)
        policy = instance.scenario.policy
        self._least = policy.min_sites
        self._most = policy.max_sites or len(instance.sites)
        self._required = {position for position, site in enumerate(instance.sites) if site.site.required}

    def improve(
        self,
        start: tuple[int, ...],
        openness: Floats,
        *,
        halt: Halt,
        on_better: Callable[[tuple[int, ...]], None],
        most_sizings: int = MOST_SIZINGS,
    ) -> tuple[tuple[int, ...], float] | None:
        """Best set found by moves from ``start``, and the value of its relaxation in US dollars.

        ``on_better`` is called with every set that is the best so far, right after it was sized. ``None``: no set fits.
        """
        best, value = start, self._sizer.relaxed_usd(start, halt)
        on_better(best)
        attractive = [site for site in np.argsort(-openness, kind="stable") if openness[site] > 1e-3]
        sizings = 0
        improved = True
        while improved and not halt.is_over():
            improved = False
            for candidate in self._promising(best, value, attractive):
                if sizings >= most_sizings or halt.is_over():
                    break
                sizings += 1
                candidate_value = self._sizer.relaxed_usd(candidate, halt)
                if candidate_value < value * (1 - 1e-9) and not halt.is_over():
                    best, value, improved = candidate, candidate_value, True
                    on_better(best)
                    break
        return (best, value) if np.isfinite(value) else None

    def is_possible(self, sites: Collection[int]) -> bool:
        """Whether counts, conflicts, required sites and power allow the set (the fiber may still not)."""
        chosen = sorted(sites)
        compatible = all(
            (i, j) not in self._conflicts for position, i in enumerate(chosen) for j in chosen[position + 1 :]
        )
        counted = self._least <= len(chosen) <= self._most and self._required <= set(chosen)
        return compatible and counted and self._holding.can_hold_target(chosen)

    def greedy(self, openness: Floats) -> tuple[int, ...] | None:
        """Most open sites first, skipping conflicts, until the target fits and there are enough sites."""
        chosen = set(self._required)
        for site in np.argsort(-openness, kind="stable"):
            if chosen and self.is_possible(chosen):
                break
            pairs = {(min(int(site), other), max(int(site), other)) for other in chosen}
            if not pairs & self._conflicts:
                chosen.add(int(site))
        if len(chosen) > self._most:
            return None
        return tuple(sorted(chosen)) if self.is_possible(chosen) else None

    def _promising(self, best: tuple[int, ...], value: float, attractive: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """Neighbors in order of what their sites alone cost, as far as they can still win."""
        ranked = []
        for sites in self._neighbors(best, attractive):
            if self.is_possible(sites):
                ranked.append((self._sites_usd(sites), sites))
        network = value - self._sites_usd(best)
        for usd, sites in sorted(ranked):
            if usd + NETWORK_SHARE * network < value:
                yield sites

    @staticmethod
    def _neighbors(best: tuple[int, ...], attractive: Sequence[int]) -> Iterator[tuple[int, ...]]:
        members = set(best)
        outside = [int(site) for site in attractive if site not in members]
        for site in best:
            yield tuple(sorted(members - {site}))
        for site in outside:
            yield tuple(sorted(members | {site}))
            for member in best:
                yield tuple(sorted((members - {member}) | {site}))

    def _sites_usd(self, sites: Sequence[int]) -> float:
        """Fixed costs and the cheapest pods, ignoring zones and shares: a lower bound on a set's cost."""
        instance = self._instance
        usd = sum(instance.sites[site].fixed_usd for site in sites)
        left = self._holding.target
        by_price = sorted(sites, key=lambda site: instance.sites[site].pod_usd / self._holding.amount[site])
        for site in by_price:
            amount = float(self._holding.amount[site])
            placed = min(left, instance.sites[site].most_pods * amount)
            usd += placed / amount * instance.sites[site].pod_usd
            left -= placed
        return usd
