"""The code blocks of a page, and what becomes of each: run, printed, written into a file, or not run for a reason."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')
NOT_RUN = re.compile(r"\*Not run by the tests: ([^*]+)\.\*\s*\Z")
RUN = frozenset({"python", "sh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """``kind`` is the language, ``file`` the path that the block is to be written to, ``why_not`` why it is not run."""

    kind: str
    text: str
    file: str | None
    why_not: str | None

    @property
    def is_run(self) -> bool:
        return self.kind in RUN and self.why_not is None


def blocks_of(page: Path) -> list[Block]:
    """All blocks of a page, in order."""
    text = page.read_text("utf-8")
    found = []
    for match in BLOCK.finditer(text):
        kind, _, attributes = match[1].partition(" ")
        title = TITLE.search(attributes)
        why_not = NOT_RUN.search(text[: match.start()])
        reason = " ".join(why_not[1].split()) if why_not else None
        found.append(Block(kind=kind, text=match[2], file=title[1] if title else None, why_not=reason))
    return found


def documented_pages() -> dict[str, Path]:
    """Every page that people read, by its path in the project: docs/, and the READMEs that the site takes in."""
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "benchmarks/README.md"]
    pages += [ROOT / "sample_sites/README.md", *(ROOT / "sample_sites").glob("*/README.md")]
    return {page.relative_to(ROOT).as_posix(): page for page in sorted(pages)}
