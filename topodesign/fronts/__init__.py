"""Pareto fronts: what one goal costs in terms of another, with proof between the points."""

from topodesign.fronts.running import pareto

__all__ = ["pareto"]
