"""Runs on the real instance on Postgres, from HTTP to published rows: ranges, failures, kills, neighbours."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from pydantic import SecretStr

from abm_pipeline.contracts import tables as t
from abm_pipeline.defs import jobs
from abm_pipeline.defs.build import build
from abm_pipeline.defs.instance import OURS, fail_lost_runs, instance
from abm_pipeline.defs.run import run
from abm_pipeline.programme import DEFAULTS
from abm_pipeline.sandbox.serve import running_sandbox
from abm_pipeline.scoring.model import load_models
from abm_pipeline.settings import Settings
from abm_pipeline_tests.conftest import own_pipeline
from abm_pipeline_tests.orchestration.conftest import END, ROWS, START, served

DAYS = (END - START).days + 1


def partitions(made: dg.DagsterInstance, *key: str) -> set[str]:
    """Days of the asset that Dagster knows as materialised."""
    return set(made.get_materialized_partitions(dg.AssetKey(list(key))))


def command(settings: Settings, start: date, end: date, select: Sequence[str] = ROWS) -> subprocess.Popen[str]:
    """`abm run` in a process group of its own, without pages."""
    assert settings.postgres_url is not None
    assert settings.dagster_postgres_url is not None
    env: Mapping[str, str] = {
        **os.environ,
        "ABM_HOME": str(settings.home),
        "ABM_POSTGRES_URL": settings.postgres_url.get_secret_value(),
        "ABM_DAGSTER_POSTGRES_URL": settings.dagster_postgres_url.get_secret_value(),
        "ABM_CONFIG": str(settings.config or ""),
    }
    arguments = ["run", "--start", start.isoformat(), "--end", end.isoformat()]
    arguments += [word for group in select for word in ("--select", group)]
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "abm_pipeline", *arguments],
        env=dict(env),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def test_a_range_is_one_run_and_every_day_shows_its_own_rows(pipeline: Settings) -> None:
    """Twenty days: one ingest and one refresh run; rows by day in the UI are the lake's; pictures on the last day.

    Facts of earlier days, which a first load brings, are told of as well.
    """
    with instance(pipeline) as made:
        finished = made.get_runs(dg.RunsFilter(tags={OURS: "run"}))
        assert [jobs.INGEST, jobs.REFRESH] == sorted(found.job_name for found in finished)
        assert {dg.DagsterRunStatus.SUCCESS} == {found.status for found in finished}
        for key in (("raw", "linkedin"), ("staged", "activity"), ("facts", "touch"), ("metrics", "metric_values")):
            assert DAYS == len([day for day in partitions(made, *key) if START.isoformat() <= day <= END.isoformat()])
        assert START.isoformat() > min(partitions(made, "facts", "touch"))
        lake = pipeline.open_lake
        events = made.fetch_materializations(
            dg.AssetRecordsFilter(
                asset_key=dg.AssetKey(["facts", "touch"]), asset_partitions=[START.isoformat(), END.isoformat()]
            ),
            limit=10,
        ).records
        import pyarrow.parquet as pq

        for record in events:
            event = record.asset_materialization
            assert event is not None
            assert event.partition is not None
            rows = pq.read_metadata(lake.file(t.TOUCH, date.fromisoformat(event.partition))).num_rows
            assert rows == event.metadata["dagster/partition_row_count"].value
        last = made.get_latest_materialization_event(dg.AssetKey(["scoring", "engagement_score"]))
        assert last is not None
        assert last.asset_materialization is not None
        assert {"distribution", "trend", "dagster/column_lineage"} <= last.asset_materialization.metadata.keys()


def test_the_checks_pass_and_stand_in_the_ui(pipeline: Settings) -> None:
    """Conservation, and served equals lake, were judged in the run and held."""
    with instance(pipeline) as made:
        graph = build(pipeline).resolve_asset_graph()
        records = made.event_log_storage.get_latest_asset_check_execution_by_key(sorted(graph.asset_check_keys))
        verdicts = {key.name: record.status.value for key, record in records.items()}
    assert {"parts_add_up", "credit_adds_up", "served_equals_lake", "quarantine_share"} <= verdicts.keys()
    assert "SUCCEEDED" == verdicts["parts_add_up"]
    assert "SUCCEEDED" == verdicts["credit_adds_up"]
    assert {"SUCCEEDED"} == {verdicts["cost_adds_up"], verdicts["movements_add_up"]}
    assert {"SUCCEEDED"} == {verdicts["segments_add_up"], verdicts["stages_add_up"]}
    assert "SUCCEEDED" == verdicts["served_equals_lake"]


def test_a_vendor_that_is_down_fails_alone_is_told_of_and_a_rerun_fills_the_gap(
    settings: Settings, vendors: running_sandbox
) -> None:
    """LinkedIn is down: exit code 1, the others' days are computed; up again, its days are fetched.

    The failure sensor posts run, job, step and class of the error, and no more. Pages of one day, without a vendor,
    are drawn.
    """
    received: list[dict[str, object]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = settings.model_copy(
        update={"alert_webhook_url": SecretStr(f"http://127.0.0.1:{server.server_port}/hook")}
    )
    vendors.set_fault("/linkedin/.*", "down")
    try:
        assert run(settings, END, END) == 1
    finally:
        vendors.clear_faults()
    with instance(settings) as made:
        assert set() == partitions(made, "raw", "linkedin")
        assert {END.isoformat()} == partitions(made, "raw", "salesforce")
        assert {END.isoformat()} == partitions(made, "metrics", "metric_values")
        (failed,) = made.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        alert(settings, made, failed)
        server.shutdown()
        server.server_close()
        assert [("ingest", ["raw_linkedin"])] == [(m["job"], list(dict(m["failed_steps"]))) for m in received]  # type: ignore[call-overload]
        assert f"Run {failed.run_id}." in str(received[0]["text"])
        assert run(settings, END, END, ["raw"]) == 0
        assert {END.isoformat()} == partitions(made, "raw", "linkedin")


def alert(settings: Settings, made: dg.DagsterInstance, failed: dg.DagsterRun) -> None:
    """Evaluate the failure sensor for the run, as the daemon does."""
    (event,) = made.all_logs(failed.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    assert event.dagster_event is not None
    context = dg.build_run_status_sensor_context("run_failed", event.dagster_event, made, failed)
    build(settings).get_sensor_def("run_failed")(context.for_run_failure())


def test_killed_and_run_again_ends_in_the_same_rows(settings: Settings, pipeline: Settings) -> None:
    """kill -9 in the middle of ingest, of facts and of publishing, in three attempts; the fourth ends undisturbed.

    It computes days again that had been computed and half published. Its rows are those of the pipeline that was never
    disturbed, and of the killed runs none is left as started.
    """
    for step_before in ("ingest: raw_bombora", "refresh: staging", "metrics__data_health_unmatched"):
        process = command(settings, START, END)
        assert process.stderr is not None
        for line in process.stderr:
            if step_before in line:
                break
        os.killpg(process.pid, signal.SIGKILL)
        assert -signal.SIGKILL == process.wait()
    with instance(settings) as made:
        assert 1 == len(made.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])))
    assert run(settings, START, END, ROWS) == 0
    with instance(settings) as made:
        assert [] == made.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        assert 3 == len(made.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])))
    assert served(pipeline) == served(settings)


def test_the_queries_of_the_readme_answer(pipeline: Settings) -> None:
    """Each runs on what is served, and gives rows."""
    assert pipeline.postgres_url is not None
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sql\n(.*?)```", readme, re.DOTALL)
    queries = [query.strip() for block in blocks for query in block.split(";") if query.strip()]
    engine = sa.create_engine(pipeline.postgres_url.get_secret_value(), poolclass=sa.pool.NullPool)
    with engine.connect() as con:
        rows = {query: len(con.exec_driver_sql(query).fetchall()) for query in queries}
    assert len(rows) >= 5
    assert [] == [query for query, found in rows.items() if not found]


def of_version(settings: Settings, version: str) -> bool:
    """Scores of a version are served."""
    assert settings.postgres_url is not None
    engine = sa.create_engine(settings.postgres_url.get_secret_value(), poolclass=sa.pool.NullPool)
    found = sa.text(f"SELECT EXISTS (SELECT FROM abm.{t.ENGAGEMENT_SCORE.published} WHERE model_version = :version)")
    with engine.connect() as con:
        return bool(con.execute(found, {"version": version}).scalar())


def test_a_rescore_killed_in_every_layer_ends_in_the_rows_of_one_that_was_not(
    pipeline: Settings, postgres_server: Settings, tmp_path: Path
) -> None:
    """A weight is edited. The backfill is killed when some days have new scores, then when some have new metrics, then
    while it publishes. The fourth ends, leaves alone what was scored, and serves what an undisturbed one does.
    """
    (tmp_path / "scoring_models").mkdir()
    shipped = (DEFAULTS / "scoring_models" / "default.yaml").read_text(encoding="utf-8")
    edited = re.sub(r"^  meeting: .*$", "  meeting: 21", shipped, flags=re.MULTILINE)
    (tmp_path / "scoring_models" / "default.yaml").write_text(edited, encoding="utf-8")
    rescored = ("scoring", "metrics", "published")

    with own_pipeline(postgres_server, tmp_path / "undisturbed", pipeline) as other:
        before = served(other)
        assert run(other.model_copy(update={"config": tmp_path}), START, END, rescored) == 0
        undisturbed = served(other)
    with own_pipeline(postgres_server, tmp_path / "killed", pipeline) as copied:
        settings = copied.model_copy(update={"config": tmp_path})
        (model,) = load_models(settings.config).values()

        def days(table: t.Table, part: str = "data") -> dict[date | None, int]:
            return settings.open_lake.computed_at(table, part)

        of_old_metrics = days(t.METRIC_VALUES)
        for reached in (
            lambda: days(t.SCORE_PART, model.file_part),
            lambda: of_old_metrics != days(t.METRIC_VALUES),
            lambda: of_version(settings, model.model_version),
        ):
            process = command(settings, START, END, rescored)
            while not reached() and process.poll() is None:
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGKILL)
            assert -signal.SIGKILL == process.wait()
        scored = days(t.SCORE_PART, model.file_part)
        assert run(settings, START, END, rescored) == 0
        assert scored == days(t.SCORE_PART, model.file_part)
        assert before != undisturbed
        assert undisturbed == served(settings)


def test_two_runs_for_different_days_at_once_both_succeed(settings: Settings, vendors: running_sandbox) -> None:
    """One process runs 21 to 25 June while another runs 26 to 30 June, on one lake and one database."""
    both = [command(settings, date(2026, 6, first), date(2026, 6, first + 4)) for first in (21, 26)]
    told = [process.communicate()[1] for process in both]
    assert [0, 0] == [process.returncode for process in both], told
    with instance(settings) as made:
        assert 10 == len(partitions(made, "metrics", "metric_values"))
        assert [] == fail_lost_runs(settings, made)


def test_a_range_without_partitions_is_refused(settings: Settings, tmp_path: Path) -> None:
    """Before history_start, and a first day after the last: exit code 2 and nothing is started."""
    assert run(settings, date(2023, 1, 1), date(2023, 1, 2)) == 2
    assert run(settings, END, START) == 2
    assert not settings.home.exists()
