"""Cuts of a HammingMesh into halves that follow rows, columns and boards."""

import numpy as np
import numpy.typing as npt

from topodesign.fabric.hammingmesh_lines import BoardLine

Marks = npt.NDArray[np.bool_]


def least_line_cut(lines: tuple[BoardLine, BoardLine]) -> int:
    """Least number of links of one plane that a half cuts; halves are filled in the orders of :func:`_orders`.

    A network is cut at the boards' ports of the side that has fewer of them, with all of its switches on the other side.
    """
    row, column = lines
    best: int | None = None
    for marks in _halves(row, column):
        cut = _along(marks, row) + _along(marks.T, column)
        best = cut if best is None else min(best, cut)
    return best or 0


def _halves(row: BoardLine, column: BoardLine) -> list[Marks]:
    """First halves of the accelerators, marked on a grid of columns by rows.

    Filled column by column of accelerators or of boards, row by row, and board halves on every board alike.
    """
    width, height = row.side * row.boards, column.side * column.boards
    half = width * height // 2
    wide, high = np.arange(width), np.arange(height)
    board, place = np.divmod(wide, row.side)
    high_board, high_place = np.divmod(high, column.side)
    ranks = (
        wide[:, None] * height + high[None, :],
        high[None, :] * width + wide[:, None],
        (board[:, None] * height + high[None, :]) * row.side + place[:, None],
        (high_board[None, :] * width + wide[:, None]) * column.side + high_place[None, :],
    )
    return [rank < half for rank in ranks]


def _along(marks: Marks, line: BoardLine) -> int:
    """Links cut along the first axis of the marks."""
    boards = marks.reshape(line.boards, line.side, -1)
    traces = int(np.count_nonzero(boards[:, 1:] != boards[:, :-1]))
    if not line.has_network:
        return traces
    inside = boards[:, 0].sum(axis=0) + boards[:, -1].sum(axis=0)
    return traces + int(np.minimum(inside, line.ports - inside).sum())
