"""Refuses a TOML text that could exhaust memory, before a parser sees it.

A dotted key of n parts builds n tables, so a small text of long dotted keys can fill any memory. This scan counts,
without building anything, how deep each key and bracket goes and how many key parts there are in all.
"""

from dataclasses import dataclass

MOST_LEVELS = 32
MOST_KEY_PARTS = 10_000


@dataclass(slots=True)
class _Scan:
    """State of the scan: the text, where in it, and the levels that are open there."""

    text: str
    at: int = 0
    line: int = 1
    header: int = 0
    dots: int = 0
    parts: int = 0


def too_deep(text: str) -> str | None:
    """A sentence that names the limit passed and the line, or ``None`` when the text is harmless to parse."""
    scan = _Scan(text)
    open_levels: list[int] = []
    in_header = False
    at_line_start = True
    while scan.at < len(text):
        character = text[scan.at]
        if character in "\"'":
            _skip_string(scan)
            at_line_start = False
            continue
        if character == "#":
            _skip_comment(scan)
            continue
        if character == "\n":
            if in_header:
                scan.header, in_header, open_levels = scan.dots + 1, False, []
            scan.dots, scan.line, at_line_start = 0, scan.line + 1, True
            scan.at += 1
            continue
        if at_line_start and character == "[" and not open_levels:
            in_header, scan.header = True, 0
        if character in "[{":
            # In a header the brackets stand for the table itself, whose levels its dots count.
            open_levels.append(0 if in_header else scan.dots + 1)
            scan.dots = 0
        elif character in "]}" and open_levels:
            open_levels.pop()
        elif character == ".":
            scan.dots += 1
            scan.parts += 1
        elif character == ",":
            scan.dots = 0
        elif character == "=":
            scan.parts += 1
        at_line_start = at_line_start and character in " \t\r"
        scan.at += 1
        if scan.header + sum(open_levels) + scan.dots + 1 > MOST_LEVELS:
            return f"line {scan.line} is nested deeper than {MOST_LEVELS} levels; flatten it"
        if scan.parts > MOST_KEY_PARTS:
            return f"line {scan.line} passes {MOST_KEY_PARTS:,} key parts in all; remove keys"
    return None


def _skip_string(scan: _Scan) -> None:
    quote = scan.text[scan.at]
    is_multiline = scan.text.startswith(quote * 3, scan.at)
    closing = quote * 3 if is_multiline else quote
    scan.at += len(closing)
    while scan.at < len(scan.text):
        character = scan.text[scan.at]
        if scan.text.startswith(closing, scan.at):
            scan.at += len(closing)
            return
        if character == "\n":
            if not is_multiline:
                return  # an unclosed string; the parser will say so
            scan.line += 1
        scan.at += 2 if character == "\\" and quote == '"' else 1


def _skip_comment(scan: _Scan) -> None:
    end = scan.text.find("\n", scan.at)
    scan.at = len(scan.text) if end < 0 else end
