"""Throughput of a fabric under several traffic patterns, as shares of the injection bandwidth."""

from topodesign.domain.fabric import Throughput
from topodesign.fabric.flow_programme import MOST_COLUMNS
from topodesign.fabric.graph import FabricGraph
from topodesign.fabric.throughput import FlowRate, farthest_rate, flow_rate, injection, uniform_rate
from topodesign.fabric.topology import PairRate
from topodesign.fabric.traffic import longest_matching, random_permutation

UNIFORM = "uniform all-to-all"
FARTHEST = "farthest accelerators"


def throughput_of(graph: FabricGraph, *, seed: int = 0, most_columns: int = MOST_COLUMNS) -> tuple[Throughput, ...]:
    """Uniform all-to-all, traffic near the worst, and a random permutation.

    Parameters
    ----------
    graph : FabricGraph
    seed : int
        Of the random permutation.
    most_columns : int
        Largest linear programme for the permutations; above it they get bounds.

    Returns
    -------
    tuple of Throughput
        Shares of the mean capacity of all links of an accelerator, host links included; empty for one accelerator.
    """
    if graph.hosts < 2:
        return ()
    own = injection(graph)
    return (
        _share(UNIFORM, uniform_rate(graph), own),
        *worst_shares(graph, most_columns=most_columns),
        random_share(graph, seed=seed, most_columns=most_columns),
    )


def worst_shares(graph: FabricGraph, *, most_columns: int) -> tuple[Throughput, ...]:
    """The longest matching, or a mean of such where the graph claims symmetry.

    Empty above :data:`topodesign.fabric.traffic.MOST_MATCHED` accelerators or classes of twins.
    """
    own = injection(graph)
    if graph.orbit is not None:
        return (_share(FARTHEST, farthest_rate(graph, graph.orbit), own),)
    worst = longest_matching(graph)
    return () if worst is None else (_share(worst.pattern, flow_rate(worst, most_columns=most_columns), own),)


def random_share(graph: FabricGraph, *, seed: int, most_columns: int) -> Throughput:
    """One random permutation."""
    random = random_permutation(graph, seed=seed)
    return _share(random.pattern, flow_rate(random, most_columns=most_columns), injection(graph))


def uniform_share(rate: PairRate, accelerators: int, injected: float) -> Throughput:
    """A known all-to-all rate as a share of what every accelerator can inject (links of rate 1)."""
    others = accelerators - 1
    found = FlowRate(lower=rate.proven * others, upper=rate.rate * others, method=rate.method)
    return _share(UNIFORM, found, injected)


def _share(pattern: str, rate: FlowRate, own: float) -> Throughput:
    scale = 1 / own if own > 0 else 0.0
    return Throughput(
        pattern=pattern,
        value=rate.upper * scale,
        lower=rate.lower * scale,
        upper=rate.upper * scale,
        method=rate.method,
        exact=rate.exact,
    )
