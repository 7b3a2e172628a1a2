"""Reads ``scenario.toml``: every key checked by name and type, every value by the domain object that it belongs to."""

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from topodesign.catalog import load_catalog
from topodesign.catalog.training_models import training_models
from topodesign.catalog.workload_of_model import figures_of_model
from topodesign.domain.equipment import Catalog
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import SPEC_OF_KIND
from topodesign.domain.nearest import nearest
from topodesign.domain.scenario import Demand, Economics, OpticsRules, Policy, Size, TrainingRules, Workload
from topodesign.scenario.columns import LARGEST_WHOLE, is_finite
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.sources import SETTINGS_FILE
from topodesign.scenario.toml_guard import too_deep

T = TypeVar("T")

TOLD_BY_THE_PLANNER = frozenset(
    {
        "optics.catalog",
        "workload.fragment_layers",
        "workload.overlap_steps",
        "workload.backward_overlap",
        "workload.flops_utilization",
        "training.write_s",
        "training.restart_s",
        "training.reform_s",
        "training.jitter_s",
    }
)
"""Settings that came later: a scenario that leaves them out keeps the fingerprint it had before they were."""

GENERAL = {"name": str, "attribution": str, "cost_year": int}
SECTIONS: Mapping[str, type] = {
    "workload": Workload,
    "size": Size,
    "policy": Policy,
    "economics": Economics,
    "optics": OpticsRules,
    "training": TrainingRules,
}
FABRICS = ("auto", "fat-tree", "twisted-torus", *(kind for kind in SPEC_OF_KIND if kind != "custom"))
"""``auto``, and the kinds of which there is a fabric for a number of accelerators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``scenario.toml`` gave; a section that could not be built is ``None`` (its problems are recorded).

    ``demand`` is the kind of demand also where the workload has a fault elsewhere, ``None`` where it cannot be told.
    """

    general: Mapping[str, Any] = field(default_factory=dict)
    workload: Workload | None = None
    demand: Demand | None = None
    size: Size | None = None
    policy: Policy | None = None
    economics: Economics | None = None
    optics: OpticsRules | None = None
    training: TrainingRules | None = None
    catalog_overrides: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()


def read_settings(data: bytes, log: ProblemLog) -> Settings:
    """Settings out of the bytes of ``scenario.toml``; every problem is recorded."""
    document = _parse(data, log)
    if document is None:
        return Settings()
    _report_unknown_keys(document, log)
    general = {
        key: document[key]
        for key, kind in GENERAL.items()
        if key in document and _is_of_type(key, document[key], kind, log)
    }
    sections = {name: _table(document, name, log) for name in (*SECTIONS, "catalog")}
    sections["workload"], of_model = _with_model(sections["workload"], log)
    workload = _section("workload", Workload, sections["workload"], log)
    size = _section("size", Size, sections["size"], log)
    optics = _section("optics", OpticsRules, sections["optics"], log)
    policy = _section("policy", Policy, sections["policy"], log)
    _check_names(size, optics, log)
    _check_budgets(size, policy, log)
    demand = sections["workload"].get("demand", "all-reduce")
    return Settings(
        general=general,
        workload=workload,
        demand=demand if demand in get_args(Demand) else None,
        size=size,
        policy=policy,
        economics=_section("economics", Economics, sections["economics"], log),
        optics=optics,
        training=_section("training", TrainingRules, sections["training"], log),
        catalog_overrides=_overrides(sections["catalog"], log),
        assumptions=(*_assumptions(sections), *of_model, *_ignored_targets(workload)),
    )


def _parse(data: bytes, log: ProblemLog) -> dict[str, Any] | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _add(log, "ENCODING_INVALID", f"{SETTINGS_FILE} is not UTF-8 at byte {error.start}; save it as UTF-8")
        return None
    depth = too_deep(text)
    if depth is not None:
        _add(log, "TOML_TOO_DEEP", f"{SETTINGS_FILE}: {depth}")
        return None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # wrong syntax, or a number of thousands of digits
        _add(log, "TOML_INVALID", f"{SETTINGS_FILE} is not valid TOML: {error}; correct it")
        return None


