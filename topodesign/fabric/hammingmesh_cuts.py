"""Cuts of a HammingMesh into halves that follow rows, columns and boards."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from topodesign.fabric.hammingmesh_lines import BoardLine

Marks = npt.NDArray[np.bool_]


def least_line_cut(lines: tuple[BoardLine, BoardLine]) -> int:
    """Least number of links of one plane that a half cuts; halves are straight, or rectangles of boards in a corner.

    A network is cut at the boards' ports of the side that has fewer of them, all of its switches being on the other.
    """
    row, column = lines
    halves = [*_rectangles(row, column), *(marks.T for marks in _rectangles(column, row))]
    return min(_along(marks, row) + _along(marks.T, column) for marks in halves)


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
