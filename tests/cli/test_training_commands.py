"""``topodesign training sweep``, ``goodput`` and ``shard``: the library's answers, for people and in JSON."""

import csv
import io
import json
from dataclasses import fields

import pyarrow.parquet
import pytest

import topodesign as td
from topodesign.cli.app import run
from topodesign.cli.training_options import CHECKPOINT_OPTIONS, OPTIONS, PIPELINE_OPTIONS
from topodesign.domain.goodput import Checkpointing
from topodesign.domain.training import JobSize, TrainingRequest

LLAMA = "--model llama-3-405b --accelerators 16384"
SITES = "--site ashburn=8@east --site columbus=6@east --site dallas=6@south"


def answer(capsys, line):
    code = run(["training", *line.split()])
    out, err = capsys.readouterr()
    return code, out, err


def test_every_field_of_a_job_has_its_option():
    of_a_job = {item.name for kind in (TrainingRequest, JobSize) for item in fields(kind)}
    assert set(OPTIONS) == of_a_job - {"pipeline", "checkpointing"}
    assert len(CHECKPOINT_OPTIONS) == len(fields(Checkpointing))
    shape = {item.name for item in fields(td.PipelineShape)}
    assert set(PIPELINE_OPTIONS) == shape - {"batch_tokens"}  # which is the job's own


def test_sites_that_differ_and_uptime_from_failures_as_the_library_has_them(capsys):
    code, out, err = answer(
        capsys,
        f"estimate {LLAMA} --sites 2 --site-gbps 400,800 --site-rtt-ms 10,12 --checkpoint-s 30 --restart-s 180 --json",
    )
    assert (code, err) == (0, "")
    found = td.estimate_training(
        model="llama-3-405b",
        accelerators=16_384,
        sites=2,
        site_gbps=(400.0, 800.0),
        site_rtt_ms=(10.0, 12.0),
        checkpointing=Checkpointing(write_s=30, restart_s=180),
    )
    shown = json.loads(out)
    assert shown["utilization"] == found.utilization
    assert found.failures is not None
    assert shown["failures"]["useful"] == found.failures.useful == pytest.approx(found.goodput / found.utilization)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--site-gbps 400,fast", "--site-gbps is '400,fast'"),
        ("--gbps 400 --checkpoint-s 30", "--restart-s is not given"),
    ],
)
def test_options_of_sites_and_checkpoints_that_cannot_be_read(capsys, option, said):
    code, _, err = answer(capsys, f"estimate {LLAMA} --sites 2 {option}")
    assert code == 2
    assert said in err


def test_a_sweep_is_the_grid_of_estimates_as_csv(capsys):
    code, out, err = answer(capsys, f"sweep {LLAMA} --sites 2,8 --inner-steps 50,100 --method diloco --gbps 10:1000:3")
    assert (code, err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out)))
    places = [(row["sites"], row["inner_steps"], float(row["gbps"])) for row in rows]
    assert places == [(n, h, pytest.approx(b)) for n in "28" for h in ("50", "100") for b in (10, 100, 1000)]
    for row in rows:
        one = td.estimate_training(
            model="llama-3-405b",
            accelerators=16_384,
            method="diloco",
            sites=int(row["sites"]),
            inner_steps=int(row["inner_steps"]),
            gbps=float(row["gbps"]),
        )
        for name in ("utilization", "sync_s", "stall_s", "straggler_s"):
            assert float(row[name]) == pytest.approx(getattr(one, name), rel=1e-12)


def test_a_sweep_over_utilizations_gives_the_bandwidths_and_null_where_there_is_none(capsys):
    line = "sweep --parameters 1e9 --step-s 0.1 --sites 2 --rtt-ms 40 --utilization 0.5,0.99 --json"
    code, out, _ = answer(capsys, line)
    points = json.loads(out)["points"]
    assert code == 0
    assert [point["wanted_utilization"] for point in points] == [0.5, 0.99]
    # without layers nothing is hidden: 16e9 bit / (0.1 s (1 / 0.5 - 1) - 0.04 s); at best 0.1 / 0.14
    assert points[0]["gbps"] == pytest.approx(16 / 0.06)
    assert points[1]["gbps"] is None
    assert points[1]["utilization"] == pytest.approx(0.1 / 0.14)


def test_a_sweep_in_a_file_is_the_same_as_on_stdout(capsys, tmp_path):
    line = "sweep --parameters 1e9 --step-s 0.1 --sites 2,3 --rtt-ms 40 --utilization 0.5,0.99"
    _, out, _ = answer(capsys, line)
    code, told, _ = answer(capsys, f"{line} --out {tmp_path / 'jobs.csv'} --json")
    assert (code, json.loads(told)) == (0, {"count": 4, "files": [str(tmp_path / "jobs.csv")]})
    assert (tmp_path / "jobs.csv").read_text() == out
    assert answer(capsys, f"{line} --out {tmp_path / 'jobs.parquet'}")[0] == 0
    columns = pyarrow.parquet.read_table(tmp_path / "jobs.parquet").to_pydict()
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(columns) == list(rows[0])
    assert [value is None for value in columns["gbps"]] == [row["gbps"] == "" for row in rows]
    assert columns["utilization"] == [float(row["utilization"]) for row in rows]
    code, _, err = answer(capsys, f"{line} --out {tmp_path / 'jobs.xls'}")
    assert (code, "must end with .csv or .parquet" in err) == (2, True)


