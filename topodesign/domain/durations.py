"""Units of time, one for another."""

SECONDS_PER_HOUR = 3600.0
HOURS_PER_YEAR = 8760
"""Of a year of 365 days, as utilities and MTBF figures count."""
