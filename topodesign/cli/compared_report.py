"""``--report`` of ``topodesign diff``: the two plans on one map, with their differences as tables."""

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from topodesign.domain.errors import InvalidInput

if TYPE_CHECKING:
    from topodesign.domain.plan import Plan
    from topodesign.domain.scenario import Scenario


def write_compared_report(file: Path, before: "Plan", after: "Plan", scenario: "Scenario | None") -> None:
    """Write the report of the first plan with the second one beside it; as a whole or not at all.

    Raises
    ------
    InvalidInput
        Without a scenario, which holds the positions (``SCENARIO_MISSING``); when it does not have what the plans use.
    OSError
        When the file cannot be written.
    """
    if scenario is None:
        raise InvalidInput(
            f"--report {file} needs the positions of sites and fiber; give the scenario's folder with --scenario",
            reason="SCENARIO_MISSING",
            field_path="scenario",
        )
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(file))
    from topodesign.scenario.whole_folders import write_whole_file

    def fill(fresh: Path) -> None:
        from topodesign.outputs import render_report

        fresh.write_text(render_report(scenario, before, compared=after), encoding="utf-8")

    write_whole_file(file, fill)  # drawing takes seconds: a folder that cannot be written in is told of before
