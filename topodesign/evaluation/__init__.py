"""A plan evaluated end to end: torus against Clos at every site and across sites, availability, and training."""

from topodesign.evaluation.availability import evaluate_availability
from topodesign.evaluation.halves import Halves, SiteFabric, bisect_plan
from topodesign.evaluation.plan_fabrics import evaluate_plan_fabrics, too_large_for_fabrics
from topodesign.evaluation.training import evaluate_training, training_or_why_not

__all__ = [
    "Halves",
    "SiteFabric",
    "bisect_plan",
    "evaluate_availability",
    "evaluate_plan_fabrics",
    "evaluate_training",
    "too_large_for_fabrics",
    "training_or_why_not",
]
