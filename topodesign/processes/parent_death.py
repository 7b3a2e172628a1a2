"""Death with the parent process, by the kernel's hand (Linux), so that it also follows a SIGKILL of the parent."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends; does nothing where it cannot (other than Linux).

    The parent is the process with that id, or, strictly, the thread of it that started this process.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before the signal was asked for
