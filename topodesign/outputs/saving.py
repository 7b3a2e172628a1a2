"""A plan as a folder of files, written so that a failure leaves no half result; and reading it back."""

from pathlib import Path

from topodesign.catalog import load_catalog
from topodesign.domain.codec import decode_json, encode_json
from topodesign.domain.errors import NotFound
from topodesign.domain.explanation import Explanation
from topodesign.domain.plan import Plan
from topodesign.domain.scenario import Scenario
from topodesign.outputs.bill_by_year import bill_by_year, bill_by_year_csv
from topodesign.outputs.bill_lines import bill_csv
from topodesign.outputs.bill_of_materials import bill_of_materials
from topodesign.outputs.chart_style import png_bytes, svg_bytes
from topodesign.outputs.charts_of_plan import charts_of_plan
from topodesign.outputs.geodataframes import plan_to_geodataframes, write_geopackage, write_geoparquet
from topodesign.outputs.geojson import geojson_bytes, plan_to_geojson
from topodesign.outputs.report import render_report
from topodesign.outputs.saved_explanation import EXPLANATION_FILE, require_explained
from topodesign.outputs.scenario_copy import SCENARIO_FILE, scenario_json
from topodesign.outputs.target import GEOPARQUET_FOLDER, OUTPUT_FILES, require_replaceable
from topodesign.scenario.whole_folders import write_whole

PLAN_FILE = "plan.json"


def save_plan(
    scenario: Scenario, plan: Plan, directory: str | Path, *, explanation: Explanation | None = None
) -> tuple[Path, ...]:
    """Write a plan with everything that is made from it.

    ``plan.json`` and, where the plan was verified, ``verification.json``; and for a plan with sites
    ``site-plan.geojson``, ``plan.gpkg``, a file of each layer in ``geoparquet``, ``bill-of-materials.csv``,
    ``bill-of-materials-by-year.csv``, ``fabrics.json`` (where fabrics were evaluated), each chart of
    :data:`~topodesign.outputs.chart_words.CHART_WORDS` that the plan has something for as ``NAME.png`` and
    ``NAME.svg``, ``scenario.json``, ``explanation.json`` (where one is given) and ``report.html``.

    All is written into a folder of its own first (inside ``directory``, or beside it where it does not exist yet) and
    moved into place at the end: after a failure, what was there before is there again. Our files of an earlier plan go,
    also those that this plan has none of; other files stay.

    Parameters
    ----------
    scenario, plan : Scenario, Plan
    directory : str or Path
        Made with its parents when it does not exist.
    explanation : Explanation, optional
        Of this plan, for the report.

    Returns
    -------
    tuple of Path
        The files, in the order of :data:`OUTPUT_FILES`.

    Raises
    ------
    Conflict
        When ``directory`` is a file (``NOT_A_DIRECTORY``) or a link to nothing (``LINK_DANGLING``), or when something
        other than a file has the name of one of ours in it (``NOT_A_FILE``); when the explanation is of another plan
        (``EXPLANATION_OF_ANOTHER_PLAN``).
    OSError
        When the disk is full or a permission is missing; nothing has changed then.
    """
    target = Path(directory)
    require_replaceable(target)
    if explanation is not None:
        require_explained(explanation, plan)
    try:
        write_whole(
            target,
            OUTPUT_FILES,
            fill=lambda folder: _write_files(scenario, plan, folder, explanation),
            recheck=lambda: require_replaceable(target),  # making the files took seconds, and others may have written
        )
    except OSError as error:
        if error.errno is None:
            raise
        # what failed may be a file in the staging folder, of which the caller knows nothing
        raise OSError(error.errno, error.strerror, str(target)) from error
    return tuple(target / name for name in OUTPUT_FILES if (target / name).exists())


def load_plan(path: str | Path) -> Plan:
    """A plan from its folder, or from a ``plan.json``.

    Raises
    ------
    NotFound
        When there is no such file (``PLAN_NOT_FOUND``).
    InvalidInput
        When it is not a plan; the message names the JSON path of the first value that does not fit.
    """
    place = Path(path)
    file = place / PLAN_FILE if place.is_dir() else place
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"{file} does not exist; give a plan's folder or its {PLAN_FILE}",
            reason="PLAN_NOT_FOUND",
            metadata={"path": str(file)},
        ) from None
    return decode_json(data, Plan, what=str(file))


def _write_files(scenario: Scenario, plan: Plan, folder: Path, explanation: Explanation | None) -> None:
    (folder / PLAN_FILE).write_bytes(encode_json(plan))
    if plan.verification is not None:
        (folder / "verification.json").write_bytes(encode_json(plan.verification))
    if not plan.sites:
        return
    (folder / "site-plan.geojson").write_bytes(geojson_bytes(plan_to_geojson(scenario, plan)))
    frames = plan_to_geodataframes(scenario, plan)
    write_geopackage(frames, folder / "plan.gpkg")
    (folder / GEOPARQUET_FOLDER).mkdir()
    write_geoparquet(frames, folder / GEOPARQUET_FOLDER)
    catalog = load_catalog(scenario.catalog_overrides)
    (folder / "bill-of-materials.csv").write_bytes(bill_csv(bill_of_materials(scenario, plan, catalog)))
    by_year = bill_by_year(scenario, plan, catalog)
    (folder / "bill-of-materials-by-year.csv").write_bytes(bill_by_year_csv(by_year))
    if plan.fabrics is not None:
        (folder / "fabrics.json").write_bytes(encode_json(plan.fabrics))
    (folder / SCENARIO_FILE).write_bytes(scenario_json(scenario))
    if explanation is not None:
        (folder / EXPLANATION_FILE).write_bytes(encode_json(explanation))
    drawn = {}
    for name, figure in charts_of_plan(scenario, plan, catalog).items():
        drawn[name] = svg_bytes(figure)
        (folder / f"{name}.svg").write_bytes(drawn[name])
        (folder / f"{name}.png").write_bytes(png_bytes(figure))
    page = render_report(scenario, plan, charts=drawn, explanation=explanation)
    (folder / "report.html").write_text(page, encoding="utf-8")
