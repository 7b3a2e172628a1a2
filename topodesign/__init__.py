"""Design of multi-datacenter training clusters: place them, size their optical links, compare their fabrics.

Names are loaded on first use, so that ``import topodesign`` is quick.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topodesign import verify as verify
    from topodesign.api import design_link as design_link
    from topodesign.api import estimate_goodput as estimate_goodput
    from topodesign.api import estimate_training as estimate_training
    from topodesign.api import explain as explain
    from topodesign.api import list_accelerators as list_accelerators
    from topodesign.api import list_equipment as list_equipment
    from topodesign.api import list_modes as list_modes
    from topodesign.api import plan as plan
    from topodesign.api import reach_table as reach_table
    from topodesign.api import training_models as training_models
    from topodesign.buildout.saving import save_buildout as save_buildout
    from topodesign.buildout.searching import plan_buildout as plan_buildout
    from topodesign.buildout.target import load_buildout as load_buildout
    from topodesign.buildout.yearly import yearly_scenarios as yearly_scenarios
    from topodesign.buildout.years_file import planned_year as planned_year
    from topodesign.buildout.years_file import years_from_toml as years_from_toml
    from topodesign.catalog import load_catalog as load_catalog
    from topodesign.client import AsyncClient as AsyncClient
    from topodesign.client import Client as Client
    from topodesign.comparison import diff_plans as diff_plans
    from topodesign.domain.equipment import TransceiverMode as TransceiverMode
    from topodesign.domain.errors import TopoDesignError as TopoDesignError
    from topodesign.domain.fabric import Clos as Clos
    from topodesign.domain.fabric import FabricEvaluation as FabricEvaluation
    from topodesign.domain.fabric import Torus as Torus
    from topodesign.domain.fabric_bill import BillOptions as BillOptions
    from topodesign.domain.fabric_bill import SparesRule as SparesRule
    from topodesign.domain.fabric_conditions import FabricConditions as FabricConditions
    from topodesign.domain.fabric_conditions import LatencyInputs as LatencyInputs
    from topodesign.domain.fabric_conditions import LoadInputs as LoadInputs
    from topodesign.domain.fabric_failures import FailureSpec as FailureSpec
    from topodesign.domain.fabric_kinds import HammingMesh as HammingMesh
    from topodesign.domain.fabric_kinds import Hypercube as Hypercube
    from topodesign.domain.fabric_kinds import HyperX as HyperX
    from topodesign.domain.fabric_kinds import ReconfigurableTorus as ReconfigurableTorus
    from topodesign.domain.fabric_switched import DirectBlocks as DirectBlocks
    from topodesign.domain.fabric_switched import Dragonfly as Dragonfly
    from topodesign.domain.fabric_switched import DragonflyPlus as DragonflyPlus
    from topodesign.domain.fabric_switched import Edge as Edge
    from topodesign.domain.fabric_switched import EdgeList as EdgeList
    from topodesign.domain.fabric_switched import Jellyfish as Jellyfish
    from topodesign.domain.fabric_switched import ScaleUpClos as ScaleUpClos
    from topodesign.domain.fabric_switched import SlimFly as SlimFly
    from topodesign.domain.futures import Future as Future
    from topodesign.domain.futures import FutureFactor as FutureFactor
    from topodesign.domain.futures import Futures as Futures
    from topodesign.domain.goodput import FailingParts as FailingParts
    from topodesign.domain.goodput import JobSite as JobSite
    from topodesign.domain.goodput import Rejoining as Rejoining
    from topodesign.domain.goodput_request import GoodputEstimate as GoodputEstimate
    from topodesign.domain.goodput_request import GoodputRequest as GoodputRequest
    from topodesign.domain.link import LinkDesign as LinkDesign
    from topodesign.domain.link import LinkRequest as LinkRequest
    from topodesign.domain.plan import Plan as Plan
    from topodesign.domain.plan import PlanEvent as PlanEvent
    from topodesign.domain.plan import Verification as Verification
    from topodesign.domain.scenario import MeasuredReach as MeasuredReach
    from topodesign.domain.scenario import Scenario as Scenario
    from topodesign.domain.stress import StressOptions as StressOptions
    from topodesign.domain.stress import StressReport as StressReport
    from topodesign.domain.training import PipelineShape as PipelineShape
    from topodesign.domain.training import TrainingEstimate as TrainingEstimate
    from topodesign.domain.training_model import ShardingPlan as ShardingPlan
    from topodesign.domain.training_model import TrainingModel as TrainingModel
    from topodesign.fabric import compare_at_equal_cost as compare_at_equal_cost
    from topodesign.fabric import compare_at_equal_size as compare_at_equal_size
    from topodesign.fabric import compare_fabrics as compare_fabrics
    from topodesign.fabric import evaluate_fabric as evaluate_fabric
    from topodesign.fabric import fabric_of_size as fabric_of_size
    from topodesign.fabric import fabrics_for_budget as fabrics_for_budget
    from topodesign.fabric import failure_report as failure_report
    from topodesign.fabric import price_fabric as price_fabric
    from topodesign.fabric import read_edge_list as read_edge_list
    from topodesign.fabric import slice_goodput as slice_goodput
    from topodesign.fronts import pareto as pareto
    from topodesign.local import LocalClient as LocalClient
    from topodesign.outputs import load_plan as load_plan
    from topodesign.scenario import check_scenario as check_scenario
    from topodesign.scenario import load_scenario as load_scenario
    from topodesign.training.sharding import plan_sharding as plan_sharding
    from topodesign.training.sweep import sweep_training as sweep_training
    from topodesign.uncertainty.drawing import futures_of_factors as futures_of_factors
    from topodesign.uncertainty.futures_file import read_futures as read_futures
    from topodesign.uncertainty.risk import RiskMeasure as RiskMeasure
    from topodesign.uncertainty.stress import stress as stress
    from topodesign.uncertainty.two_stage import SitingOptions as SitingOptions
    from topodesign.uncertainty.two_stage import plan_under_uncertainty as plan_under_uncertainty

_HOME = {
    "AsyncClient": "topodesign.client",
    "BillOptions": "topodesign.domain.fabric_bill",
    "Client": "topodesign.client",
    "Clos": "topodesign.domain.fabric",
    "DirectBlocks": "topodesign.domain.fabric_switched",
    "Dragonfly": "topodesign.domain.fabric_switched",
    "DragonflyPlus": "topodesign.domain.fabric_switched",
    "Edge": "topodesign.domain.fabric_switched",
    "EdgeList": "topodesign.domain.fabric_switched",
    "FabricConditions": "topodesign.domain.fabric_conditions",
    "FabricEvaluation": "topodesign.domain.fabric",
    "FailingParts": "topodesign.domain.goodput",
    "HammingMesh": "topodesign.domain.fabric_kinds",
    "HyperX": "topodesign.domain.fabric_kinds",
    "Hypercube": "topodesign.domain.fabric_kinds",
    "Jellyfish": "topodesign.domain.fabric_switched",
    "JobSite": "topodesign.domain.goodput",
    "LatencyInputs": "topodesign.domain.fabric_conditions",
    "FailureSpec": "topodesign.domain.fabric_failures",
    "Future": "topodesign.domain.futures",
    "FutureFactor": "topodesign.domain.futures",
    "Futures": "topodesign.domain.futures",
    "GoodputEstimate": "topodesign.domain.goodput_request",
    "GoodputRequest": "topodesign.domain.goodput_request",
    "LinkDesign": "topodesign.domain.link",
    "LinkRequest": "topodesign.domain.link",
    "LoadInputs": "topodesign.domain.fabric_conditions",
    "LocalClient": "topodesign.local",
    "MeasuredReach": "topodesign.domain.scenario",
    "PipelineShape": "topodesign.domain.training",
    "Plan": "topodesign.domain.plan",
    "PlanEvent": "topodesign.domain.plan",
    "ReconfigurableTorus": "topodesign.domain.fabric_kinds",
    "Rejoining": "topodesign.domain.goodput",
    "ScaleUpClos": "topodesign.domain.fabric_switched",
    "RiskMeasure": "topodesign.uncertainty.risk",
    "Scenario": "topodesign.domain.scenario",
    "ShardingPlan": "topodesign.domain.training_model",
    "SitingOptions": "topodesign.uncertainty.two_stage",
    "SlimFly": "topodesign.domain.fabric_switched",
    "SparesRule": "topodesign.domain.fabric_bill",
    "StressOptions": "topodesign.domain.stress",
    "StressReport": "topodesign.domain.stress",
    "TopoDesignError": "topodesign.domain.errors",
    "Torus": "topodesign.domain.fabric",
    "TrainingEstimate": "topodesign.domain.training",
    "TrainingModel": "topodesign.domain.training_model",
    "TransceiverMode": "topodesign.domain.equipment",
    "Verification": "topodesign.domain.plan",
    "check_scenario": "topodesign.scenario",
    "compare_at_equal_cost": "topodesign.fabric",
    "compare_at_equal_size": "topodesign.fabric",
    "compare_fabrics": "topodesign.fabric",
    "design_link": "topodesign.api",
    "diff_plans": "topodesign.comparison",
    "estimate_goodput": "topodesign.api",
    "estimate_training": "topodesign.api",
    "evaluate_fabric": "topodesign.fabric",
    "failure_report": "topodesign.fabric",
    "explain": "topodesign.api",
    "fabric_of_size": "topodesign.fabric",
    "fabrics_for_budget": "topodesign.fabric",
    "futures_of_factors": "topodesign.uncertainty.drawing",
    "list_accelerators": "topodesign.api",
    "list_equipment": "topodesign.api",
    "list_modes": "topodesign.api",
    "load_buildout": "topodesign.buildout.target",
    "load_catalog": "topodesign.catalog",
    "load_plan": "topodesign.outputs",
    "load_scenario": "topodesign.scenario",
    "pareto": "topodesign.fronts",
    "plan": "topodesign.api",
    "plan_buildout": "topodesign.buildout.searching",
    "plan_sharding": "topodesign.training.sharding",
    "planned_year": "topodesign.buildout.years_file",
    "plan_under_uncertainty": "topodesign.uncertainty.two_stage",
    "price_fabric": "topodesign.fabric",
    "read_futures": "topodesign.uncertainty.futures_file",
    "reach_table": "topodesign.api",
    "read_edge_list": "topodesign.fabric",
    "save_buildout": "topodesign.buildout.saving",
    "slice_goodput": "topodesign.fabric",
    "stress": "topodesign.uncertainty.stress",
    "sweep_training": "topodesign.training.sweep",
    "training_models": "topodesign.api",
    "yearly_scenarios": "topodesign.buildout.yearly",
    "years_from_toml": "topodesign.buildout.years_file",
}

__all__ = [*sorted(_HOME), "verify"]  # noqa: PLE0604  (names, as strings)


def __getattr__(name: str) -> object:
    if name == "verify":  # the room itself, which can be called
        return importlib.import_module("topodesign.verify")
    try:
        home = _HOME[name]
    except KeyError:
        raise AttributeError(f"module 'topodesign' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
