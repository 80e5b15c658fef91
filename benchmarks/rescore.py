"""Re-score two years: the scoring SQL bare in DuckDB, against the same through Dagster, against an empty backfill.

Bare is the same steps with a plain partitioned COPY of both tables. Through Dagster adds finding stale days, atomic
replacement, and the bookkeeping of every partition on Postgres. The empty backfill is that bookkeeping alone: two
assets that do nothing, over the same days on the same instance. The facts are made once per folder and size.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.tables import Table
from abm_pipeline.programme import DEFAULTS
from abm_pipeline.scoring.model import load_models
from abm_pipeline.scoring.refresh import chunks, prepare_model, prepare_touches, run_chunk
from abm_pipeline.scoring.steps import SPAN_STEPS
from abm_pipeline.settings import Settings
from abm_pipeline.storage import postgres
from abm_pipeline.storage.engine import connect, run_steps
from abm_pipeline.storage.lake import now_ns
from benchmarks._timing import Row, in_process

START = date(2024, 1, 1)
WRITE_DAYS = 60

# A third of the accounts gets most touches. Half of the touches are exposures, as e-mails and ads are; ad rows name
# no person.
_TOUCH = """
WITH drawn AS (
    SELECT i, hash(i, 1) % {days} AS day_no, hash(i, 2) % 1000 / 1000.0 AS r, hash(i, 3) % 1000 AS kind,
           hash(i, 4) % 20 AS person
    FROM range({low}, {high}) AS t(i)
), placed AS (
    SELECT *, CAST(floor({accounts} * pow(r + (hash(i, 5) % 1000) / 1e6, 2.2)) AS BIGINT) AS account FROM drawn
)
SELECT DATE '{start}' + CAST(day_no AS INTEGER) AS day, 'bench:' || i AS touch_id,
       CAST(DATE '{start}' + CAST(day_no AS INTEGER) AS TIMESTAMPTZ) AS occurred_at, 'bench' AS source,
       CAST(i AS VARCHAR) AS source_id, 'bench:' || account AS company_key,
       CASE WHEN kind < 250 OR kind >= 900 THEN NULL ELSE 'bench:' || account || '-' || person END AS contact_key,
       CASE WHEN kind < 250 THEN 'ad_impression' WHEN kind < 500 THEN 'email_sent' WHEN kind < 600 THEN 'email_reply'
            WHEN kind < 650 THEN 'call_connected' WHEN kind < 700 THEN 'meeting' WHEN kind < 730 THEN 'event_attended'
            WHEN kind < 780 THEN 'webinar_attended' WHEN kind < 860 THEN 'content_download'
            WHEN kind < 900 THEN 'form_fill' WHEN kind < 950 THEN 'ad_click' ELSE 'ad_engagement' END AS touch_type,
       'any' AS channel, NULL AS direction, NULL AS content_id,
       CASE WHEN kind BETWEEN 780 AND 799 THEN 'pricing_guide' WHEN kind BETWEEN 860 AND 865 THEN 'demo_request' END
           AS content_type,
       NULL AS funnel_stage, NULL AS campaign_id, NULL AS duration_seconds, NULL AS outcome, kind < 500 AS is_exposure,
       1.0 AS weight_count
