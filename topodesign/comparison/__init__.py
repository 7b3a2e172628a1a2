"""Plans side by side."""

from topodesign.comparison.plan_diff import diff_plans

__all__ = ["diff_plans"]
