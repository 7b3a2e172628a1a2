"""Checks between the parts of a scenario: ids that repeat or name nothing, routes that do not join up."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from topodesign.domain.errors import InvalidInput


def require_unique(what: str, ids: Sequence[str]) -> None:
    """Raise :class:`InvalidInput` for the first id that occurs again."""
    seen: set[str] = set()
    for item in ids:
        if item in seen:
            raise InvalidInput(
                f"{what}: id {item!r} occurs more than once; give each its own id",
                reason="DUPLICATE_ID",
                field_path=what,
                metadata={"id": item},
            )
        seen.add(item)


def require_known(
    what: str, column: str, references: Sequence[str], known: AbstractSet[str], *, is_one_value: bool = False
) -> None:
    """Raise :class:`InvalidInput` for the first reference that names nothing.

    The references are those of a column, one to a row, or with ``is_one_value`` all in one field of ``what``.
    """
    for row, reference in enumerate(references):
        if reference not in known:
            path = f"{what}.{column}" if is_one_value else f"{what}[{row}].{column}"
            raise InvalidInput(
                f"{path} names {reference!r}, which does not exist; correct it or add it",
                reason="REFERENCE_UNKNOWN",
                field_path=path,
                metadata={"id": reference},
            )


def require_takes_part(path: str, site_id: str, *, role: str, is_forbidden: bool) -> None:
    """Raise :class:`InvalidInput` unless a site of that role may be used: traffic ends at used sites only."""
    fault = unused_because(role=role, is_forbidden=is_forbidden)
    if fault is not None:
        raise InvalidInput(
            f"{path}: site {site_id!r} {fault}, so no traffic can end there; allow the site or drop its traffic",
            reason="SITE_NOT_USABLE",
            field_path=path,
            metadata={"id": site_id},
        )


def unused_because(*, role: str, is_forbidden: bool) -> str | None:
    """Why no plan uses such a site, in words; ``None`` when plans may."""
    if role != "compute":
        return f"is a {role}"
    return "is forbidden" if is_forbidden else None


def require_some(path: str, count: int, *, at_least: int, what: str) -> None:
    """Raise :class:`InvalidInput` when a kind of demand has too few entries to be one."""
    if count < at_least:
        raise InvalidInput(
            f"{path}: there are {count} {what}, but the demand needs at least {at_least}; give them, or set "
            "workload.demand to all-reduce",
            reason="DEMAND_EMPTY",
            field_path=path,
            metadata={"value": str(count), "limit": str(at_least)},
        )


def require_walk(path: str, a: str, z: str, segment_ids: Sequence[str], ends: Sequence[tuple[str, str]]) -> None:
    """Raise :class:`InvalidInput` unless segments with these ends lead from ``a`` to ``z`` and visit no node twice."""
    fault = broken_walk(a, z, segment_ids, ends)
    if fault is not None:
        raise InvalidInput(
            f"{path}: {fault}; give the segments in order from a",
            reason="ROUTE_BROKEN",
            field_path=path,
            metadata={"value": ";".join(segment_ids)[:200]},
        )


def broken_walk(a: str, z: str, segment_ids: Sequence[str], ends: Sequence[tuple[str, str]]) -> str | None:
    """What is wrong with a route in words; ``None`` when it leads from ``a`` to ``z`` and visits no node twice."""
    node = a
    visited = {a}
    for segment_id, (one, other) in zip(segment_ids, ends, strict=True):
        if node not in (one, other):
            return f"segment {segment_id!r} joins {one!r} and {other!r}, but the route has come to {node!r}"
        node = other if node == one else one
        if node in visited:
            return f"segment {segment_id!r} comes to {node!r} a second time"
        visited.add(node)
    return None if node == z else f"the route ends at {node!r}, not at {z!r}"
