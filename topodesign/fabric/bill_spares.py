"""Spares of a fabric: a quantile of the failures until parts are replaced, see :class:`SparesRule`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from topodesign.domain.fabric_bill import FabricBillLine, SparesRule

DAYS_PER_YEAR = 365.0


def spare_lines(
    lines: Sequence[FabricBillLine], failures_per_year: Mapping[tuple[str, str], float], rule: SparesRule
) -> list[FabricBillLine]:
    """Spares of every kind of part, one stock for the whole fabric.

    Parameters
    ----------
    lines : sequence of FabricBillLine
        What is installed.
    failures_per_year : mapping of (table, item) to float
        Expected failures of one part in a year.
    rule : SparesRule
        Lead time and service level.

    Returns
    -------
    list of FabricBillLine
        In the order of the parts. Switches of different price (of different radix) are different parts; of cables the
        longest is stocked, which can replace every other.
    """
    kinds: dict[tuple[str, str, float], list[FabricBillLine]] = {}
    for line in lines:
        apart = 0.0 if line.table == "cable" else line.unit_cost_usd
        kinds.setdefault((line.table, line.item, apart), []).append(line)
    found = []
    for (table, item, _), parts in kinds.items():
        mean = sum(line.count for line in parts) * failures_per_year.get((table, item), 0.0)
        stock = poisson_quantile(mean * rule.lead_time_days / DAYS_PER_YEAR, rule.service_level)
        if stock:
            dearest = max(parts, key=lambda line: line.unit_cost_usd)
            found.append(replace(dearest, what="spares", count=stock, unit_power_w=0.0, optical=False))
    return found


def poisson_quantile(mean: float, probability: float) -> int:
    """Least whole number that a Poisson variable of this mean does not exceed with this probability."""
    from scipy.special import pdtr

    low, high = -1, 1
    while pdtr(high, mean) < probability:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if pdtr(middle, mean) < probability:
            low = middle
        else:
            high = middle
    return high
