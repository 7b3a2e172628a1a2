"""MkDocs hook: a page that would fetch something from elsewhere fails the build."""

import re

from mkdocs.exceptions import PluginError

FETCHED = re.compile(r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^\s\"'>]+", re.IGNORECASE)
LINKED = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
LOADING = re.compile(r"\brel=[\"']?(?:stylesheet|preload|preconnect|icon|manifest)\b", re.IGNORECASE)
ELSEWHERE = re.compile(r"\bhref=[\"']?(?:https?:)?//", re.IGNORECASE)


def on_post_page(output: str, page: object, **_: object) -> str:
    """The page unchanged, or an error that shows what it would fetch."""
    found = [match[0] for match in FETCHED.finditer(output)]
    found += [link for link in LINKED.findall(output) if LOADING.search(link) and ELSEWHERE.search(link)]
    if found:
        raise PluginError(f"{page} would fetch {found[0]}; the site needs no network")
    return output
