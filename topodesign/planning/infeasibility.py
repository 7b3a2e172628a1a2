"""Why no plan exists, and the least change that makes one possible.

The limits that clash are the smallest set (irreducible: without any one of them, and with all limits outside the set
gone, there is a plan) found by a deletion filter. Of the limits in the set those are given way that are told first in
:data:`KINDS`; how little is enough is found on an elastic problem, all other limits kept. In the end the scenario is
solved with the relief applied: a relief that is told to be confirmed has a plan.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from topodesign.domain.equipment import Catalog
from topodesign.domain.plan import Infeasibility, LimitClash
from topodesign.domain.scenario import Scenario
from topodesign.planning.halting import Halt, never
from topodesign.planning.infeasible_applying import apply_relief
from topodesign.planning.infeasible_conflict import smallest_conflict
from topodesign.planning.infeasible_easing import Eased, Question, in_words, sites_of
from topodesign.planning.infeasible_ladders import ease_ladder
from topodesign.planning.infeasible_limits import LimitGroup, limit_groups, without
from topodesign.planning.infeasible_pairs import ease_pairs
from topodesign.planning.infeasible_probe import Probed, Prober
from topodesign.planning.infeasible_sites import ease_power, ease_sites

__all__ = ["apply_relief", "explain_infeasibility"]

EXPLAINING_S = 30.0
"""Most seconds for one explanation; the usual ones take a few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Limits that are relieved together, and how the least relief of them is found. Names by their beginning."""

    names: tuple[str, ...]
    ease: Callable[[Question, Prober], Eased]

    def of(self, groups: Sequence[LimitGroup]) -> tuple[LimitGroup, ...]:
        """The groups that are of this kind."""
        return tuple(group for group in groups if group.name.split(" ")[0] in self.names)


KINDS = (
    Kind(names=("fiber.pairs_available",), ease=ease_pairs),
    Kind(names=("zone.headroom_mw", "site.power_mw"), ease=ease_power),
    Kind(names=("policy.max_rtt_ms",), ease=ease_ladder),
    Kind(names=("policy.survive",), ease=ease_ladder),
    Kind(names=("policy.max_sites",), ease=ease_ladder),
    Kind(names=("policy.max_zone_share",), ease=ease_ladder),
    Kind(names=("policy.max_utility_share",), ease=ease_ladder),
    Kind(names=("site.max_pods",), ease=ease_sites),
    Kind(names=("site.forbidden",), ease=ease_sites),
    Kind(names=("policy.carbon_t_per_year",), ease=ease_ladder),
    Kind(names=("policy.min_sites",), ease=ease_ladder),
    Kind(names=("site.min_pods",), ease=ease_sites),
    Kind(names=("site.required",), ease=ease_sites),
    Kind(names=("workload.sync_time_s",), ease=ease_ladder),
    Kind(names=("workload.utilization",), ease=ease_ladder),
    Kind(names=("size.accelerators",), ease=ease_ladder),
    Kind(names=("size.power_mw",), ease=ease_ladder),
    Kind(names=("optics.margin_db",), ease=ease_ladder),
)
"""What is relieved rather: what can be bought, then what was decided, then what is wanted."""


def explain_infeasibility(
    scenario: Scenario,
    catalog: Catalog,
    *,
    deadline: float | None = None,
    should_stop: Callable[[], bool] = never,
) -> Infeasibility:
    """The smallest set of clashing limits, and the least relief, confirmed by solving with it.

    Parameters
    ----------
    scenario : Scenario
        One that has no plan.
    catalog : Catalog
    deadline : float, optional
        In ``time.monotonic`` seconds; what is known by then is told. At most :data:`EXPLAINING_S` are used anyway.
    should_stop : callable, optional
        When true, what is known is told at once.
    """
    end = time.monotonic() + EXPLAINING_S
    halt = Halt(deadline=end if deadline is None else min(deadline, end), should_stop=should_stop)
    return _Explainer(scenario, catalog, halt).explain()


class _Explainer:
    """State of one explanation. ``conflicts`` are the sets of clashing limits, ``kinds`` what is relieved of them."""

    def __init__(self, scenario: Scenario, catalog: Catalog, halt: Halt) -> None:
        self.scenario = scenario
        self.prober = Prober(catalog, halt)
        self.groups = limit_groups(scenario, catalog)
        self.conflicts: list[list[LimitGroup]] = []
        self.is_irreducible = True
        self.kinds: list[Kind] = []

    def explain(self) -> Infeasibility:
        possible = self._find_conflicts()
        if possible is None:
            return self._without_relief()
        relieved, steps = self.scenario, []
        for position, kind in enumerate(self.kinds):
            others = [group for later in self.kinds[position + 1 :] for group in later.of(self.groups)]
            question = Question(scenario=without(relieved, others), groups=kind.of(self.groups), fallback=possible)
            eased = kind.ease(question, self.prober)
            steps.append(eased)
            relieved = apply_relief(relieved, eased.relief)
            possible = eased.probed
        return self._told(steps, self._is_confirmed(relieved, possible))

    def _find_conflicts(self) -> Probed | None:
        """Sets of clashing limits, one after another until a plan exists when of each a kind is set aside.

        The plan without these kinds; ``None`` when nothing that can be relieved helps, or the time was too short.
        """
        if self.prober.probe(without(self.scenario, self.groups)).outcome != "plan":
            return None
        while True:
            aside = {group.name: group for kind in self.kinds for group in kind.of(self.groups)}
            if self.kinds:
                probed = self.prober.probe(without(self.scenario, tuple(aside.values())))
                if probed.outcome == "plan":
                    return self._without_needless_kinds(probed)
                if probed.outcome == "unknown":
                    return None
            left = [group for group in self.groups if group.name not in aside]
            conflict = smallest_conflict(left, self._is_infeasible)
            self.conflicts.append(conflict)
            kind = next((kind for kind in KINDS if kind.of(conflict)), None)
            if kind is None:
                return None
            self.kinds.append(kind)

    def _is_infeasible(self, kept: Sequence[LimitGroup]) -> bool:
        """Whether these limits alone are proven to clash."""
        names = {group.name for group in kept}
        probed = self.prober.probe(without(self.scenario, [item for item in self.groups if item.name not in names]))
        if probed.outcome == "unknown":
            self.is_irreducible = False
        return probed.outcome == "none"

    def _without_needless_kinds(self, possible: Probed) -> Probed:
        """Kinds found early may be needless beside those found later."""
        for kind in list(self.kinds[:-1]):
            fewer = [group for other in self.kinds if other is not kind for group in other.of(self.groups)]
            probed = self.prober.probe(without(self.scenario, fewer))
            if probed.outcome == "plan":
                self.kinds.remove(kind)
                possible = probed
        return possible

    def _is_confirmed(self, relieved: Scenario, possible: Probed) -> bool:
        """Whether the scenario, solved anew with the whole relief, has a plan."""
        found = self.prober.among(relieved, sites_of(possible))
        return (found if found.outcome == "plan" else self.prober.probe(relieved)).outcome == "plan"

    def _told(self, steps: Sequence[Eased], is_confirmed: bool) -> Infeasibility:
        relief = tuple(item for step in steps for item in step.relief)
        end = "confirmed by a plan of the scenario with it" if is_confirmed else "not confirmed by a plan in the time"
        return Infeasibility(
            message=f"{self._clash_in_words()}. Relief: {in_words(relief)}. {_degree(steps)}; {end}.",
            clashing=self._clashes(),
            relief=relief,
        )

    def _without_relief(self) -> Infeasibility:
        if not self.conflicts:
            return self._beyond_limits()
        if self.prober.halt.is_over():
            why = "The time was too short to find a relief; give more time"
        else:
            why = "No change of these limits alone was found to help; relax one of them and plan again"
        return Infeasibility(message=f"{self._clash_in_words()}. {why}.", clashing=self._clashes())

    def _beyond_limits(self) -> Infeasibility:
        compute = sum(site.role == "compute" for site in self.scenario.sites)
        if self.prober.halt.is_over():
            message = "there is no plan; the time was too short to say which limits clash: give more time"
        else:
            message = (
                f"there is no plan even without any limit that could be relaxed: {compute} compute sites, "
                f"{len(self.scenario.segments)} fiber segments and the sites of the demand do not fit together; add "
                "compute sites, or fiber between the sites that must be used"
            )
        clash = LimitClash(limit="compute sites", id="", value=float(compute), unit="sites")
        segments = LimitClash(limit="fiber segments", id="", value=float(len(self.scenario.segments)), unit="segments")
        return Infeasibility(message=message, clashing=(clash, segments))

    def _clashes(self) -> tuple[LimitClash, ...]:
        groups: dict[str, LimitGroup] = {group.name: group for conflict in self.conflicts for group in conflict}
        return tuple(clash for group in groups.values() for clash in group.clashes)

    def _clash_in_words(self) -> str:
        told = [" and ".join(_in_words(group) for group in conflict) for conflict in self.conflicts]
        if self.is_irreducible:
            size = "an irreducible set: leave any one limit out and the others have a plan"
        else:
            size = "the time was too short to prove that none of these can be left out"
        return f"no plan keeps {'; nor '.join(told)} ({size})"


def _degree(steps: Sequence[Eased]) -> str:
    """How near the relief is to the least, and why."""
    proofs = "; ".join(step.proof for step in steps)
    if not all(step.is_least for step in steps):
        return f"This is an upper bound on the relief, less may do ({proofs})"
    if len(steps) > 1:
        return f"Each change is the least beside those before it, another mix may do with less ({proofs})"
    return f"This is the least relief of its kind ({proofs})"


def _in_words(group: LimitGroup) -> str:
    """The group's limits with their values; the first few where there are many."""
    told = [
        " ".join(f"{clash.limit} {clash.id} {clash.value:,.10g} {clash.unit}".split()) for clash in group.clashes[:3]
    ]
    more = len(group.clashes) - len(told)
    return ", ".join(told) + (f", and {more} more" if more else "")
