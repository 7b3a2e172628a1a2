"""MkDocs hook: pages that are made from other files of the project, and links between the two.

Nothing here is a second source: the pages are the READMEs of samples and benchmarks, the example scripts, the commands'
own help, the docstrings of what ``topodesign`` exports, and the comments of the protos.
"""

import posixpath
import re
import sys
from collections.abc import Callable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "server"), str(Path(__file__).parent)]

from command_pages import commands_page  # noqa: E402  (found by the path above)
from proto_pages import protos_page  # noqa: E402
from python_pages import example_page, python_page  # noqa: E402

TAKEN = {
    "sample_sites/README.md": "samples/index.md",
    "sample_sites/two-campus/README.md": "samples/two-campus.md",
    "sample_sites/regional-nova/README.md": "samples/regional-nova.md",
    "sample_sites/us-multi-region/README.md": "samples/us-multi-region.md",
    "sample_sites/europe/README.md": "samples/europe.md",
    "benchmarks/README.md": "benchmarks.md",
    "CHANGELOG.md": "changelog.md",
}
"""Pages that are files of the project outside of docs/, by path."""
EXAMPLES = ("regional-campus", "united-states", "europe")
ROLE = re.compile(r":(?:func|class|mod|meth|data|attr):\s*(?=<code>|`)")
"""A docstring's mark of what kind of thing a name is, which means nothing on a page."""
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def _server_options() -> str:
    text = (PROJECT / "server/deploy/server.toml").read_text("utf-8")
    return f"# Options of the service\n\n`server/deploy/server.toml`, as it is:\n\n```toml\n{text}```\n"


def _example(name: str) -> str:
    return example_page((PROJECT / f"docs/examples/{name.replace('-', '_')}.py").read_text("utf-8"))


MADE: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "protos.md": protos_page,
    "python.md": python_page,
    "server-options.md": _server_options,
    **{f"examples/{name}.md": lambda name=name: _example(name) for name in EXAMPLES},
}
"""Pages that are generated, by their place in the site."""
PAGE_OF = TAKEN | {"server/deploy/server.toml": "server-options.md"}
SOURCE_OF = {page: source for source, page in TAKEN.items()}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs/."""
    for source, page in TAKEN.items():
        files.append(File.generated(config, page, content=(PROJECT / source).read_text("utf-8")))
    for page, make in MADE.items():
        files.append(File.generated(config, page, content=make()))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Point links at the project's files to the pages that they are here."""
    place = page.file.src_uri
    origin = SOURCE_OF.get(place, f"docs/{place}")

    def moved(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2], match[3] or ""
        if "://" in target:
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
        there = PAGE_OF.get(path, path.removeprefix("docs/"))
        return f"[{words}]({posixpath.relpath(there, posixpath.dirname(place) or '.')}{anchor})"

    return LINK.sub(moved, markdown)


def on_page_content(html: str, **_: object) -> str:
    """Drop the marks of docstrings."""
    return ROLE.sub("", html)
