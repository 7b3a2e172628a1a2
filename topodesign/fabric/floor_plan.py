"""Where racks stand and how long cables are: one stated floor plan for every family.

Racks of the same size stand in rows. A cable between racks runs up, along Manhattan paths, and down. All lengths are
those of the longest cable of its kind, since cables are ordered by kind: latency and cost err on the high side.
"""

import math

ACCELERATORS_PER_RACK = 64
"""As in a TPU v4 rack (4x4x4 chips, Jouppi et al., ISCA 2023, section 2); assumed for every family."""
RACK_PITCH_M = 0.75
"""Assumption: distance between neighboring racks of a row, metres."""
ROW_PITCH_M = 3.0
"""Assumption: distance between rows, 1.2 m of rack and 1.8 m of aisle, metres."""
DROPS_M = 4.0
"""Assumption: 2 m from the equipment up to the tray at each of the two ends, metres."""
IN_RACK_CABLE_M = 2.0
"""Assumption: longest cable that stays inside its rack, metres; within reach of the catalogue's copper cables."""

FLOOR_PLAN = (
    f"floor plan: {ACCELERATORS_PER_RACK} accelerators per rack, racks {RACK_PITCH_M:g} m apart, "
    f"rows {ROW_PITCH_M:g} m apart, {DROPS_M:g} m of drops per cable between racks, "
    f"{IN_RACK_CABLE_M:g} m inside a rack; every cable as long as the longest of its kind"
)


def racks_of(accelerators: int) -> int:
    """Racks that hold so many accelerators."""
    return -(-accelerators // ACCELERATORS_PER_RACK)


def to_center_m(racks: int) -> float:
    """Longest cable from a rack to the middle of a near-square area of ``racks`` racks, metres."""
    columns = max(1, min(racks, round(math.sqrt(racks * ROW_PITCH_M / RACK_PITCH_M))))
    rows = -(-racks // columns)
    return (columns * RACK_PITCH_M + rows * ROW_PITCH_M) / 2 + DROPS_M


def across_cable_m(accelerators: int) -> float:
    """Longest cable between any two places of the area of so many accelerators, metres."""
    racks = racks_of(accelerators)
    return IN_RACK_CABLE_M if racks <= 1 else 2 * (to_center_m(racks) - DROPS_M) + DROPS_M


def group_cable_m(accelerators: int) -> float:
    """Longest cable from an accelerator to a switch in the middle of its group, metres."""
    racks = racks_of(accelerators)
    return IN_RACK_CABLE_M if racks <= 1 else to_center_m(racks)


def block_sides(sides: tuple[int, ...]) -> tuple[int, ...]:
    """Sides of the block of a torus that stands in one rack.

    Along each axis the largest divisor of the side that does not exceed the side of the largest cube of
    :data:`ACCELERATORS_PER_RACK`: 4x4x4 in three dimensions, 8x8 in two, so that every rack is filled alike.
    """
    dimensions = sum(side > 1 for side in sides)
    if dimensions == 0:
        return tuple(1 for _ in sides)
    longest = 1
    while (longest + 1) ** dimensions <= ACCELERATORS_PER_RACK:
        longest += 1
    return tuple(max(part for part in range(1, longest + 1) if side % part == 0) for side in sides)


def torus_cable_m(racks_by_axis: tuple[int, ...], wrapped: tuple[bool, ...]) -> tuple[float, ...]:
    """Longest cable between neighboring racks along each axis of a torus of racks, metres.

    Axes lie along the rows and across them in turn; a later axis on the same direction steps over whole groups of the
    earlier one. A wrapped axis of three racks or more is folded (every other rack on the way out, the rest on the way
    back), so that no cable spans more than two steps and none runs the whole length of the hall.
    """
    return tuple(
        IN_RACK_CABLE_M if racks == 1 else (2 if wraps and racks >= 3 else 1) * step + DROPS_M
        for racks, wraps, step in zip(racks_by_axis, wrapped, _axis_steps_m(racks_by_axis), strict=True)
    )


def straight_cable_m(racks_by_axis: tuple[int, ...]) -> tuple[float, ...]:
    """Longest cable between any two racks of a line along each axis of a grid of racks, metres.

    Axes lie as in :func:`torus_cable_m`, none is folded; a line of one rack has the cable inside it.
    """
    steps = _axis_steps_m(racks_by_axis)
    return tuple(
        IN_RACK_CABLE_M if racks == 1 else (racks - 1) * step + DROPS_M
        for racks, step in zip(racks_by_axis, steps, strict=True)
    )


def twisted_cable_m(racks_by_axis: tuple[int, ...], is_twisting: tuple[bool, ...]) -> tuple[float, ...]:
    """Longest cable between racks along each axis of a twisted torus of racks, metres.

    The wrap of a twisting axis also leads half way around every other kind of axis. So that it stays short, those axes
    are folded twice: racks half way around from each other stand side by side, and the half ring of such pairs is
    folded. Their cables then span four steps at most (three with four racks, one with two), a twist one step. Twisting
    axes are folded once; a wrap between neighboring racks of theirs goes on by one step of each twisted axis.

    Parameters
    ----------
    racks_by_axis : tuple of int
        Even for the axes that are shifted.
    is_twisting : tuple of bool
        Whether the wrap of the axis shifts the others, those that are not twisting.
    """
    steps = _axis_steps_m(racks_by_axis)
    twist_m = sum(step for step, twists in zip(steps, is_twisting, strict=True) if not twists)
    lengths = []
    for racks, step, twists in zip(racks_by_axis, steps, is_twisting, strict=True):
        if twists:
            along = 0 if racks == 1 else 2 * step if racks >= 3 else step
            wrap = (step if racks > 1 else 0.0) + twist_m
            lengths.append(max(along, wrap) + DROPS_M)
        else:
            spanned = {2: 1, 4: 3}.get(racks, 4)
            lengths.append(spanned * step + DROPS_M)
    return tuple(lengths)


def _axis_steps_m(racks_by_axis: tuple[int, ...]) -> tuple[float, ...]:
    """Distance of neighboring racks along each axis, metres: along the rows and across them in turn."""
    step = [RACK_PITCH_M, ROW_PITCH_M]
    found = []
    direction = 0
    for racks in racks_by_axis:
        found.append(step[direction])
        if racks > 1:
            step[direction] *= racks
            direction = 1 - direction
    return tuple(found)
