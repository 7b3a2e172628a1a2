"""The explicit graph of a HammingMesh."""

import numpy as np

from topodesign.fabric.graph import Counts, FabricGraph, require_graph_size
from topodesign.fabric.hammingmesh_lines import BoardLine

Links = tuple[Counts, Counts, int, int]
"""Ends, number of parallel links of each, index of their cable run."""


def hammingmesh_graph(lines: tuple[BoardLine, BoardLine], *, planes: int, run_numbers: tuple[int, ...]) -> FabricGraph:
    """Accelerators count along the row first; the switches of a network follow each other, leaves before spines.

    Parameters
    ----------
    lines : pair of BoardLine
        A row and a column.
    planes : int
        Traces are multiplied; every plane has networks of its own.
    run_numbers : tuple of int
        Indices of the cable runs: traces; ports and tree links of rows; ports and tree links of columns.
    """
    width, height = (line.side * line.boards for line in lines)
    hosts = width * height
    crossing = (height, width)
    switches = sum(number * (line.leaves + line.spines) for number, line in zip(crossing, lines, strict=True))
    vertices = hosts + switches * planes
    require_graph_size(vertices)
    grid = np.arange(hosts, dtype=np.int64).reshape(height, width)
    links: list[Links] = []
    for line, by_line in ((lines[0], grid), (lines[1], grid.T)):
        boards = by_line.reshape(len(by_line), line.boards, line.side)
        links.append((boards[:, :, :-1].ravel(), boards[:, :, 1:].ravel(), planes, run_numbers[0]))
    first = hosts
    for _ in range(planes):
        for axis, (line, by_line) in enumerate(((lines[0], grid), (lines[1], grid.T))):
            links += _networks(line, by_line, first, run_numbers[1 + 2 * axis : 3 + 2 * axis])
            first += crossing[axis] * (line.leaves + line.spines)
    sizes = [len(a) for a, _, _, _ in links]
    return FabricGraph.from_arrays(
        vertices=vertices,
        hosts=hosts,
        a=np.concatenate([a for a, _, _, _ in links]),
        z=np.concatenate([z for _, z, _, _ in links]),
        count=np.repeat([count for _, _, count, _ in links], sizes),
        run=np.repeat([run for _, _, _, run in links], sizes),
        coordinates=_coordinates(lines, hosts, width),
    )


def _networks(line: BoardLine, by_line: Counts, first: int, runs: tuple[int, ...]) -> list[Links]:
    """Ports and tree links of the networks of all parallel lines, one row of ``by_line`` each."""
    if not line.has_network:
        return []
    size = line.leaves + line.spines
    start = first + np.arange(len(by_line), dtype=np.int64)[:, None] * size
    boards = np.arange(line.boards)
    leaf = start + boards[None, :] // line.leaf_boards
    found: list[Links] = [
        (by_line[:, boards * line.side + edge].ravel(), leaf.ravel(), 1, runs[0]) for edge in (0, line.side - 1)
    ]
    if line.is_tree:
        leaves, spines = np.divmod(np.arange(line.leaves * line.spines), line.spines)
        ends = (start + leaves[None, :]).ravel(), (start + line.leaves + spines[None, :]).ravel()
        found.append((*ends, line.links_to_spine, runs[1]))
    return found


def _coordinates(lines: tuple[BoardLine, BoardLine], hosts: int, width: int) -> Counts:
    """Place along the row and the column, and board along each."""
    down, along = np.divmod(np.arange(hosts, dtype=np.int64), width)
    return np.column_stack([along, down, along // lines[0].side, down // lines[1].side])
