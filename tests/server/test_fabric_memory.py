"""The memory limit of children: what needs more ends there, the caller is told, and the server goes on."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from served.running_server import RunningServer

from topodesign.client import Client
from topodesign.domain.errors import CapacityError
from topodesign.domain.fabric import Torus
from topodesign.domain.fabric_switched import Jellyfish, ScaleUpClos

LIMIT_BYTES = 640 * 1024**2


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("data"), fabric_memory_bytes=LIMIT_BYTES, call_slots=1) as running:
        yield running


def test_a_fabric_beyond_the_memory_limit_is_refused_with_value_limit_and_remedy(small_server: RunningServer) -> None:
    # ten million accelerators one by one: arrays of 76 MiB each, 1 GiB at most
    huge = ScaleUpClos(accelerators=9_999_936, radix=512)
    with Client(small_server.address) as client:
        with pytest.raises(CapacityError, match=r"0\.62 GiB that this service gives it; ask for smaller") as caught:
            client.evaluate_fabric(huge)
        assert caught.value.reason == "OUT_OF_MEMORY"
        assert caught.value.metadata["limit_bytes"] == str(LIMIT_BYTES)
        # what it had when it was refused more: beyond the interpreter and its libraries, within the limit
        assert LIMIT_BYTES / 4 < int(caught.value.metadata["memory_bytes"]) <= LIMIT_BYTES
        assert client.evaluate_fabric(Torus(shape=(4, 4))).accelerators == 16


def test_a_child_that_a_signal_ends_is_told_as_want_of_memory(small_server: RunningServer) -> None:
    """Compiled code that gets no memory may abort; here the signal is sent from outside."""
    long = Jellyfish(switches=20_000, network_ports=16, server_ports=4)
    with Client(small_server.address, timeout_s=60) as client, ThreadPoolExecutor(1) as thread:
        answer = thread.submit(client.compare_fabrics, [long])
        line = small_server.wait_for(lambda text: '"task": "compare_fabrics"' in text)
        os.kill(int(json.loads(line)["pid"]), signal.SIGABRT)
        with pytest.raises(CapacityError, match=r"ended by SIGABRT, most often for want of memory") as caught:
            answer.result()
    assert (caught.value.reason, caught.value.metadata["signal"]) == ("OUT_OF_MEMORY", "SIGABRT")
