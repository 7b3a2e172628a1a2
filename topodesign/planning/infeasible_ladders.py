"""The least relief of a limit that is one number: the strictest value, out of a ladder of them, that has a plan.

What fits at one value fits at every looser one, so the ladder is bisected: first by sitings alone, which take
milliseconds and prove what is too strict, then by searches for a plan.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from topodesign.domain.plan import Relief
from topodesign.domain.scenario import Scenario
from topodesign.planning.infeasible_applying import apply_relief
from topodesign.planning.infeasible_easing import Eased, Question
from topodesign.planning.infeasible_probe import Probed, Prober, without_light

MOST_PROBES = 10
"""Searches on one ladder: two, and seven that halve a hundred steps down to one."""
SHARE_STEP = 0.01
MARGIN_STEP_DB = 0.1
GROWTH = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Values of a limit from the strictest above today's to the loosest; ``grain`` says how far apart they are."""

    limit: str
    from_value: float
    values: tuple[float, ...]
    unit: str
    grain: str

    def relief(self, step: int) -> Relief:
        """The change to one of the values."""
        return Relief(limit=self.limit, id="", from_value=self.from_value, to_value=self.values[step], unit=self.unit)


def ease_ladder(question: Question, prober: Prober) -> Eased:
    """The strictest value of a ladder that has a plan."""
    name = question.groups[0].name
    ladder = _ladder(name, question, prober)
    scenario = question.scenario

    def at(step: int) -> Scenario:
        return apply_relief(scenario, [ladder.relief(step)])

    last = len(ladder.values) - 1
    low, first = -1, last
    while first - low > 1 and not prober.halt.is_over():
        middle = (low + first) // 2
        if prober.siting(at(middle)) is None:
            low = middle
        else:
            first = middle
    low, high, is_proven, best = _bisected(question, prober, at, low=low, first=first, last=last)
    is_least = is_proven and high - low == 1
    proof = f"no plan keeps the other limits with a stricter value {ladder.grain}".rstrip()
    if not is_least:
        proof = f"between {ladder.values[max(low, 0)]:,.10g} and this value the time was too short to decide"
    return Eased(relief=(ladder.relief(high),), probed=best, is_least=is_least, proof=proof)


