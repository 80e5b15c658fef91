"""What the tests that every source must pass have to know of a source: declared in its test folder as `SUITE`.

Belongs here: the shape of the declaration. A source `sources/<vendor>/` has its tests in this package's `<vendor>/`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from abm_pipeline.registry import collect
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.sources._spec import SourceSpec


@dataclass(frozen=True)
class Suite:
    """Where a vendor's data comes from in the sandbox (routes are regular expressions on paths), and what breaks it.

    - `route`: answers with data. `routes`: that of single streams, where `route` would hit too much.
    - `small_pages`: constants to lower so that a tiny world needs many pages: module, name, value.
    - `paged`: streams of several pages then, and the route of their pages; `loops` are those whose next page can be
      made to come twice (the others are told their end by something else than a token).
    - `broken`: a stream, the route whose failure fails it, and all streams that fail with it.
    - `schema`: (stream, field) whose loss or change must lose no record; nested fields joined by dots.
    - `wrong`: the variable that holds the secret. `is_login`: it is refused by one request, before any stream's.
    - `calm`: settings of the simulated vendor under which tests run (limits out of the way).
    - `faults_off`: faults (see `test_every_stream.FAULTS`) that this vendor can't have, by reason.

    A vendor that arrives as files has no HTTP to fail (`is_file`); what happens to files instead is in
    `test_every_file`, for which `files` gives, by stream, a glob of its files below the vendor's folder, and a column
    that they must have (None: there is no header).
    """

    route: str = ""
    paged: tuple[tuple[str, str], ...] = ()
    broken: tuple[str, str, frozenset[str]] = ("", "", frozenset())
    schema: tuple[tuple[str, str], ...] = ()
    wrong: str = ""
    is_file: bool = False
    files: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    small_pages: tuple[tuple[ModuleType, str, int], ...] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    loops: bool = True
    is_login: bool = True
    calm: Mapping[str, Any] = field(default_factory=dict)
    faults_off: Mapping[str, str] = field(default_factory=dict)

    def route_of(self, stream: str) -> str:
        """Where the stream's data comes from."""
        return self.routes.get(stream, self.route)


def suite_of(vendor: str) -> Suite:
    """The vendor's declaration. Raises ImportError where a source has no tests."""
    suite: Suite = importlib.import_module(f"abm_pipeline_tests.sources.{vendor}").SUITE
    return suite


def calm(sandbox: running_sandbox) -> None:
    """Limits out of the way, and lifetimes as they were, for every vendor."""
    for vendor in (spec.vendor for spec in collect("abm_pipeline.sources", SourceSpec)):
        sandbox.configure(vendor, **suite_of(vendor).calm)
