"""Fabrics inside a site: topologies (one file per family), bisection, latency, collectives, bill of materials."""

from topodesign.fabric.bill import price_fabric
from topodesign.fabric.budget import fabrics_for_budget
from topodesign.fabric.edge_list_file import parse_edge_list, read_edge_list
from topodesign.fabric.equal_cost import compare_at_equal_cost
from topodesign.fabric.equal_size import compare_at_equal_size, fabrics_of_size
from topodesign.fabric.evaluating import compare_fabrics, evaluate_fabric
from topodesign.fabric.failures import fail
from topodesign.fabric.failures_goodput import slice_goodput
from topodesign.fabric.failures_report import failure_report
from topodesign.fabric.families import fabric_kinds, fabric_of_size, topology_of
from topodesign.fabric.switched_sizes import fat_tree

__all__ = [
    "compare_at_equal_cost",
    "compare_at_equal_size",
    "compare_fabrics",
    "evaluate_fabric",
    "fabric_kinds",
    "fabric_of_size",
    "fabrics_for_budget",
    "fabrics_of_size",
    "fail",
    "failure_report",
    "fat_tree",
    "parse_edge_list",
    "price_fabric",
    "read_edge_list",
    "slice_goodput",
    "topology_of",
]
