"""Pages made from the SPECs: what each source brings (`docs/sources.md`), and its variables (`.env.example`).

Belongs here: rendering. What stands in the pages is declared by each source.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence

from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import Credential, SourceSpec

_HEAD = """\
# Copy to .env and fill in. A vendor without any of its variables is left out; `abm doctor` says what is missing.
# Made from the sources by `make docs`.

# --- where things are (defaults shown)
# ABM_LAKE=.abm/lake
# ABM_CONFIG=config
# ABM_POSTGRES_URL=postgresql+psycopg2://abm:password@host:5432/abm
# ABM_DAGSTER_POSTGRES_URL=postgresql+psycopg2://dagster:password@host:5432/dagster
# ABM_ALERT_WEBHOOK_URL=
# ABM_ENGINE=duckdb
# ABM_SPARK_MASTER=local[*]
"""


def env_example(specs: Sequence[SourceSpec]) -> str:
    """`.env.example`: one block a source; what has a default or need not be set is commented out."""
    return "\n".join([_HEAD, *("\n".join(_block(spec)) for spec in specs)])


def _block(spec: SourceSpec) -> Iterator[str]:
    yield f"# --- {spec.title} (abm_pipeline/sources/{spec.vendor}/README.md)"
    if spec.one_of:
        yield f"# One of these is needed: {'; or '.join(' and '.join(names) for names in spec.one_of)}."
    alternatives = {name for names in spec.one_of for name in names}
    for variable in (*spec.credentials, spec.base_url):
        yield f"# {variable.about}"
        wanted = variable.default is None and (variable.is_required or variable.env in alternatives)
        yield f"{'' if wanted else '# '}{variable.env}={variable.default or ''}"
    yield ""


def sources_page(specs: Sequence[SourceSpec], programme: Programme) -> str:
    """`docs/sources.md`: every source with its streams, the tables that they reach, and its variables."""
    return "\n".join(_page(specs, programme))


def _page(specs: Sequence[SourceSpec], programme: Programme) -> Iterator[str]:
    yield "# Sources"
    yield ""
    yield "Made from `abm_pipeline/sources` by `make docs`; edit there."
    yield ""
    yield "| source | what it brings | staged tables |"
    yield "|---|---|---|"
    for spec in specs:
        yield f"| [{spec.title}](#{spec.vendor}) | {spec.about} | {', '.join(_tables(spec.vendor))} |"
    for spec in specs:
        yield ""
        yield f'<a id="{spec.vendor}"></a>'
        yield ""
        yield f"## {spec.title}"
        yield ""
        yield f"[README](../abm_pipeline/sources/{spec.vendor}/README.md)"
        yield ""
        yield "| stream | what it is | kind | re-read days |"
        yield "|---|---|---|---|"
        for stream in spec.streams(programme):
            yield f"| {stream.name} | {stream.about} | {stream.kind} | {stream.lookback_days or ''} |"
        yield ""
        yield "| variable | meaning | default |"
        yield "|---|---|---|"
        for variable in (*spec.credentials, spec.base_url):
            yield f"| `{variable.env}` | {variable.about}{_how(spec, variable)} | {variable.default or ''} |"
    yield ""


def _how(spec: SourceSpec, variable: Credential) -> str:
    if any(variable.env in names for names in spec.one_of):
        return " (one of several ways)"
    return "" if variable.is_required or variable.default else " (optional)"


def _tables(vendor: str) -> list[str]:
    mapping = importlib.import_module(f"abm_pipeline.sources.{vendor}.mapping").MAPPING
    return sorted({select.table.name for select in mapping.selects})
