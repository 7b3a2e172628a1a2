"""Pipelines: an array in pieces through a chain or tree, and how two binary trees load the uplinks of groups."""

import math

import numpy as np

from topodesign.fabric.collectives_shapes import GroupLevel, SwitchedShape
from topodesign.fabric.topology import Counts
from topodesign.processes.remembered import Remembered

SLOWDOWNS: Remembered[SwitchedShape, float] = Remembered(64)


def pipelined_s(depth: int, transfer_s: float, step_s: float) -> float:
    """Time for an array to run through ``depth`` steps in the best number of equal pieces.

    With k pieces (depth + k - 1)(step + transfer/k), each step sends one piece on; k is the better of the whole numbers
    around sqrt((depth - 1) transfer/step). ``transfer_s``: the whole array over one step's bandwidth.
    """
    if depth == 0:
        return 0.0
    if step_s == 0:
        return transfer_s
    ideal = math.sqrt((depth - 1) * transfer_s / step_s)
    pieces = (max(1, math.floor(ideal)), max(1, math.ceil(ideal)))
    return min((depth + count - 1) * (step_s + transfer_s / count) for count in pieces)


def tree_depth(ranks: int) -> int:
    """Steps from the root to the deepest rank of a binary tree whose root has one child: ceil(log2 n)."""
    return max(0, (ranks - 1).bit_length())


def double_tree_slowdown(shape: SwitchedShape) -> float:
    """How much longer two binary trees take because groups have fewer uplinks than they load, at least 1.

    The trees are those of in-order numbering: the parent of rank r differs in the lowest set bit and the one above; the
    second tree is the first with all ranks shifted by one. Each carries half of the array down every edge, so that an
    accelerator, inner in one tree only, sends at most its link rate. The load of a group is counted edge by edge.
    """
    return SLOWDOWNS.get(shape, lambda: _counted_slowdown(shape))


def _counted_slowdown(shape: SwitchedShape) -> float:
    crossed = [level for level in shape.levels if level.ranks < shape.ranks]
    if not crossed or all(level.uplinks >= level.ranks * shape.rank_links for level in crossed):
        return 1.0
    parents = _in_order_parents(shape.ranks)
    children = np.arange(shape.ranks, dtype=np.int64)
    inner = parents >= 0
    ups, downs = parents[inner], children[inner]
    # ranks of the second tree are shifted by one, so that its inner ranks are leaves of the first
    second = ((ups + 1) % shape.ranks, (downs + 1) % shape.ranks)
    tops = np.concatenate([ups, second[0]])
    bottoms = np.concatenate([downs, second[1]])
    return max(1.0, *(_level_load(tops, bottoms, level, shape) for level in crossed))


def _level_load(tops: Counts, bottoms: Counts, level: GroupLevel, shape: SwitchedShape) -> float:
    """Largest of a group's edges out and in, half an array each, over its uplinks in units of a rank's links."""
    groups = -(-shape.ranks // level.ranks)
    held = np.full(groups, level.ranks, dtype=np.int64)
    held[-1] = shape.ranks - (groups - 1) * level.ranks
    uplinks = np.maximum(level.uplinks * held / level.ranks, min(level.uplinks, shape.rank_links))
    top_groups, bottom_groups = tops // level.ranks, bottoms // level.ranks
    leaving = top_groups != bottom_groups
    # the array goes down in a broadcast and up in a reduction: the fuller of both directions decides
    ends = [np.bincount(side[leaving], minlength=groups) for side in (top_groups, bottom_groups)]
    return float((np.maximum(*ends) / 2 * shape.rank_links / uplinks).max())


def _in_order_parents(ranks: int) -> Counts:
    """Parent of every rank in the in-order binary tree with root 0; -1 for the root."""
    rank = np.arange(ranks, dtype=np.int64)
    low = rank & -rank
    parent = (rank ^ low) | (low << 1)
    parent = np.where(parent >= ranks, rank ^ low, parent)
    parent[0] = -1
    return parent
