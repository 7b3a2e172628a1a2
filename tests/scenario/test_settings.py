"""``scenario.toml``: unknown keys, wrong values, catalogue names, and texts made to exhaust memory."""

import math
from typing import Any

import pytest

from topodesign.domain.scenario import TrainingRules
from topodesign.scenario import read_scenario_files, scenario_digest
from topodesign.scenario.toml_guard import too_deep

WORKLOAD = "[workload]\nparameters = 1e12\nsync_time_s = 1.0\n"
SIZE = "[size]\naccelerators = 4608\n"


@pytest.mark.parametrize(
    ("text", "field", "reason", "hint"),
    [
        (WORKLOAD + SIZE + "[polcy]\n", "polcy", "KEY_UNKNOWN", "'policy'"),
        (
            WORKLOAD + "[size]\naccelerators = 1\npod_acelerators = 2\n",
            "size.pod_acelerators",
            "KEY_UNKNOWN",
            "'pod_accel",
        ),
        (WORKLOAD + SIZE + "max_sites = 3\n", "size.max_sites", "KEY_UNKNOWN", "[policy]"),
        ("min_sites = 3\n" + WORKLOAD + SIZE, "min_sites", "KEY_UNKNOWN", "[policy]"),
        (WORKLOAD + SIZE + "[policy]\nmin_sites = 0\n", "policy.min_sites", "NUMBER_OUT_OF_RANGE", "at least 1"),
        (WORKLOAD + SIZE + '[policy]\nmin_sites = "two"\n', "policy.min_sites", "TYPE_WRONG", "whole number"),
        (WORKLOAD + SIZE + "[policy]\nmin_sites = 2.5\n", "policy.min_sites", "TYPE_WRONG", "whole number"),
        (WORKLOAD + SIZE + "[policy]\nmin_sites = true\n", "policy.min_sites", "TYPE_WRONG", "whole number"),
        (WORKLOAD + SIZE + '[policy]\nsurvive = ["conduits"]\n', "policy.survive", "VALUE_UNKNOWN", "'conduit'"),
        (WORKLOAD + SIZE + "[policy]\nmax_rtt_ms = nan\n", "policy.max_rtt_ms", "NUMBER_NOT_FINITE", "finite"),
        (
            WORKLOAD + SIZE + "[economics]\nload_factor = -0.1\n",
            "economics.load_factor",
            "NUMBER_NEGATIVE",
            "at least 0",
        ),
        (WORKLOAD + SIZE + '[optics]\nmodes = ["zrplus-40"]\n', "optics.modes", "EQUIPMENT_UNKNOWN", "'zrplus-400'"),
        (WORKLOAD + SIZE + "[optics]\nmodes = []\n", "optics.modes", "FIELD_INVALID", "not empty"),
        (WORKLOAD + SIZE + 'accelerator = "h10-sxm"\n', "size.accelerator", "EQUIPMENT_UNKNOWN", "'h100-sxm'"),
        (WORKLOAD + SIZE + 'fabric = "close"\n', "size.fabric", "VALUE_UNKNOWN", "'clos'"),
        (WORKLOAD + SIZE + "power_mw = 10\n", "size.accelerators", "FIELD_INVALID", "exactly one"),
        (WORKLOAD + "[size]\naccelerators = -3\n", "size.accelerators", "NUMBER_NEGATIVE", "greater than 0"),
        (WORKLOAD, "size.accelerators", "FIELD_INVALID", "exactly one"),
        (WORKLOAD + "utilization = 0.9\n" + SIZE, "workload.sync_time_s", "FIELD_INVALID", "exactly one"),
        ("workload = 3\n" + SIZE, "workload", "TYPE_WRONG", "[workload]"),
        (
            WORKLOAD + SIZE + '[catalog]\n"transceiver.zrplus-40".cost_usd = 1\n',
            "catalog.transceiver.zrplus-40",
            "EQUIPMENT_UNKNOWN",
            "zrplus-400",
        ),
        (
            WORKLOAD + SIZE + '[catalog]\n"transceiver.zr-400".cost = 1\n',
            "catalog.transceiver.zr-400.cost",
            "FIGURE_UNKNOWN",
            "'cost_usd'",
        ),
        (
            WORKLOAD + SIZE + '[catalog]\n"transceiver.zr-400".cost_usd = "dear"\n',
            "catalog.transceiver.zr-400.cost_usd",
            "FIELD_INVALID",
            "number",
        ),
        (WORKLOAD + SIZE + "[catalog]\nzr = 3\n", "catalog.zr", "TYPE_WRONG", "cost_usd"),
        (WORKLOAD + SIZE + "[training]\nrestart_s = -1\n", "training.restart_s", "NUMBER_NEGATIVE", "at least 0"),
        (WORKLOAD + SIZE + "[training]\nrestart = 1\n", "training.restart", "KEY_UNKNOWN", "'restart_s'"),
        (WORKLOAD + SIZE + '[training]\nrecovery = "with"\n', "training.recovery", "VALUE_UNKNOWN", "without-site"),
        (WORKLOAD + SIZE + "[training]\nrecovery = 3\n", "training.recovery", "TYPE_WRONG", "text"),
    ],
)
def test_a_wrong_setting_is_located(draft: Any, text: str, field: str, reason: str, hint: str) -> None:
    draft.settings = text
    found = [problem for problem in draft.problems() if problem.field == field]
    assert [(problem.file, problem.reason) for problem in found] == [("scenario.toml", reason)]
    assert hint in found[0].message


