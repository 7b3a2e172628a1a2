"""What operations answer, and what reading them costs."""

import pytest
from google.longrunning.operations_pb2 import WaitOperationRequest
from google.protobuf.duration_pb2 import Duration
from topodesign_server.operations_servicer import LONGEST_WAIT_S, wait_s


@pytest.mark.parametrize(
    ("timeout", "expected_s"),
    [
        (None, LONGEST_WAIT_S),
        (Duration(), 0.0),
        (Duration(nanos=900_000_000), 0.9),  # a wait that were over at once would have its client ask without a pause
        (Duration(seconds=2, nanos=500_000_000), 2.5),
        (Duration(seconds=-3, nanos=-1), 0.0),
        (Duration(seconds=315_576_000_000), LONGEST_WAIT_S),  # ten thousand years, the longest duration
    ],
)
def test_a_wait_lasts_as_long_as_was_asked_and_at_most_a_minute(timeout: Duration | None, expected_s: float) -> None:
    assert wait_s(WaitOperationRequest(timeout=timeout)) == pytest.approx(expected_s)
