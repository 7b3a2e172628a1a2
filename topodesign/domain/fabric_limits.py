"""Sizes beyond which fabrics are refused."""

MAX_ACCELERATORS = 10_000_000
"""Most in one fabric: a torus of 10^8 takes 5 s and 1.5 GB to evaluate."""
MAX_PORTS = 4096
"""Most ports of one switch, or of the router of one accelerator."""
