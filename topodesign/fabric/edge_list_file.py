"""Edge lists as text files.

The first line that is neither empty nor a comment (``#``) names the accelerators; each line after it is an edge::

    accelerators,gpu-*,head-0
    a,z,count,gbps
    gpu-0,leaf-0
    gpu-1,leaf-0,2
    leaf-0,spine-0,4,800

``gpu-*`` stands for all names that begin so. The line of column names may be left out. ``count`` is 1 and ``gbps`` the
fabric's link rate where they are left out. A name without ``*`` is an accelerator even if no edge has it.
"""

from collections.abc import Iterator
from pathlib import Path

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_switched import MAX_EDGES, Edge, EdgeList, is_sound_edge, require_edge

MAX_FILE_BYTES = 64_000_000
MAX_NAME = 100
MAX_PATTERNS = 100
COLUMNS = ("a", "z", "count", "gbps")
FORMAT = "write a,z[,count[,gbps]]"


def read_edge_list(path: Path, *, link_gbps: float = 400.0) -> EdgeList:
    """The graph in a file; see the module for its form.

    Raises
    ------
    InvalidInput
        ``EDGE_LIST_INVALID`` (or ``FABRIC_SELF_LOOP``) with the line and what to do; files above 64 MB and above
        500,000 edges are refused.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise _fault(path.name, None, f"is {size} bytes long, but may have at most {MAX_FILE_BYTES}; split it")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _fault(str(path), None, f"cannot be read: {error.strerror}; check the path") from None
    except UnicodeDecodeError as error:
        raise _fault(path.name, None, f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    return parse_edge_list(text, name=path.name, link_gbps=link_gbps)


def parse_edge_list(text: str, *, name: str = "edges", link_gbps: float = 400.0) -> EdgeList:
    """The graph in a text; see :func:`read_edge_list`."""
    rows = _rows(text)
    line, header = next(rows, (1, []))
    if not header or header[0] != "accelerators" or len(header) < 2:
        raise _fault(name, line, 'must say which names are accelerators; begin with "accelerators,gpu-*"')
    if len(header) - 1 > MAX_PATTERNS:
        raise _fault(
            name, line, f"names {len(header) - 1} accelerators or prefixes, but at most {MAX_PATTERNS}; use gpu-*"
        )
    for pattern in header[1:]:
        _check_name(pattern.removesuffix("*") or "*", name, line, may_be_star=True)
    edges: list[Edge] = []
    twice = next((pattern for place, pattern in enumerate(header[1:]) if pattern in header[1 : place + 1]), None)
    if twice is not None:
        raise _fault(name, line, f"names {twice!r} twice; name every accelerator once")
    for line, cells in rows:
        if not edges and tuple(cells) == COLUMNS[: len(cells)]:
            continue
        if len(edges) == MAX_EDGES:
            raise _fault(
                name, line, f"is beyond the {MAX_EDGES} edges that a list may have; add up parallel links by count"
            )
        edges.append(_edge(cells, name, line))
    return EdgeList(accelerators=_accelerators(header[1:], edges, name), edges=tuple(edges), link_gbps=link_gbps)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    for line, content in enumerate(text.split("\n"), start=1):
        stripped = content.strip()
        if stripped and not stripped.startswith("#"):
            yield line, [cell.strip() for cell in stripped.split(",", maxsplit=MAX_PATTERNS + 2)]


def _edge(cells: list[str], name: str, line: int) -> Edge:
    if not 2 <= len(cells) <= 4:
        raise _fault(name, line, f"has {len(cells)} columns, but an edge has 2 to 4; {FORMAT}")
    for cell in cells[:2]:
        _check_name(cell, name, line)
    count = 1
    if len(cells) > 2 and cells[2]:
        if not (cells[2].isascii() and cells[2].isdigit() and len(cells[2]) <= 7):
            raise _fault(name, line, f"count is {cells[2][:MAX_NAME]!r}, but it must be 1 to 1000000; {FORMAT}")
        count = int(cells[2])
    gbps = None
    if len(cells) > 3 and cells[3]:
        gbps = _number(cells[3], name, line)
    edge = Edge(a=cells[0], z=cells[1], count=count, gbps=gbps)
    if not is_sound_edge(edge):
        require_edge(edge, field=f"{name}, line {line}")
    return edge


def _number(cell: str, name: str, line: int) -> float:
    try:
        return float(cell[: MAX_NAME + 1])
    except ValueError:
        raise _fault(name, line, f"gbps is {cell[:MAX_NAME]!r}, but it must be a number; {FORMAT}") from None


def _check_name(cell: str, name: str, line: int, *, may_be_star: bool = False) -> None:
    if not (0 < len(cell) <= MAX_NAME and cell.isprintable() and ("*" not in cell or (may_be_star and cell == "*"))):
        shown = cell if len(cell) <= MAX_NAME else f"{cell[:MAX_NAME]}..."
        raise _fault(
            name, line, f"has the name {shown!r}, but names are 1 to {MAX_NAME} printable characters without *"
        )


def _accelerators(patterns: list[str], edges: list[Edge], name: str) -> tuple[str, ...]:
    prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    exact = [pattern for pattern in patterns if not pattern.endswith("*")]
    found = dict.fromkeys(exact)
    for edge in edges:
        for end in (edge.a, edge.z):
            if end.startswith(prefixes):
                found[end] = None
    if not found:
        raise _fault(
            name, None, f"has no name that fits {' or '.join(patterns)}: no accelerators; correct its first line"
        )
    return tuple(found)


def _fault(name: str, line: int | None, problem: str) -> InvalidInput:
    place = name if line is None else f"{name}, line {line}"
    return InvalidInput(
        f"{place} {problem}",
        reason="EDGE_LIST_INVALID",
        field_path="edges",
        metadata={"file": name, **({} if line is None else {"line": str(line)})},
    )
