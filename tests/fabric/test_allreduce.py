"""The all-reduce of a fabric alone is that of its evaluation."""

import pytest

from topodesign.catalog import load_catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos, EdgeList, FabricSpec, Torus
from topodesign.domain.fabric_switched import Edge
from topodesign.fabric import evaluate_fabric
from topodesign.fabric.allreduce import fastest_allreduce


@pytest.mark.parametrize(
    "spec",
    [
        Torus(shape=(4, 4, 8)),
        Torus(shape=(1, 1, 1)),
        Clos(accelerators=1024, radix=64),
        Clos(accelerators=3000, radix=64, link_gbps=800.0, pod_leaves=32),
        EdgeList(
            accelerators=("a", "b", "c"),
            edges=(Edge(a="a", z="s"), Edge(a="b", z="s", gbps=100.0), Edge(a="c", z="s")),
        ),
    ],
)
def test_it_is_what_the_evaluation_finds(spec: FabricSpec) -> None:
    catalog = load_catalog()
    found = fastest_allreduce(spec, message_bytes=2e9, catalog=catalog)
    whole = evaluate_fabric(spec, message_bytes=2e9, catalog=catalog)
    best = next(row for row in whole.collectives if row.operation == "all_reduce")
    assert (found.allreduce_s, found.latency_s) == (whole.allreduce_s, best.latency_s)
    assert (found.name, found.switches) == (whole.name, whole.switches)
    assert (found.cost_usd, found.power_kw) == (whole.cost_usd, whole.power_kw)


def test_nothing_to_send_is_refused() -> None:
    with pytest.raises(InvalidInput, match="message_bytes"):
        fastest_allreduce(Torus(shape=(2, 2, 2)), message_bytes=0.0, catalog=load_catalog())
