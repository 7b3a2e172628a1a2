"""From models and accelerators to estimates: memory, refused parallelism, sharding, sweeps and errors."""

import dataclasses

import numpy as np
import pytest

import topodesign as td
from topodesign.catalog import figures_of, load_catalog
from topodesign.catalog.training_models import training_model
from topodesign.domain.errors import InvalidInput, NotFound, TopoDesignError
from topodesign.domain.training import PipelineShape
from topodesign.training.compute import equal_split_step_s, pods_for_state, require_memory, state_bytes_per_parameter
from topodesign.training.sharding import plan_sharding
from topodesign.training.sweep import sweep_training

BASE = {"parameters": 1e12, "step_s": 1.0, "sites": 2, "gbps": 1000.0}
H100 = load_catalog().accelerator("h100-sxm")


def test_every_model_has_origins_and_a_shape_that_makes_its_parameters():
    for model in td.training_models():
        for figure in figures_of(model):
            origin = model.origins.get(figure) or model.origins["*"]
            assert origin.source and len(origin.date) >= 7
        if not model.is_mixture:  # 12 L d^2, without embeddings and with narrower keys and values
            assert 12 * model.layers * model.hidden_size**2 == pytest.approx(model.parameters, rel=0.02)


def test_a_model_by_name_gives_parameters_layers_and_batch():
    # 6 x 405e9 x 16,777,216 / (16,384 x 0.4 x 989e12)
    found = td.estimate_training(model="llama-3-405b", accelerators=16_384, sites=2, gbps=1000)
    assert found.step_s == pytest.approx(6 * 405e9 * 16_777_216 / (16_384 * 0.4 * 989e12))
    assert found.exchange_bits == pytest.approx(405e9 * 16)


def test_a_mixture_of_experts_computes_with_active_and_sends_all_parameters():
    found = td.estimate_training(model="deepseek-v3-671b", accelerators=16_384, sites=2, gbps=1000)
    assert found.step_s == pytest.approx(6 * 37e9 * 62_914_560 / (16_384 * 0.4 * 989e12))
    assert found.exchange_bits == pytest.approx(671e9 * 16)
    dense = td.estimate_training(
        parameters=671e9, batch_tokens=62_914_560, layers=61, accelerators=16_384, sites=2, gbps=1000
    )
    assert dense.step_s == pytest.approx(found.step_s * 671 / 37)
    assert dense.utilization > found.utilization


def test_attention_makes_a_step_longer():
    options = {"model": "llama-3-405b", "accelerators": 16_384, "sites": 2, "gbps": 1000}
    plain = td.estimate_training(**options)
    counted = td.estimate_training(**options, count_attention=True)
    # 6 L d s / (6 P) = 126 x 16,384 x 8,192 / 405e9 = 4.2 %
    assert counted.step_s / plain.step_s == pytest.approx(1 + 126 * 16_384 * 8_192 / 405e9)


def test_equal_batches_wait_for_the_slower_site():
    assert equal_split_step_s(10.0, [1.0, 4.0]) == 5.0
    with pytest.raises(InvalidInput, match="leave out sites without accelerators"):
        equal_split_step_s(10.0, [1.0, 0.0])


def test_a_model_fits_the_memory_that_its_state_takes():
    # 18 bytes for each of 405e9 parameters are 7.29 TB; 80 % of 80 GB hold 64 GB: 113.9 accelerators
    assert state_bytes_per_parameter() == 18
    assert state_bytes_per_parameter(8) == 17
    assert require_memory(405e9, H100, pod_accelerators=114) == pytest.approx(7.29e12 / 114)
    assert pods_for_state(405e9, H100, pod_accelerators=72) == 2
    with pytest.raises(InvalidInput, match="use at least 114 accelerators") as refusal:
        require_memory(405e9, H100, pod_accelerators=72, sites=2)
    assert refusal.value.reason == "MODEL_EXCEEDS_MEMORY"
    assert "pipeline stages across the 2 sites" in refusal.value.message


