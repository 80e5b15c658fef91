"""Sensors on a real instance: a changed model is one backfill of scoring and its readers, a changed source its days."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
import yaml

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import raw_table
from abm_pipeline.defs import _decisions, jobs
from abm_pipeline.defs.build import build
from abm_pipeline.defs.instance import instance
from abm_pipeline.defs.run import QUIET
from abm_pipeline.identity.decisions import decide
from abm_pipeline.programme import DEFAULTS
from abm_pipeline.reports.restated import resolutions
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.journal import ROWS
from abm_pipeline.storage.segments import Segments
from abm_pipeline_tests.conftest import own_pipeline
from abm_pipeline_tests.orchestration.conftest import END, START

RANGE = {
    "dagster/asset_partition_range_start": START.isoformat(),
    "dagster/asset_partition_range_end": END.isoformat(),
}


@pytest.fixture
def copy(pipeline: Settings, postgres_server: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A pipeline with the lake of the one that has run, a database of its own, and a folder of YAML."""
    with own_pipeline(postgres_server, tmp_path / "home") as made:
        # copies keep modification times, which say what changed when
        shutil.copytree(pipeline.lake_path, made.lake_path, copy_function=shutil.copy2)
        (tmp_path / "config" / "scoring_models").mkdir(parents=True)
        yield made.model_copy(update={"config": tmp_path / "config"})


def tick(settings: Settings, made: dg.DagsterInstance, name: str, cursor: str | None) -> dg.SensorResult:
    """One look of the sensor."""
    found = build(settings).get_sensor_def(name)(dg.build_sensor_context(instance=made, cursor=cursor))
    assert isinstance(found, dg.SensorResult)
    return found


def test_a_model_edit_is_one_backfill_of_scoring_and_its_readers_over_all_history(copy: Settings) -> None:
    """Another half-life: one request for all twenty days, and only once; carried out, four groups are touched, and the
    log of what was restated, which says why."""
    with instance(copy) as made:
        first = tick(copy, made, "scoring_model_changed", None)
        assert [] == list(first.run_requests or [])
        model = yaml.safe_load((DEFAULTS / "scoring_models" / "default.yaml").read_text())
        assert copy.config is not None
        (copy.config / "scoring_models" / "default.yaml").write_text(
            yaml.safe_dump({**model, "version": "2", "half_life_days": 20})
        )
        second = tick(copy, made, "scoring_model_changed", first.cursor)
        (request,) = second.run_requests or []
        assert RANGE == {name: request.tags[name] for name in RANGE}
        assert [] == list(tick(copy, made, "scoring_model_changed", second.cursor).run_requests or [])

        job = build(copy).resolve_job_def(jobs.RESCORE)
        result = job.execute_in_process(run_config=QUIET, instance=made, tags=dict(request.tags))
        assert result.success
        touched = {key.path[0] for key in made.all_asset_keys() if made.get_latest_materialization_event(key)}
        assert {"scoring", "metrics", "published", "reports", "staged"} == touched
        challenger = {**model, "name": "steep", "half_life_days": 20}
        (copy.config / "scoring_models" / "steep.yaml").write_text(yaml.safe_dump(challenger))
        (request,) = tick(copy, made, "scoring_model_changed", second.cursor).run_requests or []
        assert RANGE == {name: request.tags[name] for name in RANGE}
        assert {("scoring", "engagement_score"), ("scoring", "score_part"), ("reports", "score_changes")} == {
            tuple(key.path) for key in request.asset_selection or []
        }, "no metric reads a challenger"
    lake = copy.open_lake
    parts = {path.stem for path in lake.files(t.ENGAGEMENT_SCORE, END, END)}
    assert 2 == len(parts), "old and new version side by side"


