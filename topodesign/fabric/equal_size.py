"""Fabrics at equal size: kinds with exactly the same number of accelerators and the same link rate."""

from collections.abc import Sequence

from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import FabricSpec
from topodesign.domain.fabric_comparison import EqualSizeComparison, ImpossibleFabric
from topodesign.domain.fabric_conditions import FabricConditions
from topodesign.fabric.equal_cost import require_kinds
from topodesign.fabric.evaluating import DEFAULT_CONDITIONS, compare_fabrics
from topodesign.fabric.families import fabric_of_size

SIZE_IMPOSSIBLE = "FABRIC_SIZE_IMPOSSIBLE"


def compare_at_equal_size(
    kinds: Sequence[str],
    *,
    accelerators: int,
    link_gbps: float = 400.0,
    message_bytes: float = 1e9,
    catalog: Catalog | None = None,
    conditions: FabricConditions = DEFAULT_CONDITIONS,
) -> EqualSizeComparison:
    """The usual fabric of each kind with so many accelerators, see :func:`topodesign.fabric.fabric_of_size`.

    Parameters
    ----------
    kinds : sequence of str
        At least one, of :func:`topodesign.fabric.fabric_kinds`.
    accelerators : int
        Of every fabric.
    link_gbps : float
        Rate of one link, one direction.
    message_bytes, catalog, conditions
        See :func:`topodesign.fabric.evaluate_fabric`.

    Returns
    -------
    EqualSizeComparison
        An evaluation of each kind that has the size, in the order of ``kinds``; the others with their nearest sizes.

    Raises
    ------
    InvalidInput
        For an unknown kind, none at all, a number out of range, or when no kind has the size
        (``FABRIC_SIZE_IMPOSSIBLE``).
    """
    specs, impossible = fabrics_of_size(kinds, accelerators=accelerators, link_gbps=link_gbps)
    return EqualSizeComparison(
        accelerators=accelerators,
        fabrics=compare_fabrics(
            tuple(specs.values()), message_bytes=message_bytes, catalog=catalog, conditions=conditions
        ),
        impossible=impossible,
    )


def fabrics_of_size(
    kinds: Sequence[str], *, accelerators: int, link_gbps: float = 400.0
) -> tuple[dict[str, FabricSpec], tuple[ImpossibleFabric, ...]]:
    """The fabrics of the kinds that have a size, by kind, and the kinds that do not have it.

    Raises
    ------
    InvalidInput
        As :func:`compare_at_equal_size` does.
    """
    require_kinds(kinds)
    specs: dict[str, FabricSpec] = {}
    refused: dict[str, InvalidInput] = {}
    for kind in dict.fromkeys(kinds):
        try:
            specs[kind] = fabric_of_size(kind, accelerators, link_gbps=link_gbps)
        except InvalidInput as error:
            if error.reason != SIZE_IMPOSSIBLE:
                raise
            refused[kind] = error
    if not specs:
        raise next(iter(refused.values()))
    return specs, tuple(_impossible(kind, error) for kind, error in refused.items())


def _impossible(kind: str, error: InvalidInput) -> ImpossibleFabric:
    nearest = tuple(int(size) for size in error.metadata["nearest"].split(",") if size)
    return ImpossibleFabric(kind=kind, reason=error.reason, message=error.message, nearest=nearest)