def test_a_model_that_fits_no_site_is_refused_unless_it_is_a_pipeline_through_all():
    options = {"model": "llama-3-405b", "accelerators": 200, "sites": 2, "gbps": 1000}
    with pytest.raises(InvalidInput) as refusal:
        td.estimate_training(**options)
    assert refusal.value.reason == "MODEL_EXCEEDS_MEMORY"
    pipeline = PipelineShape(stages=8, micro_batches=64, hidden_size=16_384, batch_tokens=16_777_216)
    assert td.estimate_training(**options, method="pipeline", pipeline=pipeline).utilization > 0


def test_memory_that_nobody_knows_is_asked_for():
    with pytest.raises(InvalidInput, match="give it in the catalogue") as refusal:
        pods_for_state(1e12, dataclasses.replace(H100, hbm_gb=None), pod_accelerators=8)
    assert refusal.value.reason == "MEMORY_UNKNOWN"


@pytest.mark.parametrize(
    ("method", "amount"),
    [("tensor", "277.1 TB a step"), ("fully-sharded", "1.215 TB a micro-step"), ("expert", "0 TB a step")],
)
def test_parallelism_that_cannot_cross_sites_is_refused_with_its_traffic(method, amount):
    # 2 x 126 x 4 / 2 x 550 GB = 277 TB; 3/2 x 810 GB; Llama has no experts
    with pytest.raises(InvalidInput, match="cannot cross sites") as refusal:
        td.estimate_training(model="llama-3-405b", accelerators=16_384, sites=2, gbps=1000, method=method)
    assert refusal.value.reason == "PARALLELISM_NOT_ACROSS_SITES"
    assert amount in refusal.value.message
    assert "0.81 TB a step for data parallelism" in refusal.value.message
    with pytest.raises(InvalidInput, match="cross sites with data-parallel, diloco"):
        td.estimate_training(**{**BASE, "method": method})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sites": 0}, "sites"),
        ({"sites": 2.5}, "sites"),
        ({"gbps": -1}, "gbps"),
        ({"gbps": 0}, "gbps"),
        ({"gbps": float("nan")}, "gbps"),
        ({"gbps": None}, "gbps"),
        ({"utilization": 0.9}, "gbps"),
        ({"gbps": None, "utilization": 1.01}, "utilization"),
        ({"gbps": None, "utilization": 0}, "utilization"),
        ({"parameters": 0}, "parameters"),
        ({"step_s": -1}, "step_s"),
        ({"step_s": None}, "step_s"),
        ({"bits_per_element": 0}, "bits_per_element"),
        ({"method": "gossip"}, "method"),
        ({"inner_steps": 10}, "inner_steps"),
        ({"overlap_steps": 1}, "overlap_steps"),
        ({"method": "diloco", "overlap_steps": 101}, "overlap_steps"),
        ({"method": "streaming"}, "layers"),
        ({"method": "streaming", "layers": 24, "inner_steps": 4}, "fragment_layers"),
        ({"method": "pipeline"}, "pipeline"),
        ({"goodput_factor": 1.5}, "goodput_factor"),
        ({"rtt_ms": -1}, "rtt_ms"),
        ({"jitter_s": -1}, "jitter_s"),
        ({"jitter_law": "cauchy"}, "jitter_law"),
        ({"uptime": 0}, "uptime"),
        ({"in_site_utilization": 1.2}, "in_site_utilization"),
        ({"accelerators": 0}, "accelerators"),
        ({"accelerators": 1}, "accelerators"),
        ({"step_s": None, "accelerators": 8, "batch_tokens": 1e6, "active_parameters": 2e12}, "active_parameters"),
        ({"step_s": None, "accelerators": 8, "batch_tokens": 1e6, "count_attention": True}, "count_attention"),
        ({"bandwidth": 3}, "bandwidth"),
    ],
)
def test_wrong_input_is_refused_by_field_with_a_remedy(changes, field):
    with pytest.raises(InvalidInput) as refusal:
        td.estimate_training(**{**BASE, **changes})
    assert refusal.value.field_path == field
    assert "; " in refusal.value.message


def test_unknown_names_are_told_with_those_that_there_are():
    with pytest.raises(NotFound, match="llama-3-405b"):
        td.estimate_training(model="llama", accelerators=8, sites=2, gbps=1)
    with pytest.raises(TopoDesignError, match="h100"):
        td.estimate_training(model="llama-3-405b", accelerator="h1000", accelerators=800, sites=2, gbps=1)


