"""Uptime of a job that follows from failures: how many accelerators fail how often, and how the job recovers."""

import dataclasses

from topodesign.domain.checks import require
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing, FailingParts, Goodput
from topodesign.domain.training import JobSize, TrainingRequest
from topodesign.training.checkpointing import goodput
from topodesign.training.interruptions import mean_time_to_interrupt_h, mean_wait_s
from topodesign.training.interruptions_of_site import site_parts

ASSUMED = (
    "uptime is that of a job whose sites restart together: parts fail independently of each other at the catalogue's "
    "rates (those of 16,384 H100, for any accelerator), spares are at hand, switches and links between sites are not "
    "counted"
)


def cluster_parts(
    catalog: Catalog, accelerator: str, accelerators: float, *, sites: int = 1
) -> tuple[FailingParts, ...]:
    """What interrupts a job of so many accelerators in so many sites, equally many in each.

    Raises
    ------
    NotFound
        For an accelerator that the catalogue does not have.
    """
    each = site_parts(catalog, accelerator, accelerators / sites, switches=None)
    return tuple(dataclasses.replace(item, count=item.count * sites) for item in each)


def uptime_of(
    accelerators: float, *, accelerator: str, catalog: Catalog, checkpointing: Checkpointing, sites: int = 1
) -> Goodput:
    """Where the time of a job goes whose sites all restart together; ``useful`` is its uptime.

    Parameters
    ----------
    accelerators : float
        In all sites together, above 0.
    accelerator : str
        Id in the catalogue, whose ``"reliability.default"`` has the MTBF of each component.
    catalog : Catalog
    checkpointing : Checkpointing
        Times to write and to restart, and the interval; without one, that of the best goodput.
    sites : int
        That take part, at least 1.

    Raises
    ------
    InvalidInput
        When nothing of the time is left (``NO_PROGRESS``).
    NotFound
        For an accelerator that the catalogue does not have.

    References
    ----------
    docs/training.md, "Failures".
    """
    parts = cluster_parts(catalog, accelerator, accelerators, sites=sites)
    mtti_h = mean_time_to_interrupt_h(parts)
    found = goodput(checkpointing, mtti_h, wait_s=mean_wait_s(parts))
    if found.useful > 0:
        return found
    raise InvalidInput(
        f"{accelerators:,.0f} accelerators are interrupted every {mtti_h * 3600:,.4g} s, of which nothing is left with "
        f"{checkpointing.write_s:g} s to write a checkpoint and {checkpointing.restart_s:g} s to restart; write and "
        "restart faster, or let the other sites go on when one is hit",
        reason="NO_PROGRESS",
        field_path="checkpointing",
        metadata={"mtti_s": repr(mtti_h * 3600)},
    )


def failures_of(request: TrainingRequest, size: JobSize, catalog: Catalog) -> Goodput | None:
    """Where the time of a sized job goes that says how it recovers; ``None`` for one that does not.

    Raises
    ------
    InvalidInput
        Without accelerators to fail, for an uptime beside them, or when nothing of the time is left.
    """
    if size.checkpointing is None:
        return None
    if size.accelerators is None:
        raise InvalidInput(
            "checkpointing is given, but without accelerators nothing is known to fail; give accelerators, or uptime",
            field_path="accelerators",
        )
    require(
        request.uptime == 1,
        field="uptime",
        value=request.uptime,
        limit="left out where checkpointing is given",
        remedy="give either the uptime or how the job recovers",
    )
    return uptime_of(
        size.accelerators,
        accelerator=size.accelerator,
        catalog=catalog,
        checkpointing=size.checkpointing,
        sites=request.sites,
    )