def test_changed_raw_is_exactly_its_days_and_only_once(copy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content of 15 June's tasks changes after staging: once that has settled, 15 June is requested, and not again."""
    with instance(copy) as made:
        assert [] == list(tick(copy, made, "source_changed", None).run_requests or [])
        tasks = Segments.read(copy.open_lake.folder(raw_table("salesforce", "task")))
        assert tasks is not None
        tasks.commit([date(2026, 6, 15)])
        assert [] == list(tick(copy, made, "source_changed", None).run_requests or [])
        monkeypatch.setattr(_decisions, "SETTLED_NS", 0)
        found = tick(copy, made, "source_changed", None)
        (request,) = found.run_requests or []
        assert {"2026-06-15"} == {request.tags[name] for name in RANGE}
        assert [] == list(tick(copy, made, "source_changed", found.cursor).run_requests or [])


def test_a_refresh_follows_an_ingest_for_the_same_days(pipeline: Settings) -> None:
    """The pipeline's own ingest run, as the sensor on its success sees it."""
    with instance(pipeline) as made:
        (ingest,) = made.get_runs(dg.RunsFilter(job_name=jobs.INGEST))
        (event,) = made.all_logs(ingest.run_id, of_type=dg.DagsterEventType.RUN_SUCCESS)
        assert event.dagster_event is not None
        context = dg.build_run_status_sensor_context("refresh_after_ingest", event.dagster_event, made, ingest)
        request = build(pipeline).get_sensor_def("refresh_after_ingest")(context)
    assert isinstance(request, dg.RunRequest)
    assert (ingest.run_id, RANGE) == (request.run_key, request.tags)


# Two accounts, of which the second did nothing before a day as late as can be found.
_TWO = """
    WITH began AS (
        SELECT m.account_id, min(f.day) AS day,
               min(m.source || ':' || m.source_id) FILTER (m.source = 'salesforce') AS key
        FROM identity.member AS m LEFT JOIN facts.touch AS f ON f.company_key = m.source || ':' || m.source_id
        GROUP BY m.account_id HAVING key IS NOT NULL AND min(f.day) IS NOT NULL
    )
    (SELECT account_id, key FROM began ORDER BY day, key LIMIT 1)
    UNION ALL (SELECT account_id, key FROM began ORDER BY day DESC, key LIMIT 1)
"""


def test_a_merge_by_hand_is_asked_for_computed_and_told_of(copy: Settings) -> None:
    """Two accounts are merged by `decide`, as `abm identity merge` does. The sensor asks for the newest day, once; the
    run scores again the days since the merge matters and no others, and Postgres says which numbers moved, and why."""
    lake = copy.open_lake
    with connect() as con:
        lake.attach(con, t.MEMBER)
        lake.attach(con, t.TOUCH)
        (_, left), (_, right) = con.execute(_TWO).fetchall()
    with instance(copy) as made:
        first = tick(copy, made, "identity_decided", None)
        assert [] == list(first.run_requests or [])
        before = lake.computed_at(t.METRIC_VALUES)
        decision, _ = decide(copy, "merge", left, right, why="same house")
        second = tick(copy, made, "identity_decided", first.cursor)
        (request,) = second.run_requests or []
        assert {END.isoformat()} == {request.tags[name] for name in RANGE}
        assert [] == list(tick(copy, made, "identity_decided", second.cursor).run_requests or [])
        job = build(copy).resolve_job_def(jobs.REFRESH)
        assert job.execute_in_process(run_config=QUIET, instance=made, tags=dict(request.tags)).success

    (run,) = resolutions(copy, 1)
    assert f"(decision {decision.decision_id} by {decision.who})" in run.what
    whos = (t.MEMBER, t.PERSON, t.ACCOUNT, t.TIER_HISTORY)
    since = min(day for table in whos if (day := lake.changes(table)[-1].first_day(ROWS)) is not None)
    now = lake.computed_at(t.METRIC_VALUES)
    assert {day for day in before if day >= since} | {END} == {day for day in before if now[day] != before[day]}
    assert copy.postgres_url is not None
    engine = sa.create_engine(copy.postgres_url.get_secret_value(), poolclass=sa.pool.NullPool)
    with engine.connect() as served:
        said = 'SELECT DISTINCT "table" FROM abm.restatements WHERE reason LIKE :what'
        found = {row[0] for row in served.execute(sa.text(said), {"what": f"%{decision.decision_id}%"})}
    assert {str(t.METRIC_VALUES), str(t.ACCOUNT_METRICS_DAILY)} == found


def test_accounts_that_turn_hot_are_told_once(copy: Settings) -> None:
    """The newest day is told of once, whatever is recomputed before it; the cursor is that day."""
    with instance(copy) as made:
        first = tick(copy, made, "account_turned_hot", None)
        assert END.isoformat() == first.cursor
        found = build(copy).get_sensor_def("account_turned_hot")(
            dg.build_sensor_context(instance=made, cursor=first.cursor)
        )
        assert isinstance(found, dg.SkipReason)
