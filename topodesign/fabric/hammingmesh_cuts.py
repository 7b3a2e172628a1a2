"""Cuts of a HammingMesh into halves: those that follow rows, columns and boards, and what every half must cut.

Below, for one plane: let each row (column) stand on the side of its network, or of most of its accelerators where it
has none. A network carries any demand that fits its ports, so it cuts, with the traces, at least two links for every
board that has an accelerator of the row on the other side, hence 2/a for each such accelerator on boards of a; a path
of a cuts at least one, 1/floor(a/2) for each. So with R rows and C columns on side A every accelerator of side B in a
row of A costs a share, and so on: those in a row and a column of one side cost nothing there and both shares on the
other, those in between one share or the other. The least sum with half of all accelerators on side A, over all R and C,
is a bound that boards of a single accelerator meet.
"""

import math
from collections.abc import Iterator

import numpy as np

from topodesign.fabric.graph import Counts, Lengths, Marks
from topodesign.fabric.hammingmesh_lines import BoardLine

ROUNDING = 1e-6
"""Links that floating point may be off before a bound is rounded up."""


def least_line_cut(lines: tuple[BoardLine, BoardLine]) -> int:
    """Least number of links of one plane that a half cuts; halves are straight, or rectangles of boards in a corner.

    A network is cut at the boards' ports of the side that has fewer of them, all of its switches being on the other.
    """
    row, column = lines
    halves = [*_rectangles(row, column), *(marks.T for marks in _rectangles(column, row))]
    return min(_along(marks, row) + _along(marks.T, column) for marks in halves)


def least_mismatch(lines: tuple[BoardLine, BoardLine]) -> int:
    """Links of one plane that every half cuts, by the argument of the module."""
    row, column = lines
    width, height = row.side * row.boards, column.side * column.boards
    target = width * height // 2
    in_row, in_column = _share(row), _share(column)
    columns = np.arange(width + 1)
    best = math.inf
    for rows in range(height + 1):
        best = min(best, float(_least_with(rows, columns, (width, height), target, (in_row, in_column)).min()))
    return math.ceil(best - ROUNDING)


def _share(line: BoardLine) -> float:
    """Least links of a line for each accelerator that is not on the line's side."""
    if line.has_network:
        return 2 / line.side
    return 1 / (line.side // 2) if line.side > 1 else 0.0


def _least_with(rows: int, columns: Counts, size: tuple[int, int], target: int, share: tuple[float, float]) -> Lengths:
    """Least sum with ``rows`` rows and each number of columns on side A, which has ``target`` accelerators."""
    width, height = size
    in_row, in_column = share
    both, neither = rows * columns, (height - rows) * (width - columns)
    by_row, by_column = rows * (width - columns), (height - rows) * columns
    # accelerators between a row of one side and a column of the other pay the lesser share, for one side or the other
    with_row = in_column <= in_row
    cheap = both + (by_row if with_row else by_column)
    other = by_column if with_row else by_row
    lesser, more = min(in_row, in_column), abs(in_row - in_column)
    total = (by_row + by_column) * lesser
    # those that are cheaper on B (A) change over first, for the difference of the shares, then those that all is for
    missing, excess = np.maximum(0, target - cheap), np.maximum(0, cheap - target)
    flipped_in, flipped_out = np.minimum(missing, other), np.minimum(excess, cheap - both)
    total = total + (flipped_in + flipped_out) * more
    against = np.minimum(missing - flipped_in, neither) + np.minimum(excess - flipped_out, both)
    found: Lengths = total + against * (in_row + in_column)
    return found


def _rectangles(row: BoardLine, column: BoardLine) -> Iterator[Marks]:
    """First halves of the accelerators, marked on a grid of columns by rows: filled row by row up to some width.

    The full width gives straight cuts. With a share p of the columns a row of the half has a share 1 - p of its ports
    on the other side, and a column 1 - 1/(2p): b/p + 2 a p of the links, up to constants, is least at
    p = sqrt(b / 2a). The last row, of accelerators or of boards, is filled in part.
    """
    width, height = row.side * row.boards, column.side * column.boards
    best = row.boards * math.sqrt(column.side / (2 * row.side))
    boards = {row.boards, *(math.floor(best) + more for more in (0, 1))}
    wide, high = np.arange(width)[:, None], np.arange(height)[None, :]
    for used in sorted(boards):
        filled = used * row.side
        if filled > width or 2 * filled < width:
            continue
        by_row = np.where(wide < filled, high * filled + wide, width * height)
        high_board, high_place = np.divmod(high, column.side)
        by_board = np.where(wide < filled, (high_board * filled + wide) * column.side + high_place, width * height)
        for rank in (by_row, by_board):
            yield rank < width * height // 2


def _along(marks: Marks, line: BoardLine) -> int:
    """Links cut along the first axis of the marks."""
    boards = marks.reshape(line.boards, line.side, -1)
    traces = int(np.count_nonzero(boards[:, 1:] != boards[:, :-1]))
    if not line.has_network:
        return traces
    inside = boards[:, 0].sum(axis=0) + boards[:, -1].sum(axis=0)
    return traces + int(np.minimum(inside, line.ports - inside).sum())
