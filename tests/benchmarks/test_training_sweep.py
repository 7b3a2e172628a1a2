"""The benchmark of training estimates sweeps sound jobs, both ways."""

import numpy as np

from benchmarks.training_sweep import measure, random_jobs, sweep


def test_every_job_has_an_answer_both_ways():
    jobs = random_jobs(200, seed=3)
    reached = sweep(jobs, "utilization", seed=3).utilization
    assert ((reached > 0) & (reached <= 1)).all()
    needed = sweep(jobs, "bandwidth", seed=3).required_gbps
    assert (needed > 0).all()
    assert np.isfinite(needed).sum() > 100


def test_both_questions_are_measured():
    assert [row["asked"] for row in measure(10, runs=1, seed=0)] == ["utilization", "bandwidth"]