def _report_unknown_keys(document: Mapping[str, Any], log: ProblemLog) -> None:
    top = {*GENERAL, *SECTIONS, "catalog"}
    fields = {name: {item.name for item in dataclasses.fields(kind)} for name, kind in SECTIONS.items()}
    for key in document:
        if key not in top:
            homes = [section for section, names in fields.items() if key in names]
            hint = f"it belongs into [{homes[0]}]" if homes else nearest(key, top)
            _add(log, "KEY_UNKNOWN", f"unknown key {key!r}; {hint}", key)
    for section, names in fields.items():
        table = document.get(section)
        for key in table if isinstance(table, dict) else ():
            if key not in names:
                homes = [other for other, others in fields.items() if key in others]
                hint = f"it belongs into [{homes[0]}]" if homes else nearest(key, names)
                _add(log, "KEY_UNKNOWN", f"unknown key {key!r} in [{section}]; {hint}", f"{section}.{key}")


def _table(document: Mapping[str, Any], name: str, log: ProblemLog) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        _add(log, "TYPE_WRONG", f"{name} is {table!r}, but it must be a table; write [{name}]", name)
        return {}
    return table


def _section(name: str, kind: type[T], table: Mapping[str, Any], log: ProblemLog) -> T | None:
    hints = get_type_hints(kind)
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key in hints:
            converted = _converted(value, hints[key])
            if _is_of_type(f"{name}.{key}", converted, hints[key], log):
                given[key] = tuple(converted) if isinstance(converted, list) else converted
    is_reduced = len(given) < len([key for key in table if key in hints])
    for _ in range(len(given) + 1):
        try:
            return kind(**given)
        except InvalidInput as error:
            path = error.field_path if error.field_path != "size target" else f"size.{_target(given)}"
            key = path.rpartition(".")[2]
            is_rule = "exactly one" in error.message or "if and only if" in error.message
            if is_rule and is_reduced:
                return None  # the refused value may be the very one that is now missing
            log.add_error(error, file=SETTINGS_FILE, row=None, thing="", field=path)
            if is_rule or key not in given:
                return None
            del given[key]
            is_reduced = True
    return None


