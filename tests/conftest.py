"""Property tests draw the same examples in every run, so that a failure is a change's; new ones by `make campaign`."""

import os

from hypothesis import settings

settings.register_profile("same examples", derandomize=True)
settings.register_profile("new examples", print_blob=True)
settings.load_profile("new examples" if os.environ.get("TOPODESIGN_NEW_EXAMPLES") else "same examples")
