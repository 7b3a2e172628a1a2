"""Fabrics inside a site: topologies (one file per family), bisection, latency, collectives, bill of materials."""

from topodesign.fabric.bill import price_fabric
from topodesign.fabric.evaluating import compare_fabrics, evaluate_fabric
from topodesign.fabric.families import fabric_kinds, fabric_of_size, topology_of

__all__ = ["compare_fabrics", "evaluate_fabric", "fabric_kinds", "fabric_of_size", "price_fabric", "topology_of"]