def _with_model(table: dict[str, Any], log: ProblemLog) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The workload with what it leaves out taken from the model that it names, and what is to be told of that."""
    model = table.get("model")
    if not isinstance(model, str):
        return table, ()  # told by its type, if it is there at all
    known = [item.id for item in training_models()]
    if model not in known:
        message = f"workload.model {model!r} is not in the catalogue; {nearest(model, known)}"
        _add(log, "MODEL_UNKNOWN", message, "workload.model")
        return {key: value for key, value in table.items() if key != "model"}, ()
    figures = figures_of_model(model, table)
    return {**table, **figures.filled}, figures.assumptions


def _target(given: Mapping[str, Any]) -> str:
    return next((key for key in ("accelerators", "power_mw", "budget_usd") if key in given), "accelerators")


def _converted(value: object, hint: Any) -> object:
    """Numbers as the field wants them: 5 for a float field, 1e6 for a whole one."""
    options = _options(hint)
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and float in options and int not in options and is_finite(value):
        return float(value)
    if isinstance(value, float) and int in options and float not in options and value.is_integer():
        return int(value)
    return value


def _options(hint: Any) -> tuple[Any, ...]:
    """What a hint allows; a ``Literal`` or nothing is a ``Union``, not a ``UnionType``."""
    return get_args(hint) if isinstance(hint, UnionType) or get_origin(hint) is Union else (hint,)


def _is_of_type(path: str, value: object, hint: Any, log: ProblemLog) -> bool:
    options = _options(hint)
    for option in options:
        if get_origin(option) is tuple:
            if isinstance(value, list):
                sound = [_is_of_type(path, item, get_args(option)[0], log) for item in value]
                return all(sound)
        elif get_origin(option) is Literal:
            if value in get_args(option):
                return True
            if isinstance(value, str):
                known = get_args(option)
                message = f"{path} {value!r} is not one of {', '.join(known)}; {nearest(value, known)}"
                _add(log, "VALUE_UNKNOWN", message, path)
                return False
        elif isinstance(value, option) and not (isinstance(value, bool) and option is not bool):
            if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
                message = f"{path} is {str(value)[:30]}, but it must be at most {LARGEST_WHOLE}; lower it"
                _add(log, "NUMBER_OUT_OF_RANGE", message, path)
                return False
            return True
    _add(log, "TYPE_WRONG", f"{path} is {repr(value)[:60]}, but it must be {_in_words(options)}; correct it", path)
    return False


def _in_words(options: tuple[Any, ...]) -> str:
    words = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}
    known = [words[option] for option in options if option in words]
    return " or ".join(known) if known else "a list" if get_origin(options[0]) is tuple else "text"


def _check_names(size: Size | None, optics: OpticsRules | None, log: ProblemLog) -> None:
    catalog = load_catalog()
    if size is not None:
        accelerators = [item.id for item in catalog.accelerators]
        if size.accelerator not in accelerators:
            message = f"size.accelerator {size.accelerator!r} is not in the catalogue; "
            _add(log, "EQUIPMENT_UNKNOWN", message + nearest(size.accelerator, accelerators), "size.accelerator")
        if size.fabric not in FABRICS:
            message = f"size.fabric {size.fabric!r} is no known fabric; {nearest(size.fabric, FABRICS)}"
            _add(log, "VALUE_UNKNOWN", message, "size.fabric")
    if optics is not None:
        _check_modes(optics, catalog, log)


def _check_modes(optics: OpticsRules, catalog: Catalog, log: ProblemLog) -> None:
    home = {mode.id: mode.catalog for mode in catalog.transceivers}
    known = [mode.id for mode in catalog.modes_of(optics.catalog)]
    for mode in optics.modes:
        if mode == "*" or mode in known:
            continue
        hint = f'set optics.catalog = "{home[mode]}"' if mode in home else nearest(mode, known)
        message = f"optics.modes: {mode!r} matches no mode of the catalogue {optics.catalog!r}; {hint}"
        _add(log, "EQUIPMENT_UNKNOWN", message, "optics.modes")


def _check_budgets(size: Size | None, policy: Policy | None, log: ProblemLog) -> None:
    if size is not None and policy is not None and size.budget_usd is not None and policy.budget_usd is not None:
        message = (
            f"policy.budget_usd is {policy.budget_usd:g}, but size.budget_usd is given too; give size.budget_usd for "
            "the most accelerators, or policy.budget_usd beside a size target for the least sync time"
        )
        _add(log, "BUDGET_AMBIGUOUS", message, "policy.budget_usd")


def _ignored_targets(workload: Workload | None) -> Iterator[str]:
    if workload is not None and workload.demand != "all-reduce":
        for name in ("sync_time_s", "utilization"):
            if getattr(workload, name) is not None:
                yield f"{SETTINGS_FILE} workload.{name}: ignored, since workload.demand is {workload.demand!r}"


def _overrides(table: Mapping[str, Any], log: ProblemLog) -> dict[str, dict[str, float]]:
    sound: dict[str, dict[str, float]] = {}
    for key, figures in _flattened(table):
        if not isinstance(figures, dict):
            message = f'catalog.{key} is {figures!r}; write "transceiver.zrplus-400".cost_usd = 5000'
            _add(log, "TYPE_WRONG", message, f"catalog.{key}")
            continue
        for figure, value in figures.items():
            try:
                load_catalog({key: {figure: value}})
            except InvalidInput as error:
                log.add_error(error, file=SETTINGS_FILE, row=None, thing="")
            else:
                sound.setdefault(key, {})[figure] = value
    return {key: dict(sorted(sound[key].items())) for key in sorted(sound)}


def _flattened(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Override keys with their figures, whether written ``"transceiver.zr-400"`` or ``transceiver.zr-400``."""
    for key, value in table.items():
        if isinstance(value, dict) and value and all(isinstance(inner, dict) for inner in value.values()):
            for inner_key, inner in value.items():
                yield f"{key}.{inner_key}", inner
        else:
            yield key, value


def _assumptions(sections: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, kind in SECTIONS.items():
        for item in dataclasses.fields(kind):
            is_told = f"{name}.{item.name}" in TOLD_BY_THE_PLANNER
            if item.name not in sections[name] and item.default is not None and not is_told:
                value = list(item.default) if isinstance(item.default, tuple) else item.default
                yield f"{SETTINGS_FILE} {name}.{item.name}: default {value}"


def _add(log: ProblemLog, reason: str, message: str, path: str | None = None) -> None:
    log.add(reason, message, file=SETTINGS_FILE, field=path)
