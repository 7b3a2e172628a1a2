"""``topodesign training``: the promised keys, an answer for people, and errors by name."""

import json

import pytest

from topodesign.cli.app import run

PLAIN = "--parameters 177e9 --step-s 28.615 --sites 2 --gbps 3200"


def answer(capsys, line):
    code = run(["training", *line.split()])
    out, err = capsys.readouterr()
    return code, out, err


def test_json_has_the_promised_keys(capsys):
    code, out, err = answer(capsys, f"estimate {PLAIN} --json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert {"step_s", "sync_s", "stall_s", "utilization", "required_gbps", "goodput"} <= set(document)
    # 177e9 x 16 bit / 3.2 Tbit/s = 0.885 s, and 28.615 / (28.615 + 0.885) = 0.97
    assert document["sync_s"] == pytest.approx(0.885)
    assert document["stall_s"] == pytest.approx(0.885)
    assert document["step_s"] == 28.615
    assert document["utilization"] == pytest.approx(0.97)
    assert document["required_gbps"] == pytest.approx(3200)


def test_every_option_of_the_method_counts(capsys):
    words = "--parameters 100e9 --step-s 4.9 --sites 2 --bits 4 --method streaming --inner-steps 100 --layers 108"
    words += " --fragment-layers 3 --overlap-steps 1 --utilization 0.95 --rtt-ms 60 --goodput-factor 0.8 --json"
    code, out, _ = answer(capsys, f"estimate {words}")
    document = json.loads(out)
    assert code == 0
    # (V / K) / ((tau + 2/3 (1 - 1/3)) T + (H T / K) (1/U - 1) - RTT), over 0.8
    by_hand = (400e9 / 36) / ((1 + 4 / 9) * 4.9 + 490 / 36 * (1 / 0.95 - 1) - 0.06) / 0.8 / 1e9
    assert document["required_gbps"] == pytest.approx(by_hand)
    assert document["utilization"] == pytest.approx(0.95)


def test_people_are_told_bandwidth_step_and_what_was_assumed(capsys):
    code, out, err = answer(
        capsys, "estimate --model llama-3-405b --accelerators 16384 --sites 4 --gbps 1000 --rtt-ms 10"
    )
    assert (code, err) == (0, "")
    assert "data-parallel over 4 sites" in out
    assert "no bandwidth gives more than" in out
    assert "assumed: " in out
    code, out, _ = answer(capsys, f"estimate {PLAIN} --method diloco")
    assert "1.18 times the compute, apart from utilization" in out


def test_a_pipeline_takes_its_shape_from_the_model(capsys):
    line = (
        "estimate --model llama-3-405b --accelerators 16384 --sites 2 --gbps 1000 --method pipeline --stages 16 --json"
    )
    code, out, _ = answer(capsys, line)
    assert code == 0
    assert json.loads(out)["exchange_bits"] == pytest.approx(16_777_216 * 16_384 * 16)


def test_models_are_listed_with_their_sources(capsys):
    code, out, _ = answer(capsys, "models")
    assert code == 0
    assert "arXiv:2407.21783" in out
    code, out, _ = answer(capsys, "models --json")
    assert {"llama-3-405b", "deepseek-v3-671b", "dense-2t", "dense-72t"} == {
        item["id"] for item in json.loads(out)["models"]
    }


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (f"{PLAIN} --utilization 0.9", "gbps"),
        ("--parameters 1e9 --step-s 1 --sites 0 --gbps 1", "sites"),
        ("--parameters 1e9 --step-s 1 --sites 2 --gbps -1", "gbps"),
        ("--parameters 1e9 --step-s 1 --sites 2 --utilization 1.5", "utilization"),
        ("--parameters 1e9 --step-s 1 --sites 2", "gbps"),
        ("--parameters nan --step-s 1 --sites 2 --gbps 1", "parameters"),
        ("--sites 2 --step-s 1 --gbps 1", "parameters"),
        ("--parameters 1e9 --step-s 1 --sites 2 --gbps 1 --method expert", "method"),
        ("--parameters 1e9 --step-s 1 --sites 2 --gbps 1 --method pipeline", "pipeline.stages"),
        ("--model dense-72t --accelerators 9000 --sites 3 --gbps 1", "pod_accelerators"),
        ("--model gpt --accelerators 9000 --sites 3 --gbps 1", "model"),
    ],
)
def test_wrong_input_ends_with_2_and_the_field(capsys, line, field):
    code, out, err = answer(capsys, f"estimate {line} --json")
    assert code == 2
    assert json.loads(out)["error"]["problems"][0]["field"] == field
    assert "Traceback" not in err
