"""The small form of scenarios and plans that lists show."""

from topodesign.v1 import plan_pb2, scenario_pb2


def plan_summary(plan: plan_pb2.Plan) -> plan_pb2.Plan:
    """A plan without the parts that ``PLAN_VIEW_BASIC`` leaves out."""
    summary = plan_pb2.Plan()
    summary.CopyFrom(plan)
    summary.ClearField("lightpaths")
    summary.ClearField("segments")
    summary.ClearField("verification")
    summary.ClearField("fabrics")
    summary.ClearField("availability")
    summary.ClearField("training")
    summary.ClearField("progress")
    return summary


def scenario_summary(scenario: scenario_pb2.Scenario) -> scenario_pb2.Scenario:
    """The head of a scenario."""
    return scenario_pb2.Scenario(name=scenario.name, attribution=scenario.attribution, cost_year=scenario.cost_year)
