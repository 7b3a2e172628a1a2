"""What a point says of its values: in words, and among the assumptions of its scenario."""

from collections.abc import Mapping, Sequence

from topodesign.domain.scenario_sweep import AxisValue

NOUNS: Mapping[str, tuple[str, str]] = {
    "sites": ("site", "sites"),
    "zones": ("zone", "zones"),
    "junctions": ("junction", "junctions"),
    "segments": ("segment", "segments"),
}
"""As the reader of a scenario counts rows in ``pue: default 1.2 for 36 sites``."""


def shown(value: AxisValue) -> str:
    """A value as it is written in the grammar."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "+".join(value)
    return repr(value) if isinstance(value, float) else str(value)


def without_assumption(assumptions: Sequence[str], *, room: str, field: str) -> tuple[str, ...]:
    """The assumptions of a scenario but for those on a figure that has another value now.

    Parameters
    ----------
    assumptions : sequence of str
        As the reader makes them: ``scenario.toml policy.max_sites: ...``, ``workload.layers: ...`` of a model, and
        ``pue: ... for 36 sites``.
    room, field : str
        The figure: of the whole scenario, or of all items of a list.
    """

    def is_kept(text: str) -> bool:
        if room in NOUNS:
            return not (text.startswith(f"{field}: ") and text.rpartition(" ")[2] in NOUNS[room])
        return not text.removeprefix("scenario.toml ").startswith(f"{room}.{field}: ")

    return tuple(text for text in assumptions if is_kept(text))
