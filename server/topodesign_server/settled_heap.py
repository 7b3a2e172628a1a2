"""What the fork server has loaded stays: no child's collector looks through it again.

Imported in the fork server after everything else that is preloaded. A full collection there goes through half a million
objects of the libraries, which takes tens of milliseconds and copies their pages.

References
----------
Python documentation, ``gc.freeze``: "if a process will fork() without exec(), avoiding unnecessary copy-on-write".
"""

import gc
import sys

if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    gc.collect()
    gc.freeze()
    gc.enable()  # off since growing_heap
