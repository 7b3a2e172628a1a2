"""The worst losses of a partition, and the separation that uses them, against going through every loss."""

import itertools
import random

import numpy as np
import pytest

from topodesign.catalog import load_catalog
from topodesign.planning.instance import compile_instance
from topodesign.planning.master import build_master
from topodesign.planning.partition_rows import PartitionSeparator
from topodesign.planning.worst_conduits import WorstConduits, all_partitions

POLICIES = (("conduit",), ("conduit-pair",))


def losses_of(instance, survive):
    """Masks of the lightpaths that each loss takes down, straight from the routes."""
    conduits = sorted({conduit for segment in instance.graph.segments for conduit in segment.conduits})
    dead = {
        conduit: np.array(
            [
                any(conduit in instance.graph.segments[segment].conduits for segment in path.route)
                for path in instance.lightpaths
            ]
        )
        for conduit in conduits
    }
    if survive == ("conduit",):
        return list(dead.values())
    return [dead[one] | dead[two] for one, two in itertools.combinations(conduits, 2)]


def some_capacity(instance, seed):
    draw = np.random.default_rng(seed)
    used = draw.random(len(instance.lightpaths)) < draw.uniform(0.05, 0.9)
    return np.where(used, draw.uniform(0, 2, len(instance.lightpaths)), 0.0) * instance.required_gbps


def crossing_of(instance, block):
    a, z = block[instance.ends[:, 0]], block[instance.ends[:, 1]]
    return (a != z) & (a >= 0) & (z >= 0)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7])
def test_partitions_are_all_different_and_as_many_as_bell_says(count):
    found = all_partitions(count)
    assert len(set(found)) == len(found) == (0, 1, 4, 14, 51, 202, 876)[count - 1]
    assert all(sorted(itertools.chain(*partition)) == list(range(count)) for partition in found)


@pytest.mark.parametrize("survive", POLICIES)
@pytest.mark.parametrize("seed", range(20))
def test_the_worst_loss_takes_as_much_as_the_worst_of_all(seed, survive, random_scenario):
    instance = compile_instance(random_scenario(seed, survive=survive), load_catalog())
    separator = PartitionSeparator(instance)
    capacity = some_capacity(instance, seed)
    worst = WorstConduits(separator.states.conduits, instance.ends, capacity, in_pairs=separator.states.has_pairs)
    draw = random.Random(seed)
    for _ in range(10):
        block = np.array([draw.choice((0, 0, 1, 2, -1)) for _ in instance.sites])
        crossing = crossing_of(instance, block)
        expected = max(float(capacity[crossing & dead].sum()) for dead in losses_of(instance, survive))
        assert worst.crossing_gbps(block[None, :])[0] == pytest.approx(capacity[crossing].sum())
        assert worst.most_killed_gbps(block[None, :])[0] >= expected * (1 - 1e-9)
        found = list(worst.worst(block, least_gbps=1e-6, most=3))
        assert (found[0][0] if found else 0.0) == pytest.approx(expected)
        assert [killed for killed, _ in found] == sorted((killed for killed, _ in found), reverse=True)
        for killed, state in found:
            assert killed == pytest.approx(capacity[crossing & state.dead_paths].sum())


@pytest.mark.parametrize("survive", POLICIES)
@pytest.mark.parametrize("seed", range(20))
def test_a_row_is_found_exactly_when_a_partition_is_too_weak_after_some_loss(seed, survive, random_scenario):
    fraction = (1.0, 0.6)[seed % 2]
    scenario = random_scenario(seed, survive=survive, survivable_fraction=fraction)
    instance = compile_instance(scenario, load_catalog())
    capacity = some_capacity(instance, seed)
    used = list(range(len(instance.sites)))
    required = {0: instance.required_gbps, 1: fraction * instance.required_gbps}
    weakest = min(
        float(capacity[crossing_of(instance, np.array(label)) & ~dead].sum()) - required[failed] * max(label)
        for label in itertools.product(*(range(position + 1) for position in range(len(used))))
        if set(label) == set(range(max(label) + 1)) and max(label) > 0
        for failed, losses in ((0, [np.zeros(len(capacity), dtype=bool)]), (1, losses_of(instance, survive)))
        for dead in losses
    )
    master = build_master(instance, fixed_sites=used)
    rows = PartitionSeparator(instance).rows_for_used(master, capacity, used, least=1e-9)
    assert bool(rows) == (weakest < -1e-9 * instance.required_gbps)
    x = np.zeros(len(master.programme.names))
    for path, column in enumerate(master.x):
        x[column] = capacity[path] / instance.rate_gbps[path] / master.unit[path]
    slack = [sum(value * x[column] for column, value in row.coefficients.items()) - row.lower for row in rows]
    if rows:
        assert min(slack) * instance.required_gbps == pytest.approx(weakest)
