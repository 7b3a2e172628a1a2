"""Sweeps in memory as messages."""

from topodesign.client.call import as_message
from topodesign.local.sweep_runs import LocalSweep
from topodesign.local.timestamps import timestamp
from topodesign.v1 import sweep_pb2
from topodesign.v1 import sweep_service_pb2 as pb
from topodesign.wire import to_proto


def stored_sweep(sweep: LocalSweep) -> pb.StoredSweep:
    """A sweep without its definition."""
    return pb.StoredSweep(
        name=f"sweeps/{sweep.id}",
        scenario=sweep.scenario_name,
        create_time=timestamp(sweep.created),
        state=sweep.state,
        counts=as_message(sweep_pb2.SweepCounts, to_proto(sweep.counts)),
    )


def sweep_metadata(sweep: LocalSweep) -> pb.CreateSweepMetadata:
    """What the operation of a sweep tells on the way."""
    stored = stored_sweep(sweep)
    return pb.CreateSweepMetadata(
        sweep=stored.name,
        state=stored.state,
        create_time=stored.create_time,
        update_time=sweep.entries[-1].create_time,
        counts=stored.counts,
        sequence=len(sweep.entries),
        attempt_count=sweep.attempts,
    )
