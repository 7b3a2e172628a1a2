"""The planning problems of a future: after sites are committed, and with prices that make futures agree on sites.

Both are the ordinary problem of the future with other fixed capex. After S is committed it is 0 in S (paid already) and
(1 + premium) f elsewhere. For the bound it is min(f + m, (1 + premium) f): what a site costs that is committed at its
price f and the multiplier m, or opened late without, whichever is less (docs/uncertainty.md, formula 6).
"""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence

from topodesign.domain.errors import InvalidInput
from topodesign.domain.futures import Futures
from topodesign.domain.ranges import MOST_USD
from topodesign.domain.scenario import Scenario

Multipliers = Mapping[str, float]
"""US dollars by site id, of one future; 0 where a site is missing."""


def fixed_usd(scenario: Scenario) -> dict[str, float]:
    """Fixed capex of every site in a future, US dollars."""
    return {site.site_id: site.fixed_capex_usd for site in scenario.sites}


def committed_usd(scenario: Scenario, committed: Collection[str]) -> float:
    """What the committed sites cost in a future whatever is done with them, US dollars."""
    return math.fsum(site.fixed_capex_usd for site in scenario.sites if site.site_id in committed)


def recourse_scenario(scenario: Scenario, committed: Collection[str], premium: float) -> Scenario:
    """What is left to plan in a future once sites are committed; others cost ``premium`` more, or are out when inf."""
    sites = []
    for site in scenario.sites:
        if site.site_id in committed:
            sites.append(dataclasses.replace(site, fixed_capex_usd=0.0))
        elif math.isinf(premium):
            sites.append(dataclasses.replace(site, forbidden=True))
        else:
            sites.append(dataclasses.replace(site, fixed_capex_usd=late_usd(site.fixed_capex_usd, premium)))
    return dataclasses.replace(scenario, sites=tuple(sites))


def priced_scenario(scenario: Scenario, multipliers: Multipliers, premium: float) -> Scenario:
    """The problem of a future whose least cost enters the bound; ``multipliers`` are at least minus the fixed capex."""
    return dataclasses.replace(
        scenario,
        sites=tuple(
            dataclasses.replace(
                site,
                fixed_capex_usd=priced_usd(site.fixed_capex_usd, multipliers.get(site.site_id, 0.0), premium),
            )
            for site in scenario.sites
        ),
    )


def priced_usd(fixed: float, multiplier: float, premium: float) -> float:
    """Fixed capex of a site in :func:`priced_scenario`; less than that would be a valid bound too."""
    return max(0.0, min(fixed + multiplier, late_usd(fixed, premium), MOST_USD))


def late_usd(fixed: float, premium: float) -> float:
    """What a site costs that is opened without having been committed, US dollars."""
    return math.inf if math.isinf(premium) else (1 + premium) * fixed


def require_late_prices(scenarios: Sequence[Scenario], futures: Futures, premium: float) -> None:
    """Raise :class:`InvalidInput` where a site opened late would cost more than a scenario takes.

    A price that was cut down to that limit would be less than the true cost.
    """
    for scenario, future in zip(scenarios, futures.futures, strict=True):
        for site in scenario.sites:
            late = late_usd(site.fixed_capex_usd, premium)
            if MOST_USD < late < math.inf:
                raise InvalidInput(
                    f"future {future.name!r}: site {site.site_id!r} opened late costs (1 + late_premium {premium:g}) x "
                    f"fixed_capex_usd {site.fixed_capex_usd:g} = {late:g} USD, above the {MOST_USD:g} that a scenario "
                    "takes; lower one of them, or set late_premium to inf",
                    reason="LATE_COST_TOO_HIGH",
                    field_path="late_premium",
                    metadata={"future": future.name, "site": site.site_id},
                )


def always_committed(scenarios: Sequence[Scenario], premium: float) -> frozenset[str]:
    """Sites that every plan uses: committing to them is never worse, and needed where nothing can be opened late."""
    needed = [
        {site.site_id for site in scenario.sites if site.required} | set(scenario.demand_sites)
        for scenario in scenarios
    ]
    return frozenset(set.union(*needed) if math.isinf(premium) else set.intersection(*needed))


def usable(scenario: Scenario) -> frozenset[str]:
    """Sites in which pods can stand in a future."""
    return frozenset(site.site_id for site in scenario.sites if not site.forbidden and site.role == "compute")
