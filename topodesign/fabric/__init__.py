"""Fabrics inside a site: topologies (one file per family), bisection, latency, collectives, bill of materials."""

from topodesign.fabric.edge_list_file import parse_edge_list, read_edge_list
from topodesign.fabric.evaluating import compare_fabrics, evaluate_fabric
from topodesign.fabric.families import fabric_kinds, fabric_of_size, topology_of
from topodesign.fabric.switched_sizes import fat_tree

__all__ = [
    "compare_fabrics",
    "evaluate_fabric",
    "fabric_kinds",
    "fabric_of_size",
    "fat_tree",
    "parse_edge_list",
    "read_edge_list",
    "topology_of",
]
