"""Goals that a Pareto front can weigh against each other."""

from typing import Literal, get_args

GoalName = Literal["cost", "sync-time", "carbon", "latency", "sites", "zone-share"]
"""Net present cost; time of one all-reduce; CO2; largest round trip between used sites; their number; the largest share
of the pods in one zone. Less is better of each."""
GOALS: tuple[GoalName, ...] = get_args(GoalName)
