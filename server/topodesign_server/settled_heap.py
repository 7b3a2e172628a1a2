"""What has been loaded stays: no collector looks through it again.

A full collection goes through half a million objects of the libraries, which takes some hundred milliseconds, in which
a server answers nobody, and copies the pages that a child shares with the process that it was forked from.

Imported in the fork server after everything else that is preloaded; the server calls :func:`settle_heap` before it says
where it serves.

References
----------
Python documentation, ``gc.freeze``: "if a process will fork() without exec(), avoiding unnecessary copy-on-write".
"""

import gc
import sys


def settle_heap() -> None:
    """Collect what is garbage now, and count all that is left as there for ever."""
    gc.collect()
    gc.freeze()


if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    settle_heap()
    gc.enable()  # off since growing_heap
