"""Processes of the service: those that cannot be started, and those whose id has become another's."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from served.running_server import wait_until_gone
from topodesign_server.call_children import WarmChildren
from topodesign_server.children import ChildFactory

GIB = 2**30
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os
import resource
from topodesign.domain.errors import ServiceUnavailable
from topodesign_server.children import ChildFactory

children = ChildFactory(preload=())
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
highest = max(int(number) for number in os.listdir("/proc/self/fd"))
spare = [os.open(os.devnull, os.O_RDONLY) for _ in range(highest)]  # fills what is free below
resource.setrlimit(resource.RLIMIT_NOFILE, (max(spare) + 1, limits[1]))
try:
    children.start("verify_plan", ())
except ServiceUnavailable as error:
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    print(error.reason, error.metadata["task"])
"""


def test_a_service_that_may_open_no_more_files_says_that_it_cannot_start_processes() -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "server")])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stdout.splitlines()[-1] == "CHILDREN_UNAVAILABLE verify_plan"


@pytest.fixture
def stranger() -> Iterator["subprocess.Popen[bytes]"]:
    """A process of somebody else, in a group of its own, that says back what it is told."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        yield process
        process.kill()


def lives(process: "subprocess.Popen[bytes]") -> bool:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(b"x\n")
        process.stdin.flush()
    except BrokenPipeError:
        return False
    return process.stdout.readline() == b"x\n"


def test_a_child_that_was_ended_is_not_killed_again_when_its_id_is_anothers(
    children: ChildFactory, stranger: "subprocess.Popen[bytes]"
) -> None:
    child = children.start_warm(memory_bytes=4 * GIB)
    child.end()
    assert child not in children._watchdog._watched
    child.pid = stranger.pid  # as the kernel may do once nothing is left of the child
    child.kill_within(0)
    child.enforce_time(float("inf"))
    assert child.excess is None  # what ended it was no limit
    child.kill()
    child.close()
    assert lives(stranger)


def test_a_child_killed_at_rest_is_closed_without_harm_to_whoever_has_its_id_now(
    children: ChildFactory, stranger: "subprocess.Popen[bytes]"
) -> None:
    warm = WarmChildren(children)
    child = children.start_warm(memory_bytes=4 * GIB)
    warm._given[child], warm._tenant[child] = 1, ""
    warm.end(child, has_answered=True)
    os.kill(child.pid, signal.SIGKILL)
    wait_until_gone(child.pid)
    assert child.exit_code == -signal.SIGKILL
    child.pid = stranger.pid
    warm.close()
    assert lives(stranger)


def test_a_child_is_ended_before_it_has_made_a_group_of_its_own(children: ChildFactory) -> None:
    child = children.start_warm(memory_bytes=4 * GIB)
    child.close()
    wait_until_gone(child.pid)