def test_all_wrong_settings_are_reported_together(draft: Any) -> None:
    draft.settings = (
        WORKLOAD
        + "bits_per_element = -1\n"
        + SIZE
        + "pod_accelerators = 0\n[economics]\nhorizon_years = 0\ndiscount_rate = 7\n[optics]\nspan_km = 0\n"
    )
    assert {problem.field for problem in draft.problems()} == {
        "workload.bits_per_element",
        "size.pod_accelerators",
        "economics.horizon_years",
        "economics.discount_rate",
        "optics.span_km",
    }


def test_settings_are_read(draft: Any) -> None:
    draft.settings = (
        'name = "n"\nattribution = "me"\ncost_year = 2030\n'
        + WORKLOAD
        + 'demand = "matrix"\n[size]\nbudget_usd = 1e9\n'
        + '[policy]\nsurvive = ["site", "zone", "conduit-pair"]\nmax_rtt_ms = inf\n'
        + '[catalog]\n"transceiver.zr-400".cost_usd = 1\naccelerator.h100-sxm.all_in_w = 1300\n'
    )
    draft.replaced["demand.csv"] = b"a,b,gbps\na,c,100\n"
    scenario = read_scenario_files(draft.files())
    assert (scenario.name, scenario.attribution, scenario.cost_year) == ("n", "me", 2030)
    assert scenario.size.budget_usd == 1e9 and scenario.workload.demand == "matrix"
    assert scenario.policy.survive == ("site", "zone", "conduit-pair")
    assert math.isinf(scenario.policy.max_rtt_ms)
    assert scenario.catalog_overrides == {
        "accelerator.h100-sxm": {"all_in_w": 1300},
        "transceiver.zr-400": {"cost_usd": 1},
    }


def test_defaults_of_settings_are_listed(draft: Any) -> None:
    assumptions = read_scenario_files(draft.files()).assumptions
    assert "scenario.toml economics.discount_rate: default 0.08" in assumptions
    assert not any("sync_time_s" in sentence for sentence in assumptions)


@pytest.mark.parametrize(
    "text",
    [
        ".".join(["a"] * 40) + " = 1\n",
        "[" + ".".join(["a"] * 40) + "]\n",
        "[[" + ".".join(["a"] * 40) + "]]\n",
        "a = " + "[" * 40 + "]" * 40,
        "a = " + "{b=" * 40 + "1" + "}" * 40,
        "[" + ".".join("abcdefghijklmnop") + "]\n" + ".".join("abcdefghijklmnopqrst") + " = 1\n",
        ".".join(['"a"'] * 40) + " = 1\n",
        "a" + " . a" * 40 + " = 1\n",
        "".join(f"k{number}.a = 1\n" for number in range(10_000)),
    ],
)
def test_a_text_that_would_fill_memory_is_refused_before_parsing(draft: Any, text: str) -> None:
    draft.settings = text
    problems = [problem for problem in draft.problems() if problem.file == "scenario.toml"]
    assert [problem.reason for problem in problems] == ["TOML_TOO_DEEP"]


@pytest.mark.parametrize(
    "text",
    [
        'a = "' + "[." * 100 + '"',
        "a = '" + "[." * 100 + "'",
        'a = """\n' + "[.\n" * 100 + '"""',
        'a = "\\"' + "[." * 100 + '"',
        "# " + "[." * 100,
        "a = [\n" + "  1.5, 2.5, 3.5,\n" * 100 + "]\n",
        "[a.b]\nc.d = 1.5\n" * 1 + "[[e.f]]\ng = [[1.0, 2.0], [3.0]]\n",
        "a = 1979-05-27T07:32:00.999\n",
    ],
)
def test_dots_and_brackets_in_text_and_numbers_do_not_count(text: str) -> None:
    assert too_deep(text) is None