def _bisected(
    question: Question, prober: Prober, at: Callable[[int], Scenario], *, low: int, first: int, last: int
) -> tuple[int, int, bool, Probed]:
    """The strictest step that has a plan, by searches: the loosest that has none (and whether that is proven), the
    strictest that has one, and its plan. ``first`` is the strictest with a siting, ``low`` one without (or -1)."""
    best, high = question.fallback, last
    is_proven = first - low == 1
    # the strictest step with a siting mostly has a plan; where it has none, mostly nothing but the loosest has
    order = [step for step in (first, last - 1) if low < step < last]
    for _ in range(MOST_PROBES):
        if high - low <= 1 or prober.halt.is_over():
            break
        step = next((step for step in order if low < step < high), (low + high) // 2)
        probed = prober.probe(at(step))
        if probed.outcome == "plan":
            best, high = probed, step
        else:
            low, is_proven = step, probed.outcome == "none"
    return low, high, is_proven, best


def _ladder(name: str, question: Question, prober: Prober) -> Ladder:
    if name.startswith("policy.survive "):
        return _survivable(question, prober)
    return _LADDERS[name](question, prober)


def _round_trips(question: Question, prober: Prober) -> Ladder:
    """Every round trip between two candidate sites that is above the limit, in whole microseconds."""
    limit = question.scenario.policy.max_rtt_ms
    instance = without_light(question.lifted, prober.catalog)
    trips = {math.ceil(rtt * 1e3) / 1e3 for row in instance.trips.rtt_ms for rtt in row if limit < rtt < math.inf}
    longest = max([limit, *trips])
    return Ladder(
        limit="policy.max_rtt_ms", from_value=limit, values=tuple(sorted(trips)) or (longest,), unit="ms", grain=""
    )


def _survivable(question: Question, prober: Prober) -> Ladder:  # noqa: ARG001  (one signature for all ladders)
    now = question.scenario.policy.survivable_fraction
    steps = math.ceil(now / SHARE_STEP - 1e-9)
    values = tuple(round(step * SHARE_STEP, 6) for step in range(steps - 1, -1, -1))
    return Ladder(
        limit="policy.survivable_fraction",
        from_value=now,
        values=values,
        unit="share of the sync bandwidth",
        grain=f"in steps of {SHARE_STEP:g}",
    )


def _counts(field: str, loosest: Callable[[Scenario], int]) -> Callable[[Question, Prober], Ladder]:
    def build(question: Question, prober: Prober) -> Ladder:  # noqa: ARG001
        now, end = getattr(question.scenario.policy, field), loosest(question.scenario)
        step = 1 if end > now else -1
        values = tuple(float(value) for value in range(now + step, end + step, step))
        return Ladder(limit=f"policy.{field}", from_value=float(now), values=values, unit="sites", grain="")

    return build


def _shares(field: str) -> Callable[[Question, Prober], Ladder]:
    def build(question: Question, prober: Prober) -> Ladder:  # noqa: ARG001
        now = getattr(question.scenario.policy, field)
        first = math.floor(now / SHARE_STEP + 1e-9) + 1
        values = tuple(min(1.0, round(step * SHARE_STEP, 6)) for step in range(first, math.ceil(1 / SHARE_STEP) + 1))
        return Ladder(
            limit=f"policy.{field}",
            from_value=now,
            values=values,
            unit="share of all pods",
            grain=f"in steps of {SHARE_STEP:g}",
        )

    return build


def _carbon(question: Question, prober: Prober) -> Ladder:  # noqa: ARG001
    """From the cap to what the plan without it emits, in hundredths of the way."""
    now = question.scenario.policy.carbon_t_per_year
    end = math.ceil(_carbon_t(question.fallback) + 1)
    values = tuple(sorted({float(math.ceil(now + (end - now) * step / 100)) for step in range(1, 101)}))
    grain = f"in steps of {(end - now) / 100:,.0f} t"
    return Ladder(
        limit="policy.carbon_t_per_year", from_value=now, values=values, unit="t of CO2 per year", grain=grain
    )


def _carbon_t(probed: Probed) -> float:
    """Tonnes per year of a plan: pods, transceivers, line systems (formulation (15))."""
    instance, design = probed.instance, probed.design
    assert instance is not None and design is not None  # a fallback is a plan
    tonnes = [count * instance.sites[site].pod_carbon_t_per_year for site, count in design.pods.items()]
    for path, count in design.counts.items():
        for node, watts in instance.transceiver_watts(instance.lightpaths[path]):
            tonnes.append(count * watts / 1e6 * instance.powers.at(instance.graph.nodes[node]).carbon_t_per_mw_year)
    for segment, pairs in design.pairs.items():
        price = instance.segment_prices[segment]
        tonnes.append(pairs * price.line_mw * price.power.carbon_t_per_mw_year)
    return math.fsum(tonnes)


def _accelerators(question: Question, prober: Prober) -> Ladder:  # noqa: ARG001
    """Whole pods less."""
    size = question.scenario.size
    now = size.accelerators or size.pod_accelerators
    pods = range(math.ceil(now / size.pod_accelerators) - 1, 0, -1)
    return Ladder(
        limit="size.accelerators",
        from_value=float(now),
        values=tuple(float(count * size.pod_accelerators) for count in pods),
        unit="accelerators",
        grain="in whole pods",
    )


def _shrinking(
    limit: str, unit: str, end_share: float, read: Callable[[Scenario], float | None]
) -> Callable[[Question, Prober], Ladder]:
    """Values in steps of 5 %, down to (or up to, where ``end_share`` is above one) a share of today's."""

    def build(question: Question, prober: Prober) -> Ladder:  # noqa: ARG001
        now = read(question.scenario) or 0.0
        factor = GROWTH if end_share > 1 else 1 / GROWTH
        steps = math.ceil(abs(math.log(end_share)) / math.log(GROWTH))
        values = tuple(float(f"{now * factor**step:.6g}") for step in range(1, steps + 1))
        return Ladder(limit=limit, from_value=now, values=values, unit=unit, grain=f"in steps of {GROWTH - 1:.0%}")

    return build


def _margin(question: Question, prober: Prober) -> Ladder:  # noqa: ARG001
    now = question.scenario.optics.margin_db
    steps = math.ceil(now / MARGIN_STEP_DB - 1e-9)
    values = tuple(round(step * MARGIN_STEP_DB, 6) for step in range(steps - 1, -1, -1))
    grain = f"in steps of {MARGIN_STEP_DB:g} dB"
    return Ladder(limit="optics.margin_db", from_value=now, values=values, unit="dB", grain=grain)


_LADDERS: Mapping[str, Callable[[Question, Prober], Ladder]] = {
    "policy.max_rtt_ms": _round_trips,
    "policy.min_sites": _counts("min_sites", lambda _: 1),
    "policy.max_sites": _counts("max_sites", lambda scenario: len(scenario.sites)),
    "policy.max_zone_share": _shares("max_zone_share"),
    "policy.max_utility_share": _shares("max_utility_share"),
    "policy.carbon_t_per_year": _carbon,
    "size.accelerators": _accelerators,
    "size.power_mw": _shrinking("size.power_mw", "MW", 1e-4, lambda scenario: scenario.size.power_mw),
    "workload.sync_time_s": _shrinking("workload.sync_time_s", "s", 1e6, lambda given: given.workload.sync_time_s),
    "workload.utilization": _shrinking(
        "workload.utilization", "share of the time", 1e-6, lambda given: given.workload.utilization
    ),
    "optics.margin_db": _margin,
}