FROM placed WHERE day_no BETWEEN {first} AND {last}
"""
_INTENT = """
SELECT DATE '{start}' + CAST(d AS INTEGER) AS day, 'bench' AS source, 'bench:' || a AS company_key,
       'topic ' || topic AS topic, 60 + hash(a, topic, d // 7) % 40 AS score, true AS is_surging
FROM range({first}, {last} + 1) AS days(d), range({accounts}) AS accounts(a), range(10) AS topics(topic)
WHERE hash(a, topic, d // 7) % 40 = 0
"""
_IDENTITY = {
    T.MEMBER: """SELECT 'A' || a AS account_id, 'bench' AS source, CAST(a AS VARCHAR) AS source_id, 'crm' AS match_rule,
                 1.0 AS match_probability, false AS is_manual, 's' AS snapshot_id FROM range({accounts}) AS t(a)""",
    T.PERSON: """SELECT 'bench' AS source, a || '-' || p AS source_id, 'bench:' || a || '-' || p AS person_id,
                 'A' || a AS account_id,
                 ['decision_maker', 'champion', 'influencer', 'user', 'other'][CAST(1 + hash(a, p) % 5 AS BIGINT)]
                 AS role, 'contact' AS person_type, NULL AS created_at, false AS is_deleted, NULL AS match_rule,
                 's' AS snapshot_id
                 FROM range({accounts}) AS t(a), range(20) AS people(p)""",
    T.TIER_HISTORY: """SELECT 'A' || a AS account_id, 'one_to_many' AS tier, true AS is_target,
                       TIMESTAMPTZ '2023-06-01 00:00:00+00' AS valid_from, NULL AS valid_to
                       FROM range({accounts} // 2) AS t(a)""",
}


def make_facts(settings: Settings, accounts: int, touches: int, days: int) -> None:
    """Write facts and identity into the lake, unless they are there."""
    lake = settings.open_lake
    if len(lake.days(T.TOUCH)) == days:
        return
    numbers = {"accounts": accounts, "low": 0, "high": touches, "days": days, "start": START}
    with connect(memory_limit="3GB", temp=settings.home / "making") as con:
        for table, sql in _IDENTITY.items():
            lake.write_table(con, table, sql.format(**numbers), computed_at=now_ns())
        for first in range(0, days, WRITE_DAYS):
            last = min(first + WRITE_DAYS, days) - 1
            chunk = [START + timedelta(days=offset) for offset in range(first, last + 1)]
            for table, sql in ((T.TOUCH, _TOUCH), (T.INTENT, _INTENT)):
                lake.write_days(con, table, sql.format(first=first, last=last, **numbers), chunk, computed_at=now_ns())


def bare(settings: Settings, days: list[date], target: Path) -> None:
    """The steps and a plain COPY."""
    (model,) = load_models(settings.config).values()
    with connect(memory_limit=settings.memory_limit, threads=settings.threads, temp=settings.home / "spill") as con:
        prepare_touches(con, settings.open_lake, settings.programme, days, max(model.windows) + 6)
        prepare_model(con, model)
        run_steps(con, SPAN_STEPS)
        for number, chunk in enumerate(chunks(con, days)):
            run_chunk(con, chunk)
            for table, rows in ((T.ENGAGEMENT_SCORE, "score_row"), (T.SCORE_PART, "part_row")):
                con.execute(
                    f"COPY (FROM {rows}) TO '{target / table.name / str(number)}' "
                    "(FORMAT parquet, PARTITION_BY (day), WRITE_PARTITION_COLUMNS true, COMPRESSION zstd)"
                )


def through_dagster(settings: Settings, days: list[date]) -> None:
    """What `abm run --select scoring` does, from nothing scored."""
    from abm_pipeline.defs.run import run

    shutil.rmtree(settings.lake_path / "scoring", ignore_errors=True)
    if run(settings, days[0], days[-1], select=["scoring"]):
        raise RuntimeError("the backfill failed")


def empty_backfill(settings: Settings, days: list[date], tables: Sequence[Table]) -> None:
    """As many assets that do nothing, over the same partitions in one run on the same kind of instance."""
    from abm_pipeline.defs._decisions import range_tags
    from abm_pipeline.defs.instance import instance
    from abm_pipeline.defs.run import QUIET

    daily = dg.DailyPartitionsDefinition(START.isoformat())
    keys = [table.name for table in tables]

    @dg.multi_asset(
        specs=[dg.AssetSpec(key, partitions_def=daily) for key in keys],
        backfill_policy=dg.BackfillPolicy.single_run(),
        name="nothing",
    )
    def nothing() -> Iterator[dg.MaterializeResult[Any]]:
        for key in keys:
            yield dg.MaterializeResult(asset_key=key)

    job = dg.Definitions(assets=[nothing], jobs=[dg.define_asset_job("empty")]).resolve_job_def("empty")
    with instance(settings) as made:
        job.execute_in_process(run_config=QUIET, instance=made, tags=range_tags(days[0], days[-1]))


def _compute(settings: Settings, days: list[date]) -> None:
    from abm_pipeline.scoring.refresh import refresh

    refresh(settings, days, "bench")


def curve(home: Path, sizes: list[int], day_count: int) -> Iterator[Row]:
    """Time the re-score alone at several numbers of touches, 2,000 accounts a million; the exponent is that of a power
    of the touches, fitted to processor seconds by least squares of logarithms.
    """
    found: list[tuple[int, float]] = []
    for touches in sizes:
        accounts = max(1, touches // 500)
        folder = (home / f"{accounts}_{touches}_{day_count}").absolute()
        settings = Settings(_env_file=None, home=folder, lake=folder / "lake", memory_limit="3GB")
        make_facts(settings, accounts, touches, day_count)
        shutil.rmtree(settings.lake_path / "scoring", ignore_errors=True)
        shutil.rmtree(folder / "kept", ignore_errors=True)
        timed = in_process(_compute, settings, [START + timedelta(days=offset) for offset in range(day_count)])
        found.append((touches, timed.cpu))
        exponent = ""
        if len(found) > 1:
            slope, _ = np.polyfit(*(np.log(np.array(column)) for column in zip(*found, strict=True)), 1)
            exponent = f"exponent {slope:.2f} so far"
        yield Row(f"re-score {day_count} days, {accounts:,} accounts, {touches:,} touches", timed, exponent)


def one_day(settings: Settings, days: list[date]) -> None:
    """The last day once more, whose touches came anew, as after a daily refresh."""
    from abm_pipeline.defs.run import run

    settings.open_lake.file(T.TOUCH, days[-1]).touch()
    if run(settings, days[-1], days[-1], select=["scoring"]):
        raise RuntimeError("the run failed")


def empty_day(settings: Settings, days: list[date]) -> None:
    """A run of that day in which nothing is to be done: what one costs whatever it does."""
    from abm_pipeline.defs.run import run

    if run(settings, days[-1], days[-1], select=["scoring"]):
        raise RuntimeError("the run failed")


def changed_weight(settings: Settings, days: list[date]) -> None:
    """One weight is edited, and all that follows is computed and served: scores, metrics, Postgres."""
    from abm_pipeline.defs.run import run

    config = settings.home / "config"
    (config / "scoring_models").mkdir(parents=True, exist_ok=True)
    shipped = (DEFAULTS / "scoring_models" / "default.yaml").read_text(encoding="utf-8")
    edited = re.sub(r"^  meeting: .*$", "  meeting: 21", shipped, flags=re.MULTILINE)
    (config / "scoring_models" / "default.yaml").write_text(edited, encoding="utf-8")
    changed = settings.model_copy(update={"config": config})
    if run(changed, days[0], days[-1], select=["scoring", "metrics", "published"]):
        raise RuntimeError("the run failed")


def _bare(settings: Settings, days: list[date]) -> None:
    target = settings.home / "bare"
    shutil.rmtree(target, ignore_errors=True)
    for table in (T.ENGAGEMENT_SCORE, T.SCORE_PART):
        (target / table.name).mkdir(parents=True)
    bare(settings, days, target)


def measure(home: Path, accounts: int, touches: int, day_count: int) -> Iterator[Row]:
    """Time each in turn, in a process of its own on the same facts."""
    folder = (home / f"{accounts}_{touches}_{day_count}").absolute()
    settings = Settings(_env_file=None, home=folder, lake=folder / "lake", memory_limit="3GB")
    days = [START + timedelta(days=offset) for offset in range(day_count)]
    make_facts(settings, accounts, touches, day_count)
    with postgres.running(settings):
        bare = in_process(_bare, settings, days)
        shutil.rmtree(folder / "bare", ignore_errors=True)
        size = f"{day_count} days, {accounts:,} accounts, {touches:,} touches"
        yield Row(f"re-score {size}: SQL bare in DuckDB", bare, "1")
        empty = in_process(empty_backfill, settings, days, (T.ENGAGEMENT_SCORE, T.SCORE_PART))
        yield Row("an empty Dagster backfill of the same partitions", empty, "")
        full = in_process(through_dagster, settings, days)
        yield Row(
            "the backfill through Dagster",
            full,
            f"{full.seconds / (bare.seconds + empty.seconds):.2f} × (bare + empty), {full.seconds / bare.seconds:.2f} "
            f"× bare; of processor seconds {full.cpu / (bare.cpu + empty.cpu):.2f}",
        )
        idle = in_process(empty_day, settings, days)
        yield Row("a run of the last day, which stands", idle, "")
        day = in_process(one_day, settings, days)
        more = f"{day.seconds - idle.seconds:.1f} s more, {day.cpu - idle.cpu:.1f} processor seconds"
        yield Row("the last day scored again", day, more)
        weight = in_process(changed_weight, settings, days)
        yield Row("one weight edited: scores, metrics and Postgres, all days", weight, "")
