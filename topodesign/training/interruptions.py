"""How often a job is interrupted: 1/M = sum over its parts of count / MTBF, each part failing on its own.

References
----------
Llama Team, "The Llama 3 herd of models", arXiv:2407.21783, 2024, table 5 (the rates of the catalogue).
"""

import math
from collections.abc import Sequence

from topodesign.domain.checks import require_number
from topodesign.domain.goodput import FailingParts, InterruptionShare


def interruptions_per_h(parts: Sequence[FailingParts]) -> float:
    """Interruptions per hour of all parts together."""
    return math.fsum(item.rate_per_h for item in parts)


def mean_time_to_interrupt_h(parts: Sequence[FailingParts]) -> float:
    """M: mean hours between interruptions while all parts run; infinite where none ever fails."""
    rate = interruptions_per_h(parts)
    return 1 / rate if rate > 0 else math.inf


def mean_wait_s(parts: Sequence[FailingParts]) -> float:
    """Mean wait of an interruption in seconds: the parts' waits, weighted by how often each interrupts."""
    rate = interruptions_per_h(parts)
    return math.fsum(item.rate_per_h * item.wait_s for item in parts) / rate if rate > 0 else 0.0


def interruption_shares(parts: Sequence[FailingParts]) -> tuple[InterruptionShare, ...]:
    """Interruptions by the parts' name, the most frequent first (by name where equal); shares sum to 1."""
    by_name: dict[str, list[FailingParts]] = {}
    for item in parts:
        by_name.setdefault(item.name, []).append(item)
    total = interruptions_per_h(parts)
    found = [
        InterruptionShare(
            name=name,
            count=math.fsum(item.count for item in alike),
            rate_per_h=interruptions_per_h(alike),
            share=interruptions_per_h(alike) / total if total > 0 else 0.0,
        )
        for name, alike in by_name.items()
    ]
    return tuple(sorted(found, key=lambda item: (-item.rate_per_h, item.name)))


def mtbf_of_record_h(part_hours: float, interruptions: float) -> float:
    """MTBF in hours of one part, from a record of ``interruptions`` in ``part_hours`` = parts x hours.

    Infinite for a record without interruptions.

    Raises
    ------
    InvalidInput
        For part-hours that are not above 0, or a negative count.
    """
    require_number(part_hours, field="part_hours", above=0)
    require_number(interruptions, field="interruptions", at_least=0)
    return part_hours / interruptions if interruptions > 0 else math.inf


def outage_parts(name: str, *, availability: float, repair_h: float) -> FailingParts:
    """A part that is up with a given probability and down for ``repair_h`` hours in the mean: a power zone or a site.

    Its MTBF is repair_h x availability / (1 - availability); infinite for an availability of 1.

    Raises
    ------
    InvalidInput
        For an availability that is not in (0, 1], or no time of repair above 0.
    """
    require_number(
        availability,
        field=f"availability of {name}",
        above=0,
        at_most=1,
        remedy="give the probability that it is up",
    )
    require_number(repair_h, field="repair_h", above=0)
    mtbf_h = repair_h * availability / (1 - availability) if availability < 1 else math.inf
    return FailingParts(name=name, count=1, mtbf_h=mtbf_h, wait_s=repair_h * 3600)
