"""The independent verifier: every limit of docs/formulation.md, derived again from scenario and plan.

It shares no code with the planner and uses no solver, but for linear programmes (SciPy's) where the demand is a matrix
or a hose; a plan that it rejects must not be returned to anyone.
"""

import sys
import types

from topodesign.domain.plan import Plan, Verification
from topodesign.domain.scenario import Scenario
from topodesign.verify.plan_file import read_plan
from topodesign.verify.verifier import CHECKS, verify_plan

__all__ = ["CHECKS", "read_plan", "verify_plan"]


class _CallableRoom(types.ModuleType):
    """Makes ``topodesign.verify(scenario, plan)`` a call although the room itself has that name."""

    def __call__(self, scenario: Scenario, plan: Plan) -> Verification:
        return verify_plan(scenario, plan)


sys.modules[__name__].__class__ = _CallableRoom
