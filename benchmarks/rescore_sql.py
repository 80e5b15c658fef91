"""Re-score two years: synthetic facts, then the scoring SQL bare in DuckDB against the same through `refresh()`.

    python benchmarks/rescore_sql.py --home .abm/bench [--accounts 20000] [--touches 10000000] [--days 730]

Bare is the same steps with a plain partitioned COPY of both tables; refresh adds finding stale days, comparing with
what is there, atomic replacement. The facts are made once per `--home` and size.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import time
from datetime import date, timedelta
from pathlib import Path

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import select_list
from abm_pipeline.scoring.model import load_models
from abm_pipeline.scoring.refresh import chunks, prepare_model, prepare_touches, refresh, run_chunk
from abm_pipeline.scoring.steps import SPAN_STEPS
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect, run_steps
from abm_pipeline.storage.lake import now_ns

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
    T.PERSON: """SELECT 'bench' AS source, a || '-' || p AS source_id, 'A' || a AS account_id,
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


def bare(settings: Settings, days: list[date], target: Path) -> dict[str, float]:
    """The steps and a plain COPY; seconds of each part."""
    (model,) = load_models(settings.config).values()
    spent: dict[str, float] = {}

    def timed(name: str, since: float) -> None:
        spent[name] = spent.get(name, 0.0) + time.perf_counter() - since

    with connect(
        memory_limit=settings.memory_limit, threads=settings.threads, temp=settings.home / "bare_spill"
    ) as con:
        at = time.perf_counter()
        prepare_touches(con, settings.open_lake, settings.programme, days, max(model.windows) + 6)
        timed("touches", at)
        at = time.perf_counter()
        prepare_model(con, model)
        run_steps(con, SPAN_STEPS)
        timed("spans", at)
        for number, chunk in enumerate(chunks(con, days)):
            at = time.perf_counter()
            run_chunk(con, chunk)
            timed("days", at)
            for table, rows in ((T.ENGAGEMENT_SCORE, "score_row"), (T.SCORE_PART, "part_row")):
                at = time.perf_counter()
                con.execute(
                    f"COPY (SELECT {select_list(table)} FROM {rows}) TO '{target / table.name / str(number)}' "
                    "(FORMAT parquet, PARTITION_BY (day), WRITE_PARTITION_COLUMNS true, COMPRESSION zstd)"
                )
                timed(f"copy {table.name}", at)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--touches", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--memory", default="3GB", help="DuckDB's limit; the process stays under 4 GiB with 3GB")
    parser.add_argument("--only", choices=("facts", "bare", "refresh"))
    args = parser.parse_args()
    home = args.home / f"{args.accounts}_{args.touches}_{args.days}"
    settings = Settings(home=home, memory_limit=args.memory)
    days = [START + timedelta(days=offset) for offset in range(args.days)]
    at = time.perf_counter()
    make_facts(settings, args.accounts, args.touches, args.days)
    print(f"facts ready in {time.perf_counter() - at:.1f} s")
    if args.only in (None, "bare"):
        shutil.rmtree(home / "bare", ignore_errors=True)
        for table in (T.ENGAGEMENT_SCORE, T.SCORE_PART):
            (home / "bare" / table.name).mkdir(parents=True)
        cpu = time.process_time()
        spent = bare(settings, days, home / "bare")
        by_part = {name: round(seconds, 1) for name, seconds in spent.items()}
        print(f"bare: {sum(spent.values()):.1f} s, {time.process_time() - cpu:.1f} s of processor, {by_part}")
    if args.only in (None, "refresh"):
        shutil.rmtree(home / "lake" / "scoring", ignore_errors=True)
        at, cpu = time.perf_counter(), time.process_time()
        reports = refresh(settings, days, "bench")
        rows = {report.table.name: sum(report.rows.values()) for report in reports}
        print(f"refresh: {time.perf_counter() - at:.1f} s, {time.process_time() - cpu:.1f} s of processor, rows {rows}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
