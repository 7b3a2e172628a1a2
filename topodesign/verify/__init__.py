"""The independent verifier: every limit of docs/formulation.md, derived again from scenario and plan.

It shares no code with the planner and uses no solver; a plan that it rejects must not be returned to anyone.
"""

from topodesign.verify.plan_file import read_plan
from topodesign.verify.verifier import CHECKS, verify_plan

__all__ = ["CHECKS", "read_plan", "verify_plan"]
