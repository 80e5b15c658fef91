"""Pages: one HTML file each that opens offline, reads on a phone, prints, and follows dark mode.

Belongs here: filling a template and putting the file in its place. What a page says is its own module's.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from abm_pipeline.reports._format import is_missing, number, percent, silent, words
from abm_pipeline.storage.whole import write_whole


def render(template: str, **values: object) -> str:
    """The page as HTML."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(number=number, percent=percent, words=words, is_missing=is_missing, silent=silent)
    return environment


def write_dated(folder: Path, name: str, page: str) -> Path:
    """Write `{name}.html`, and `latest.html` unless a page of a later name is there; returns the first's path."""
    path = write_whole(folder / f"{name}.html", page)
    if path.name == max(found.name for found in folder.glob("????-*.html")):
        write_whole(folder / "latest.html", page)
    return path
