"""Which fabrics are compared at a site, and which one it gets.

A scenario names a kind, or ``auto``: then, among the candidates whose uniform all-to-all and whose bisection are proven
to be at least :data:`FLOOR` of what the accelerators can inject, the one that costs least. What is only an interval
counts with its lower end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topodesign.domain.fabric import FabricEvaluation

AUTO = "auto"
ALWAYS = ("torus", "clos")
"""Compared in every plan."""
AUTO_KINDS: Mapping[str, float] = {"hammingmesh": float("inf"), "dragonfly": 20_480}
"""Further candidates, up to so many accelerators: beyond, graphs take longer than a plan should wait for."""
FLOOR = 0.4
"""Share of the injection: a Clos tapered by 2.5:1 has it, and a balanced Dragonfly; large tori have not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An evaluated fabric of a site; injection into it, and capacity of all links of an accelerator, in Gbit/s."""

    evaluation: FabricEvaluation
    injection_gbps: float
    accelerator_gbps: float

    @property
    def proven_share(self) -> float:
        """The lesser of all-to-all and bisection, as shares of what all accelerators, or half of them, inject."""
        found = self.evaluation
        if found.accelerators < 2:
            return 1.0
        rate = (
            found.alltoall.gbps_per_accelerator if found.alltoall.exact else found.alltoall.lower_gbps_per_accelerator
        )
        half = found.bisection.lower_gbps / (found.accelerators // 2)
        return min(rate, half) / self.injection_gbps


def kinds_for(wanted: str, accelerators: int) -> tuple[str, ...]:
    """Kinds compared at a site of so many accelerators."""
    if wanted == AUTO:
        return (*ALWAYS, *(kind for kind, most in AUTO_KINDS.items() if accelerators <= most))
    return ALWAYS if wanted in ALWAYS else (*ALWAYS, wanted)


def choose(wanted: str, candidates: Sequence[tuple[str, Candidate]]) -> str | None:
    """Name of the fabric that a site gets; ``None`` when the kind that was asked for is not among the candidates."""
    if wanted != AUTO:
        return next((candidate.evaluation.name for kind, candidate in candidates if kind == wanted), None)
    fitting = [candidate for _, candidate in candidates if candidate.proven_share >= FLOOR]
    if not fitting:
        fullest = max(candidate.proven_share for _, candidate in candidates)
        fitting = [candidate for _, candidate in candidates if candidate.proven_share == fullest]
    # of equal cost the one of less power, then by name
    best = min(fitting, key=lambda found: (found.evaluation.cost_usd, found.evaluation.power_kw, found.evaluation.name))
    return best.evaluation.name


def rule_in_words(wanted: str, chosen: Mapping[int, str | None]) -> tuple[str, ...]:
    """What the sites get, by their accelerators, and why."""
    if wanted != AUTO:
        return ()
    kinds = ", ".join((*ALWAYS, *AUTO_KINDS))
    limits = ", ".join(f"{kind} up to {most:,.0f} accelerators" for kind, most in AUTO_KINDS.items() if most < 1e9)
    rule = (
        f"fabric auto: of {kinds} ({limits}), the least indicative cost of those whose all-to-all and bisection are "
        f"proven to reach {FLOOR:.0%} of the injection; without any, the fullest"
    )
    return (rule, *(f"fabric auto: sites of {count:,} accelerators get {name}" for count, name in chosen.items()))
