"""What children do for sweeps: check a definition, work out its course, solve a point, make files of the results."""

import functools
import tempfile
import time
from pathlib import Path

import msgspec

from topodesign.domain.errors import InvalidInput
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.domain.scenario_sweep import PointResult
from topodesign.v1 import plan_pb2, scenario_pb2, sweep_pb2
from topodesign.v1 import sweep_service_pb2 as pb
from topodesign.wire import from_proto, to_proto
from topodesign_server.exports import SWEEP_FILES


def check_sweep(payload: tuple[bytes, ...], _: object) -> bytes:
    """``Scenario``, ``SweepDefinition`` -> nothing, when the scenario has every figure that is to be varied."""
    from topodesign.sweeps.course import require_figures
    from topodesign.sweeps.messages import definition_from_proto, located

    definition = definition_from_proto(sweep_pb2.SweepDefinition.FromString(payload[1]))
    try:
        require_figures(definition, _scenario(payload[0]))
    except InvalidInput as fault:
        raise located(fault, "definition.axes") from None
    return b""


def find_course(payload: tuple[bytes, ...], _: object) -> bytes:
    """``Scenario``, ``SweepDefinition`` -> :class:`~topodesign.sweeps.course.SweepCourse`, in MessagePack."""
    from topodesign.sweeps.course import course_of
    from topodesign.sweeps.messages import definition_from_proto

    definition = definition_from_proto(sweep_pb2.SweepDefinition.FromString(payload[1]))
    return msgspec.msgpack.encode(course_of(definition, _scenario(payload[0])))


def solve_point(payload: tuple[bytes, ...], _: object) -> bytes:
    """``Scenario``, order, ``Plan`` to begin from (or nothing) -> solved point, whose plan is a ``Plan``.

    Order and solved point are those of :mod:`topodesign.sweeps.solving`, in MessagePack.
    """
    from topodesign.sweeps.solving import PointOrder, encode_solved, solve_order

    began_s = time.monotonic()
    order = msgspec.msgpack.decode(payload[1], type=PointOrder)
    start = from_proto(plan_pb2.Plan.FromString(payload[2]), Plan, path="plan") if payload[2] else None
    result, plan = solve_order(order, _scenario(payload[0]), start)
    content = b"" if plan is None else bytes(to_proto(plan).SerializeToString(deterministic=True))
    return encode_solved(result, content, began_s=began_s)


def export_sweep(payload: tuple[bytes, ...], _: object) -> bytes:
    """``Scenario``, ``SweepDefinition``, ``ListSweepPointsResponse``, name of a ``SweepFormat`` -> the file."""
    from topodesign.sweeps.messages import definition_from_proto
    from topodesign.sweeps.saving import file_of_sweep

    definition = definition_from_proto(sweep_pb2.SweepDefinition.FromString(payload[1]))
    points = pb.ListSweepPointsResponse.FromString(payload[2]).points
    results = [from_proto(point, PointResult, path="point") for point in points]
    name = SWEEP_FILES[pb.SweepFormat.Value(payload[3].decode("ascii"))].name
    with tempfile.TemporaryDirectory() as folder:
        return file_of_sweep(name, Path(folder), definition, _scenario(payload[0]), results)


@functools.lru_cache(maxsize=1)
def _scenario(content: bytes) -> Scenario:
    return from_proto(scenario_pb2.Scenario.FromString(content), Scenario, path="scenario")
