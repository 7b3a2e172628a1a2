"""Names of a plan's charts, and what each shows."""

from collections.abc import Mapping

CHART_WORDS: Mapping[str, str] = {
    "network": "Diagram of the logical links between sites by capacity",
    "cost": "Cost items as a waterfall",
    "power": "What draws power as a waterfall",
    "fabrics": "Fabrics compared inside sites and across them",
    "training": "Utilization over bandwidth and distance, and time that failures leave over the number of accelerators",
    "progress": "Cost of the best plan and proven bound over the time of the search",
}
"""Every chart by the name of its files, ``NAME.svg`` and ``NAME.png``, and what it shows."""
