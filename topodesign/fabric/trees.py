"""Least cut between two given sets of leaves of a capacitated tree, level by level."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from topodesign.fabric.topology import Counts


def tree_cut(is_inside: npt.NDArray[np.bool_], levels: Sequence[tuple[Counts, Counts]]) -> int:
    """Least links between the hosts of a set and the others, switches on whichever side cuts less.

    Parameters
    ----------
    is_inside : array of bool, shape (hosts,)
        Every host hangs on its group of the first level by one link.
    levels : sequence of (member_of, uplinks)
        For each level the group of every member of the level below, and the links of every group up to the next level
        (of the last level: up to the root).
    """
    # cost of a subtree with its own switch inside or outside the set
    cost_inside = (~is_inside).astype(np.int64)
    cost_outside = is_inside.astype(np.int64)
    for member_of, uplinks in levels:
        count = len(uplinks)
        within = np.bincount(member_of, weights=cost_inside, minlength=count).astype(np.int64)
        without = np.bincount(member_of, weights=cost_outside, minlength=count).astype(np.int64)
        # seen from the level above: the cheaper side, with the uplinks cut where the two differ
        cost_inside = np.minimum(within, without + uplinks)
        cost_outside = np.minimum(without, within + uplinks)
    return int(min(cost_inside.sum(), cost_outside.sum()))
