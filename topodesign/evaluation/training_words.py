"""What the figures of a plan's training take for granted, in words."""

from collections.abc import Iterator

from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario, TrainingRules
from topodesign.domain.training import TrainingRequest
from topodesign.training.estimating import SELDOM
from topodesign.training.job_of_scenario import assumptions_of_job

DEFAULT_RULES = TrainingRules()


def assumptions_of_training(scenario: Scenario, plan: Plan, request: TrainingRequest) -> Iterator[str]:
    """Of the step, the exchange, recovery, dollars and energy, and of the single site."""
    yield from assumptions_of_job(scenario.workload)
    yield from _step(request, scenario.training)
    if len(plan.sites) > 1:
        yield from _exchange(scenario, request)
    yield from _recovery(request, scenario.training)
    yield from _units(scenario)
    yield (
        "the single site is hypothetical: no grid there is known to give its MW; the same accelerators, hours, PUE, "
        "energy prices and grams as at the plan's sites, one fabric, one power zone of their mean availability, no "
        "network between sites and none of its dollars and watts, and no other site that could go on"
    )


def _step(request: TrainingRequest, rules: TrainingRules) -> Iterator[str]:
    yield (
        "in-site all-reduce: of the gradients of one replica on one pod, over all accelerators of the slowest site, "
        "with equal injection and fluid bandwidths; the in-site utilization already holds some of it, so it is counted "
        "twice in part, which makes steps longer"
    )
    if request.method in SELDOM and request.sites > 1:
        yield "inside sites gradients are exchanged after every step, in 16 bits at least"
    if rules.jitter_s == 0:
        yield "sites' step times do not vary (training.jitter_s is 0), so that nobody waits for the slowest"


def _exchange(scenario: Scenario, request: TrainingRequest) -> Iterator[str]:
    if scenario.workload.demand != "all-reduce":
        return
    yield (
        "an exchange between sites is reduce-scatter inside, all-reduce between, all-gather inside, one after the "
        "other: an upper bound, as chunks could be pipelined; the transfer is that of the plan's strength with "
        "everything up"
    )
    if request.method == "asynchronous":
        yield "asynchronous sites wait for no exchange, unless the links are full"
    else:
        yield (
            f"its latency is an upper bound: {2 * (request.sites - 1)} one-way latencies of the plan's slowest "
            "lightpath, as in a ring or along the deepest tree"
        )
    if request.method in SELDOM:
        yield "compute_penalty is no part of utilization, effective FLOP/s, dollars or energy"


def _recovery(request: TrainingRequest, rules: TrainingRules) -> Iterator[str]:
    reform = (
        f"all stand still for {_given(rules, 'reform_s')} whenever one leaves or comes back"
        if request.method == "data-parallel"
        else "nobody waits when one leaves or comes back"
    )
    yield (
        f"a checkpoint takes {_given(rules, 'write_s')} and a restart {_given(rules, 'restart_s')}; where the others "
        f"go on, {reform}, and each site or replica has the state of the others to begin from"
    )
    yield "links inside sites fail at the rate of one for each accelerator, whatever the fabric"


def _given(rules: TrainingRules, name: str) -> str:
    """Seconds with the name of the setting, and that its default is assumed."""
    value: float = getattr(rules, name)
    is_default = value == getattr(DEFAULT_RULES, name)
    return f"{value:g} s (training.{name}{', the default: assumed' if is_default else ''})"


def _units(scenario: Scenario) -> Iterator[str]:
    economics = scenario.economics
    yield (
        f"dollars per exaFLOP-day are levelized over {economics.horizon_years} years at "
        f"{economics.discount_rate:.3g}: net present cost of sites and network, with the purchase of accelerators, and "
        "with that and fabrics; prices are indicative"
    )
    yield (
        f"sites draw {economics.load_factor:.3g} of their MW (economics.load_factor) whenever their zone is up, "
        "whatever the goodput; line systems between sites are beside it; with fabrics is an upper bound, as all-in "
        "watts of accelerators may hold part of the fabric"
    )
