"""The same scores as others would make them: the SQL a day or a range at a time, in dbt, SQLMesh and a pandas loop.

Belongs here: the definition of a score as plain SQL over a window, written from the model's YAML and from nothing of
ours, and the projects that run it. Every rival gets what does not depend on the window (points by contact and day,
capped) as a table made once, and writes scores and parts without rank, band and change: less than ours writes.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.scoring.model import ScoringModel, load_models
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect

# What a part or a score may differ by: sums of doubles in another order.
CLOSE = 1e-6


def _values(rows: list[tuple[object, ...]]) -> str:
    return ", ".join("(" + ", ".join(repr(cell) for cell in row) + ")" for row in rows)


def resolved_touches(settings: Settings, model: ScoringModel, days: Sequence[date] = ()) -> str:
    """Touches (of days, if any are given) that have points, with account, contact, and points by type and role."""
    lake = settings.open_lake
    files = [str(lake.file(T.TOUCH, day)) for day in days] or f"{lake.folder(T.TOUCH)}/*/*.parquet"
    unknown = model.role_weights["unknown"]
    content = [(t, c, p) for t, by in model.content_points.items() for c, p in by.items()]
    return f"""
        SELECT m.account_id, p.person_id AS contact, t.day, t.touch_type AS part,
            coalesce(content.points, given.points) * coalesce(role.weight, {unknown}) * weight_count AS points
        FROM read_parquet({files!r}, hive_partitioning = false) AS t
        JOIN '{lake.file(T.MEMBER)}' AS m ON t.company_key = m.source || ':' || m.source_id
        JOIN (VALUES {_values([(n, model.points[n]) for n in model.engagement_types])}) AS given(touch_type, points)
            USING (touch_type)
        LEFT JOIN (VALUES {_values(content)}) AS content(touch_type, content_type, points)
            ON content.touch_type = t.touch_type AND content.content_type = t.content_type
        LEFT JOIN '{lake.file(T.PERSON)}' AS p ON t.contact_key = p.source || ':' || p.source_id
        LEFT JOIN (VALUES {_values(list(model.role_weights.items()))}) AS role(role, weight) ON role.role = p.role"""


def touch_points(settings: Settings, model: ScoringModel) -> str:
    """Points by account, contact, day and touch type, within the caps."""
    return f"""
        WITH earned AS (
            SELECT account_id, contact, day, part, count(*) AS touches, sum(points) AS points
            FROM ({resolved_touches(settings, model)}) AS resolved GROUP BY ALL
        ), capped AS (
            SELECT *, sum(points) OVER (PARTITION BY account_id, contact, day) AS of_day,
                CASE WHEN contact IS NULL THEN {model.cap_per_account_day} ELSE {model.cap_per_contact_day} END AS cap
            FROM earned
        )
        SELECT account_id, contact, day, part, touches, points * least(1, cap / of_day) AS points FROM capped"""


def intent_points(settings: Settings, model: ScoringModel) -> str:
    """Points of intent by account and day."""
    lake, intent = settings.open_lake, model.intent
    return f"""
        SELECT account_id, day, least({intent.cap}, sum({intent.points_per_topic} * least(score, {intent.full_score})
            / {intent.full_score})) AS points
        FROM (SELECT m.account_id, i.day, i.topic, max(i.score) AS score
              FROM read_parquet('{lake.folder(T.INTENT)}/*/*.parquet', hive_partitioning = false) AS i
              JOIN '{lake.file(T.MEMBER)}' AS m ON i.company_key = m.source || ':' || m.source_id
              WHERE i.is_surging GROUP BY ALL) AS topics
        GROUP BY ALL"""


def scores(model: ScoringModel, touch_points: str, intent_points: str, first: str, last: str) -> str:
    """Scores of the days from `first` to `last` (SQL): each window is summed anew for each day."""
    steps = " ".join(f"WHEN contacts >= {n} THEN {model.breadth[n]}" for n in sorted(model.breadth, reverse=True))
    windows = f"(VALUES {_values([(window,) for window in model.windows])}) AS w(window_days)"
    days = f"(SELECT CAST(unnest(generate_series({first}, {last}, INTERVAL 1 DAY)) AS DATE) AS day) AS d"
    return f"""
        WITH summed AS (
            SELECT d.day, t.account_id, w.window_days, sum(t.touches) AS touches, count(DISTINCT t.contact) AS contacts,
                sum(t.points * pow(2.0, (t.day - d.day) / {model.half_life_days})) AS base
            FROM {days} CROSS JOIN {windows}
            JOIN {touch_points} AS t ON t.day <= d.day AND t.day > d.day - w.window_days
            GROUP BY ALL
        ), topics AS (
            SELECT i.day, i.account_id, w.window_days, i.points
            FROM {intent_points} AS i CROSS JOIN {windows} WHERE i.day BETWEEN {first} AND {last}
        )
        SELECT CAST(day AS DATE) AS day, account_id, window_days, coalesce(touches, 0) AS touches,
            coalesce(contacts, 0) AS contacts, coalesce(base, 0) AS base, coalesce(points, 0) AS intent,
            CASE {steps} ELSE 1.0 END AS factor, coalesce(base, 0) * factor + coalesce(points, 0) AS score
        FROM summed FULL JOIN topics USING (day, account_id, window_days)"""


def parts(model: ScoringModel, touch_points: str, scores: str, first: str, last: str) -> str:
    """Parts of the scores of the days from `first` to `last`."""
    windows = f"(VALUES {_values([(window,) for window in model.windows])}) AS w(window_days)"
    days = f"(SELECT CAST(unnest(generate_series({first}, {last}, INTERVAL 1 DAY)) AS DATE) AS day) AS d"
    return f"""
        SELECT d.day, t.account_id, w.window_days, t.part, sum(t.touches) AS touches,
            sum(t.points * pow(2.0, (t.day - d.day) / {model.half_life_days})) AS points
        FROM {days} CROSS JOIN {windows}
        JOIN {touch_points} AS t ON t.day <= d.day AND t.day > d.day - w.window_days
        GROUP BY ALL
        UNION ALL
        SELECT day, account_id, window_days, 'breadth', NULL, base * (factor - 1)
        FROM {scores} WHERE factor > 1 AND touches > 0 AND day BETWEEN {first} AND {last}
        UNION ALL
        SELECT day, account_id, window_days, 'intent', NULL, intent
        FROM {scores} WHERE intent > 0 AND day BETWEEN {first} AND {last}"""


def dbt(settings: Settings, days: list[date], program: Path, folder: Path, microbatch: bool) -> None:
    """A dbt-duckdb project: microbatch models of a day each, or tables made in full."""
    (model,) = load_models(settings.config).values()
    start, end = "{{ model.batch.event_time_start }}", "{{ model.batch.event_time_end }}"
    first, last = f"DATE '{days[0]}'", f"DATE '{days[-1]}'"
    head = "{{ config(materialized='table') }}\n"
    if microbatch:
        first, last = f"CAST('{start}' AS DATE)", f"CAST('{end}' AS DATE) - 1"
        head = (
            "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day', "
            f"batch_size='day', begin='{days[0]}', lookback=0, concurrent_batches=false) }}}}\n"
        )
    made = {
        "touch_points": "{{ config(materialized='table') }}\n" + touch_points(settings, model),
        "intent_points": "{{ config(materialized='table') }}\n" + intent_points(settings, model),
        "scores": head + scores(model, "{{ ref('touch_points') }}", "{{ ref('intent_points') }}", first, last),
        "parts": head + parts(model, "{{ ref('touch_points') }}", "{{ ref('scores').render() }}", first, last),
    }
    for name, sql in made.items():
        _write(folder / "models" / f"{name}.sql", sql)
    _write(folder / "dbt_project.yml", "name: rival\nversion: '1.0'\nprofile: rival\nmodel-paths: [models]\n")
    target = f"type: duckdb, path: '{folder}/made.duckdb', threads: 1, settings: {{threads: 2, memory_limit: 3GB}}"
    _write(folder / "profiles.yml", f"rival:\n  target: dev\n  outputs:\n    dev: {{{target}}}\n")
    until = days[-1] + timedelta(days=1)
    times = ["--event-time-start", f"{days[0]}", "--event-time-end", f"{until}"] if microbatch else []
    flags = ["--no-use-colors", "--no-send-anonymous-usage-stats", "--project-dir", folder, "--profiles-dir", folder]
    _run([program, *flags[:2], "run", *flags[2:], *times], folder)


def sqlmesh(settings: Settings, days: list[date], program: Path, folder: Path, by_day: bool) -> None:
    """A SQLMesh project: incremental by time range, a day or all days a batch."""
    (model,) = load_models(settings.config).values()
    batch = f", batch_size {1 if by_day else len(days)}, batch_concurrency 1"
    kind = f"INCREMENTAL_BY_TIME_RANGE (time_column day{batch})"
    first, last = "CAST(@start_ds AS DATE)", "CAST(@end_ds AS DATE)"
    made = {
        "touch_points": ("FULL", touch_points(settings, model)),
        "intent_points": ("FULL", intent_points(settings, model)),
        "scores": (kind, scores(model, "rival.touch_points", "rival.intent_points", first, last)),
        "parts": (kind, parts(model, "rival.touch_points", "rival.scores", first, last)),
    }
    for name, (how, sql) in made.items():
        text = f"MODEL (name rival.{name}, kind {how}, start '{days[0]}', end '{days[-1]}', cron '@daily');\n{sql}\n"
        _write(folder / "models" / f"{name}.sql", text)
    _write(
        folder / "config.yaml",
        f"gateways: {{here: {{connection: {{type: duckdb, database: '{folder}/made.duckdb'}}}}}}\n"
        f"default_gateway: here\nmodel_defaults: {{dialect: duckdb, start: '{days[0]}'}}\n"
        "disable_anonymized_analytics: true\n",
    )
    _run([program, "--paths", folder, "plan", "--auto-apply", "--no-prompts", "--skip-tests"], folder)


def pandas_loop(settings: Settings, days: list[date], folder: Path, given: str) -> None:
    """For each day and window the rows of the window, weighed, grouped and written.

    `given`: "points" by contact and day, capped, as the other rivals get them; "touches", held in memory, with account,
    person and points, which are added up and capped for each window anew; "days": each day reads the touches of its
    windows from the lake, as the same code does every morning.
    """
    (model,) = load_models(settings.config).values()
    with duckdb.connect() as con:
        topics = con.execute(intent_points(settings, model)).df()
        topics["day"] = pd.to_datetime(topics.day)
        if given != "days":
            done = _by_day(con, (touch_points if given == "points" else resolved_touches)(settings, model))
        there = settings.open_lake.days(T.TOUCH)
        for day in days:
            if given == "days":
                read = [each for each in there if day - timedelta(days=max(model.windows)) < each <= day]
                done = _by_day(con, resolved_touches(settings, model, read))
            _pandas_day(model, done, topics, day, folder, given == "points")


def _by_day(con: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    rows = con.execute(query).df()
    return rows.assign(day=pd.to_datetime(rows.day)).sort_values("day", ignore_index=True)


def _pandas_day(
    model: ScoringModel, done: pd.DataFrame, topics: pd.DataFrame, day: date, folder: Path, is_capped: bool
) -> None:
    steps = sorted(model.breadth.items())
    at, out_scores, out_parts = pd.Timestamp(day), [], []
    of_day = topics[topics.day == at].set_index("account_id").points
    for window in model.windows:
        low, high = done.day.searchsorted([at - pd.Timedelta(days=window - 1), at + pd.Timedelta(days=1)])
        seen = done.iloc[low:high] if is_capped else _capped(model, done.iloc[low:high])
        seen = seen.assign(points=seen.points * 2.0 ** ((seen.day - at).dt.days / model.half_life_days))
        by_account = seen.groupby("account_id").agg(
            touches=("touches", "sum"), contacts=("contact", "nunique"), base=("points", "sum")
        )
        rows = by_account.join(of_day.rename("intent"), how="outer").fillna(0.0)
        rows["factor"] = 1.0
        for contacts, factor in steps:
            rows.loc[rows.contacts >= contacts, "factor"] = factor
        rows["score"] = rows.base * rows.factor + rows.intent
        out_scores.append(rows.reset_index().assign(window_days=window, day=at))
        of_type = seen.groupby(["account_id", "part"]).agg(touches=("touches", "sum"), points=("points", "sum"))
        broad = rows[(rows.factor > 1) & (rows.touches > 0)]
        more = pd.DataFrame({"points": broad.base * (broad.factor - 1), "part": "breadth"}).reset_index()
        wanted = pd.DataFrame({"points": rows.intent[rows.intent > 0], "part": "intent"}).reset_index()
        out_parts.append(pd.concat([of_type.reset_index(), more, wanted]).assign(window_days=window, day=at))
    for name, frames in (("scores", out_scores), ("parts", out_parts)):
        path = folder / name / f"{day}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.concat(frames).to_parquet(path, index=False)


def _capped(model: ScoringModel, touches: pd.DataFrame) -> pd.DataFrame:
    """Points by account, contact, day and touch type, within the caps."""
    keys = ["account_id", "contact", "day"]
    earned = touches.groupby([*keys, "part"], dropna=False).agg(touches=("points", "size"), points=("points", "sum"))
    earned = earned.reset_index()
    of_day = earned.groupby(keys, dropna=False).points.transform("sum")
    cap = earned.contact.isna().map({True: model.cap_per_account_day, False: model.cap_per_contact_day})
    return earned.assign(points=earned.points * (cap / of_day).clip(upper=1))


def disagreement(settings: Settings, days: list[date], theirs: dict[str, str]) -> str:
    """Empty if every row of ours is one of theirs and the other way round; else what differs, in words.

    `theirs`: relation of scores and of parts. Ours has a row of 0 for each listed account too, which they leave out.
    """
    lake = settings.open_lake
    with connect(temp=settings.home / "comparing") as con:
        if "file" in theirs:
            con.execute(f"ATTACH '{theirs['file']}' AS made (READ_ONLY)")
        for table in (T.ENGAGEMENT_SCORE, T.SCORE_PART):
            lake.attach(con, table, days[0], days[-1])
        found = con.execute(f"""
            SELECT count(*), count(*) FILTER (a.day IS NULL), count(*) FILTER (b.day IS NULL),
                max(abs(a.score - b.score)),
                count(*) FILTER (a.touches <> b.touches OR a.contacts_engaged <> b.contacts)
            FROM (SELECT * FROM {T.ENGAGEMENT_SCORE} WHERE touches > 0 OR score > 0) AS a
            FULL JOIN {theirs["scores"]} AS b
              ON CAST(b.day AS DATE) = a.day AND a.account_id = b.account_id AND a.window_days = b.window_days
            """).fetchall()[0]
        parts_found = con.execute(f"""
            SELECT count(*), count(*) FILTER (a.day IS NULL), count(*) FILTER (b.day IS NULL),
                max(abs(a.points - b.points)), count(*) FILTER (a.touches <> b.touches)
            FROM {T.SCORE_PART} AS a FULL JOIN {theirs["parts"]} AS b
              ON CAST(b.day AS DATE) = a.day AND a.account_id = b.account_id AND a.window_days = b.window_days
             AND a.part = b.part
            """).fetchall()[0]
    wrong = [row for row in (found, parts_found) if row[0] == 0 or row[1] or row[2] or row[3] > CLOSE or row[4]]
    return f"rows differ: {wrong}" if wrong else ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _run(command: list[object], folder: Path) -> None:
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(str(command[0])).name} failed: {(done.stdout + done.stderr)[-800:]}")