def test_goodput_says_the_same_as_the_library(capsys):
    line = "goodput --accelerators 16384 --sites 4 --write-s 30 --restart-s 180 --round-s 600 --reform-s 5"
    line += " --part zone:1:2000:3600 --simulate 500 --seed 3"
    code, out, _ = answer(capsys, f"{line} --json")
    document = json.loads(out)
    found = td.estimate_goodput(
        accelerators=16_384,
        site_count=4,
        write_s=30,
        restart_s=180,
        parts=(td.FailingParts(name="zone", count=1, mtbf_h=2_000, wait_s=3_600),),
        rejoining=td.Rejoining(round_s=600, restart_s=180, reform_s=5),
        interruptions=500,
        seed=3,
    )
    assert code == 0
    assert document["restart"]["useful"] == found.restart.useful
    assert document["elastic"]["goodput"] == found.elastic.goodput
    assert document["simulated"]["goodput"] == found.simulated.goodput
    code, out, _ = answer(capsys, line)
    assert code == 0
    assert f"goodput {found.restart.useful:.4f} if all restart together" in out
    assert f"goodput {found.elastic.goodput:.4f} if the other sites go on" in out
    assert "young" in out and "daly" in out and "zone" in out and "assumed: " in out


def test_sharding_says_which_dimension_crosses_which_links(capsys):
    code, out, _ = answer(capsys, f"shard --model llama-3-405b --pod-accelerators 72 {SITES}")
    assert code == 0
    # bf16 over two sites of the east, and over two regions: 405e9 x 16 bit = 810 GB; 16.8M x 16,384 x 16 bit = 550 GB
    assert "data           between sites          810 GB a step, of a site" in out
    assert "pipeline       between pods           550 GB a step, of a boundary" in out
    code, out, _ = answer(capsys, f"shard --model llama-3-405b --pod-accelerators 72 {SITES} --json")
    assert json.loads(out)["replica_pods"] == 2


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (f"sweep {LLAMA} --sites 2", "gbps"),
        (f"sweep {LLAMA} --sites 2 --gbps 1 --utilization 0.5", "gbps"),
        (f"sweep {LLAMA} --sites 0,2 --gbps 1", "sites"),
        (f"sweep {LLAMA} --sites 2.5 --gbps 1", "sites"),
        (f"sweep {LLAMA} --sites two --gbps 1", "sites"),
        (f"sweep {LLAMA} --sites 2 --gbps 10:1:5", "gbps"),
        (f"sweep {LLAMA} --sites 2 --gbps 1:10:100000000", "gbps"),
        (f"sweep {LLAMA} --sites 2 --gbps nan", "gbps"),
        (f"sweep {LLAMA} --sites 2 --utilization 0.5,1.5", "utilization"),
        (f"sweep {LLAMA} --sites 2 --gbps 1 --method pipeline", "method"),
        (f"sweep {LLAMA} --sites 2 --gbps 1 --jitter-law exponential", "jitter_law"),
        (f"sweep {LLAMA} --sites 2 --gbps 1 --method streaming --inner-steps 3", "fragment_layers"),
        ("goodput --write-s 1 --restart-s 1", "accelerators"),
        ("goodput --write-s 1 --restart-s 1 --part zone:1", "parts"),
        ("goodput --write-s 1 --restart-s 1 --part zone:1:x", "parts"),
        ("goodput --write-s 1 --restart-s 1 --accelerators 9 --simulate 900000000", "interruptions"),
        ("shard --model llama-3-405b --pod-accelerators 72 --site ashburn", "pods"),
        ("shard --model llama-3-405b --pod-accelerators 72 --site a=8 --site a=8", "pods"),
        ("shard --model llama-3-405b --pod-accelerators 1 --site a=8", "pod_accelerators"),
        ("shard --model lama-405b --pod-accelerators 72 --site a=8", "model"),
    ],
)
def test_wrong_input_ends_with_2_and_the_field(capsys, line, field):
    code, out, err = answer(capsys, f"{line} --json")
    assert code == 2
    assert json.loads(out)["error"]["problems"][0]["field"] == field
    assert "Traceback" not in err


def test_a_grid_of_too_many_points_is_refused(capsys):
    sites = ",".join(str(count) for count in range(2, 43))  # 41 x 100,000 points are more than 4 million
    code, out, _ = answer(capsys, f"sweep {LLAMA} --sites {sites} --gbps 1:100:100000 --json")
    assert code == 2
    assert json.loads(out)["error"]["reason"] == "SWEEP_TOO_LARGE"
