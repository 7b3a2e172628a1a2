"""The largest figures taken of a scenario: far beyond anything that exists, and small enough to compute with.

The solvers work to about nine digits; a figure of 10^300 would end in one of their error messages, not in a plan.
"""

MOST_MW = 1e7
"""Megawatts at one site, in one zone, or wanted: the world's generating capacity is about 10^7 MW."""
MOST_GBPS = 1e9
"""An exabit per second."""
MOST_PAIRS = 1_000_000
"""Fiber pairs of one segment."""
MOST_PODS = 1_000_000_000
MOST_ACCELERATORS = 1_000_000_000
MOST_PARAMETERS = 1e18
MOST_TOKENS = 1e15
"""Tokens in one batch."""
MOST_STEPS = 1_000_000_000
MOST_SECONDS = 3.2e8
"""Ten years."""
MOST_USD = 1e16
"""Budgets and fixed costs."""
MOST_UNIT_USD = 1e10
"""Prices of one km, MW, MWh or tonne."""
MOST_G_PER_KWH = 1e5
MOST_HOURS_PER_YEAR = 8760.0
MOST_REACH_KM = 40_000.0
"""Once around the Earth; a longer reach is a mistake of units."""