def test_dimensions_go_as_far_as_their_traffic_allows():
    # 405B fills 2 pods of 72; sites of 8 and 6 pods have 4 and 3 replicas; 2 + 1 sites in two regions
    plan = plan_sharding(
        training_model("llama-3-405b"),
        H100,
        pods={"a": 8, "b": 6, "c": 6},
        pod_accelerators=72,
        regions={"a": "east", "b": "east", "c": "west"},
    )
    assert (plan.replica_pods, plan.replica_crosses_sites) == (2, False)
    crossing = {(item.dimension, item.links): item.bits_per_step for item in plan.dimensions}
    assert crossing == {
        ("tensor", "pod"): 0,
        ("fully-sharded", "pod"): 0,
        ("pipeline", "pods"): 16_777_216 * 16_384 * 16,
        ("data", "pods"): pytest.approx(1.5 * 405e9 * 16),
        ("data", "sites"): pytest.approx(405e9 * 16),
        ("data", "regions"): pytest.approx(405e9 * 16),
    }
    tensor = next(item for item in plan.dimensions if item.dimension == "tensor")
    assert tensor.bits_across_sites > 100 * crossing["data", "sites"]


def test_a_replica_that_no_site_holds_becomes_a_pipeline_through_all():
    plan = plan_sharding(training_model("deepseek-v3-671b"), H100, pods={"a": 2, "b": 2}, pod_accelerators=72)
    assert (plan.replica_pods, plan.replica_crosses_sites) == (3, True)
    assert [(item.dimension, item.links) for item in plan.dimensions] == [
        ("tensor", "pod"),
        ("expert", "pod"),
        ("fully-sharded", "pod"),
        ("pipeline", "pods"),
        ("pipeline", "sites"),
    ]
    with pytest.raises(InvalidInput) as refusal:
        plan_sharding(training_model("dense-72t"), H100, pods={"a": 2, "b": 2}, pod_accelerators=72)
    assert refusal.value.reason == "MODEL_EXCEEDS_MEMORY"
    with pytest.raises(InvalidInput, match="at least one site"):
        plan_sharding(training_model("dense-72t"), H100, pods={}, pod_accelerators=72)


def test_a_sweep_is_the_estimates_one_by_one():
    gbps = np.array([10.0, 300.0, 5000.0])
    sites = np.array([[1], [2], [24]])
    shape = {
        "inner_steps": 100,
        "layers": 24,
        "overlap_steps": 1,
        "rtt_ms": 20.0,
        "goodput_factor": 0.8,
        "jitter_s": 0.05,
    }
    swept = sweep_training(parameters=1e11, step_s=0.7, sites=sites, gbps=gbps, fragments=8, **shape)
    for (row, column), reached in np.ndenumerate(swept.utilization):
        one = td.estimate_training(
            parameters=1e11,
            step_s=0.7,
            sites=int(sites[row, 0]),
            gbps=float(gbps[column]),
            method="streaming",
            fragment_layers=3,
            **shape,
        )
        for name in ("sync_s", "stall_s", "straggler_s"):
            assert getattr(swept, name)[row, column] == pytest.approx(getattr(one, name), rel=1e-12)
        assert reached == pytest.approx(one.utilization, rel=1e-12)


def test_a_sweep_over_utilization_is_infinite_where_no_bandwidth_reaches_it():
    swept = sweep_training(parameters=1e9, step_s=0.1, sites=2, utilization=[0.5, 0.7, 0.99], rtt_ms=40.0)
    assert np.isfinite(swept.required_gbps).tolist() == [True, True, False]
    assert swept.utilization == pytest.approx([0.5, 0.7, 0.1 / 0.14])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sites": [2, 0]}, "sites"),
        ({"gbps": [1.0, -3.0]}, "gbps"),
        ({"gbps": None, "utilization": [0.5, 1.1]}, "utilization"),
        ({"gbps": None}, "gbps"),
        ({"fragments": 3}, "fragments"),
        ({"goodput_factor": float("nan")}, "goodput_factor"),
    ],
)
def test_a_sweep_names_the_first_wrong_element(changes, field):
    with pytest.raises(InvalidInput) as refusal:
        sweep_training(**{"parameters": 1e9, "step_s": 1.0, "sites": 2, "gbps": 1.0, **changes})
    assert refusal.value.field_path == field
