"""A linear programme in columns and rows, independent of the engine that solves it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``lower <= sum of coefficient x column <= upper``. ``origin`` is what the row was made from, if that matters."""

    coefficients: Mapping[int, float]
    lower: float = -math.inf
    upper: float = math.inf
    name: str = ""
    origin: object = None


@dataclass(slots=True)
class Programme:
    """Columns with bounds, objective (minimised) and integrality, and rows. Built once, extended by rows only."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    objective: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    constant: float = 0.0

    def add_column(
        self, name: str, *, upper: float, lower: float = 0.0, objective: float = 0.0, integer: bool = False
    ) -> int:
        """Append a column and return its index."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.objective.append(objective)
        self.integer.append(integer)
        self.names.append(name)
        return len(self.names) - 1

    def add_row(
        self,
        coefficients: Mapping[int, float] | Iterable[tuple[int, float]],
        *,
        lower: float = -math.inf,
        upper: float = math.inf,
        name: str = "",
    ) -> None:
        """Append a row; coefficients given twice for a column are summed, zeros dropped."""
        pairs = coefficients.items() if isinstance(coefficients, Mapping) else coefficients
        merged: dict[int, float] = {}
        for column, value in pairs:
            merged[column] = merged.get(column, 0.0) + value
        kept = {column: value for column, value in merged.items() if value != 0.0}
        self.rows.append(Row(coefficients=kept, lower=lower, upper=upper, name=name))
