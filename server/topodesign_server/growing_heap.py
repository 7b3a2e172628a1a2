"""What the fork server loads is not looked through while it is loaded: nothing of it is garbage.

Imported in the fork server before the heavy libraries; :mod:`topodesign_server.settled_heap` ends it. The collector
would otherwise go through them again and again as they grow: a fifth of the time that loading takes.
"""

import gc
import sys

if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    gc.disable()
