"""The processor goes to the server before it goes to what its children compute.

Imported in the fork server, which every child inherits from. An answer or a refusal of the server takes a millisecond
of processor time; with a solver on every core it would wait for many more.
"""

import os
import sys

NICENESS = 5
"""On a busy core a child then gets a third of what the server gets, and all of it when the server is idle
(sched(7): weights 335 and 1024)."""

if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    os.nice(NICENESS)