def test_settings_above_a_megabyte_are_refused(draft: Any) -> None:
    draft.settings = "#" * 1_000_001
    problems = [problem for problem in draft.problems() if problem.file == "scenario.toml"]
    assert [problem.reason for problem in problems] == ["FILE_TOO_LARGE"]
    assert "1,000,000" in problems[0].message


def workload(draft: Any, text: str) -> Any:
    draft.settings = "[workload]\n" + text + SIZE
    return read_scenario_files(draft.files())


def test_a_model_of_the_catalogue_gives_what_the_workload_leaves_out_and_what_is_given_wins(draft: Any) -> None:
    given = 'model = "deepseek-v3-671b"\nutilization = 0.9\nglobal_batch_tokens = 1e7\n'
    found = workload(draft, given)
    # arXiv:2412.19437: 671B parameters, 37B active, 61 layers
    assert (found.workload.parameters, found.workload.active_parameters, found.workload.layers) == (671e9, 37e9, 61)
    assert found.workload.global_batch_tokens == 1e7
    told = " ".join(found.assumptions)
    assert "workload.parameters: 6.71e+11 of the model deepseek-v3-671b (DeepSeek-V3 Technical Report" in told
    assert "workload.global_batch_tokens: 10000000.0 as given, in place of 6.29146e+07 of the model" in told
    assert "workload.parameters: default" not in told


def test_a_smaller_mixture_than_its_model_has_no_more_active_parameters_than_it_has(draft: Any) -> None:
    found = workload(draft, 'model = "deepseek-v3-671b"\nparameters = 1e10\nutilization = 0.9\n')
    assert found.workload.active_parameters == found.workload.parameters == 1e10


@pytest.mark.parametrize(
    ("text", "field", "reason", "hint"),
    [
        ('model = "llama-405b"\n', "workload.model", "MODEL_UNKNOWN", "'llama-3-405b'"),
        ("model = 405\n", "workload.model", "TYPE_WRONG", "text"),
        ("overlap_step = 1\n", "workload.overlap_step", "KEY_UNKNOWN", "'overlap_steps'"),
        ("layer = 80\n", "workload.layer", "KEY_UNKNOWN", "'layers'"),
        ('method = "streaming"\nlayers = 24\n', "workload.fragment_layers", "FIELD_INVALID", "more inner steps"),
    ],
)
def test_a_schedule_or_model_that_cannot_be_is_a_located_problem(
    draft: Any, text: str, field: str, reason: str, hint: str
) -> None:
    draft.settings = WORKLOAD + text + SIZE
    (problem,) = draft.problems()
    assert (problem.field, problem.reason) == (field, reason)
    assert hint in problem.message


def test_a_schedule_that_is_left_out_changes_no_fingerprint_and_one_that_is_given_does(draft: Any) -> None:
    plain = workload(draft, "parameters = 1e12\nutilization = 0.9\n")
    defaults = workload(draft, "parameters = 1e12\nutilization = 0.9\nfragment_layers = 3\noverlap_steps = 0\n")
    layered = workload(draft, "parameters = 1e12\nutilization = 0.9\nlayers = 80\n")
    assert scenario_digest(plain) == scenario_digest(defaults) != scenario_digest(layered)


def test_how_the_job_runs_is_read_and_changes_the_fingerprint_only_where_it_is_not_the_default(draft: Any) -> None:
    draft.settings = WORKLOAD + SIZE
    plain = read_scenario_files(draft.files())
    assert plain.training == TrainingRules()
    # told with the figures of training, so that a scenario of before keeps its assumptions and its fingerprint
    assert not any("training." in line for line in plain.assumptions)
    draft.settings = WORKLOAD + SIZE + "[training]\nwrite_s = 30\njitter_s = 0\n"
    defaults = read_scenario_files(draft.files())
    draft.settings = WORKLOAD + SIZE + '[training]\nwrite_s = 5\nrecovery = "restart"\n'
    own = read_scenario_files(draft.files())
    assert own.training == TrainingRules(write_s=5.0, recovery="restart")
    assert scenario_digest(plain) == scenario_digest(defaults) != scenario_digest(own)
