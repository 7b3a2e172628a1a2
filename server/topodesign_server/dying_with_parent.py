"""Death with the parent process, by the kernel's hand (Linux), so that it also follows a SIGKILL of the parent.

Imported in the fork server (it is the first of the preloaded modules), it ties that process to the server, and every
process forked from it to its own parent. The fork server's watch over a pipe is not enough: each of its children holds
a writing end of that pipe, so that it would go on until the last of them has ended.
"""

import os
import signal
import sys

from topodesign.processes.parent_death import die_with


class _Bond:
    """The process that this one is to die with."""

    def __init__(self, parent: int) -> None:
        self.parent = parent

    def before_fork(self) -> None:
        self.parent = os.getpid()

    def tie(self) -> None:
        die_with(self.parent)


if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    _bond = _Bond(os.getppid())
    _bond.tie()
    # When the server or its service manager signals every process, only the server itself is meant.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.register_at_fork(before=_bond.before_fork, after_in_child=_bond.tie)
