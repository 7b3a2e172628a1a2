"""Which dimension of parallelism crosses which kind of link: inside a pod, between pods, sites and regions.

The rule is that of traffic (:mod:`topodesign.training.traffic`): tensor, expert and fully sharded parallelism send more
per step than anything but a pod's fabric carries; a pipeline sends activations of one boundary; data parallelism sends
each parameter about twice, whatever the number of accelerators, and so it goes farthest. Where some site cannot hold a
replica, one pipeline runs through all sites, and no all-reduce crosses them.
"""

from collections import Counter
from collections.abc import Mapping

from topodesign.catalog import load_catalog
from topodesign.catalog.training_models import training_model
from topodesign.domain.equipment import Accelerator
from topodesign.domain.sharding_checks import require_sharding
from topodesign.domain.training_model import LinkKind, Parallelism, ShardedDimension, ShardingPlan, TrainingModel
from topodesign.training.compute import pods_for_state, require_memory
from topodesign.training.traffic import REFUSED, bits_across_sites, data_parallel_bits, pipeline_bits


def plan_sharding(
    model: TrainingModel | str,
    accelerator: Accelerator | str,
    *,
    pods: Mapping[str, int],
    pod_accelerators: int,
    regions: Mapping[str, str] | None = None,
    bits_per_element: float = 16.0,
) -> ShardingPlan:
    """Which dimension crosses which links, and what each sends there per step.

    Parameters
    ----------
    model : TrainingModel or str
        A model, or the id of one of the catalogue.
    accelerator : Accelerator or str
        With ``hbm_gb``, or the id of one of the catalogue.
    pods : mapping of str to int
        Pods at every site, at least one each.
    pod_accelerators : int
        At least 1.
    regions : mapping of str to str, optional
        The region of every site; default: all in one.
    bits_per_element : float
        Of gradients and activations between pods and sites, above 0, at most 1024.

    Raises
    ------
    InvalidInput
        ``MODEL_EXCEEDS_MEMORY`` when not even the pods of all sites together hold the model; for figures out of range.
    NotFound
        For a model or accelerator that the catalogue does not have.
    """
    places = regions or {}
    require_sharding(pods=pods, regions=places, pod_accelerators=pod_accelerators, bits_per_element=bits_per_element)
    if isinstance(model, str):
        model = training_model(model)
    if isinstance(accelerator, str):
        accelerator = load_catalog().accelerator(accelerator, field="accelerator")
    where = {site: places.get(site, "all") for site in pods}
    needed = pods_for_state(model.parameters, accelerator, pod_accelerators=pod_accelerators)
    total = sum(pods.values())
    if needed > total:
        require_memory(model.parameters, accelerator, pod_accelerators=pod_accelerators * total)
    found = list(_inside_pods(model, bits_per_element, len(pods)))
    tokens = pipeline_bits(model.batch_tokens, model.hidden_size, bits_per_element)
    is_across = needed > min(pods.values())
    if needed > 1 and max(pods.values()) > 1:
        found.append(_pipeline("pods", tokens, needed))
    if is_across:  # one replica over all sites
        found += [_pipeline(kind, tokens, needed) for kind in _kinds(where)]
        return ShardingPlan(replica_pods=needed, replica_crosses_sites=True, dimensions=tuple(found))
    found += _data(model, pods, where, needed, bits_per_element)
    return ShardingPlan(replica_pods=needed, replica_crosses_sites=False, dimensions=tuple(found))


def _inside_pods(model: TrainingModel, bits_per_element: float, sites: int) -> list[ShardedDimension]:
    kept: list[Parallelism] = ["tensor", "fully-sharded"]
    if model.is_mixture:
        kept.insert(1, "expert")
    return [
        ShardedDimension(
            dimension=dimension,
            links="pod",
            bits_per_step=0.0,
            bits_across_sites=bits_across_sites(
                dimension,
                model,
                batch_tokens=model.batch_tokens,
                bits_per_element=bits_per_element,
                sites=max(2, sites),
            ),
            reason=f"stays inside a pod: {REFUSED[dimension]}",
        )
        for dimension in kept
    ]


def _kinds(where: Mapping[str, str]) -> list[LinkKind]:
    """The kinds of links that there are between sites."""
    kinds: list[LinkKind] = []
    if len(where) > len(set(where.values())):
        kinds.append("sites")
    if len(set(where.values())) > 1:
        kinds.append("regions")
    return kinds


def _pipeline(kind: LinkKind, bits: float, pods: int) -> ShardedDimension:
    return ShardedDimension(
        dimension="pipeline",
        links=kind,
        bits_per_step=bits,
        bits_across_sites=bits,
        reason=f"one replica's weights, gradients and optimizer fill {pods} pods; stages send activations only",
    )


def _data(
    model: TrainingModel, pods: Mapping[str, int], where: Mapping[str, str], needed: int, bits_per_element: float
) -> list[ShardedDimension]:
    """Hierarchical all-reduce: between the replicas of a site, of the sites of a region, of the regions."""
    most_sites = max(Counter(where.values()).values())
    members: dict[LinkKind, int] = {
        "pods": max(count // needed for count in pods.values()),
        "sites": most_sites,
        "regions": len(set(where.values())),
    }
    across = data_parallel_bits(model.parameters, bits_per_element, max(2, len(pods)))
    return [
        ShardedDimension(
            dimension="data",
            links=kind,
            bits_per_step=data_parallel_bits(model.parameters, bits_per_element, count),
            bits_across_sites=across,
            reason=f"one all-reduce a step over {count} {'replicas of a site' if kind == 'pods' else kind}, "
            "after a reduce-scatter inside each",
        )
        for kind, count in members.items()
        if count > 1
    ]
