"""A score taken apart: account → parts → touches → source records, and whether it adds up to what was published.

Belongs here: the account's touches run through the scoring's own steps, read back one touch at a time. The model, the
caps and the decay are `scoring`'s; nothing is defined a second time.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import ROLES
from abm_pipeline.contracts.tables import raw_table
from abm_pipeline.scoring.model import ScoringModel, load_models
from abm_pipeline.scoring.refresh import EPOCH, prepare_model
from abm_pipeline.scoring.steps import SPAN_STEPS, TOUCH_STEPS
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine
from abm_pipeline.storage.lake import Lake

# Sums of rounded fixed-point numbers: the parts may miss the score by this much, in points.
TOLERANCE = 1e-5

_FIND = """
    SELECT account_id, name, domain FROM identity.account
    WHERE account_id = $wanted OR lower(name) = lower($wanted) OR lower(domain) = lower($wanted)
       OR account_id IN (SELECT account_id FROM identity.member
                         WHERE source_id = $wanted OR source || ':' || source_id = lower($wanted))
    ORDER BY account_id = $wanted DESC, account_id"""
_MINE = """
    CREATE VIEW facts.touch AS
    WITH mine AS (
        SELECT account_id FROM identity.account
        WHERE account_id = (SELECT account_id FROM target)
           OR (ultimate_parent_id = (SELECT account_id FROM target) AND (SELECT account_level FROM segment) = 'parent')
    )
    SELECT * FROM every_touch
    WHERE company_key IN (SELECT source || ':' || source_id FROM identity.member SEMI JOIN mine USING (account_id))
       OR contact_key IN (SELECT source || ':' || source_id FROM identity.person SEMI JOIN mine USING (account_id)
                          UNION
                          SELECT source || ':' || source_id FROM identity.person_history
                          SEMI JOIN mine USING (account_id))"""
_TOUCHES = """
    SELECT touch.day, touch.touch_type, touch.content_type, touch.weight_count, touch.source, touch.source_id,
           touch.touch_id, touch.contact_key, coalesce(person.person_id, touch.contact_key) AS person_id,
           coalesce(job.role, CASE WHEN job.source IS NULL THEN person.role END, 'unknown') AS role,
           kind_points.points AS points_each, role_weight.weight AS role_weight,
           least(1.0, contact_total.cap / nullif(contact_total.earned, 0)) AS cap_share,
           pow(2.0, -(date_diff('day', touch.day, $day) / model.half_life_days)) AS recency
    FROM facts.touch AS touch
    JOIN actor ON actor.company_key IS NOT DISTINCT FROM touch.company_key
              AND actor.contact_key IS NOT DISTINCT FROM touch.contact_key
              AND touch.day >= actor.from_day AND touch.day < actor.to_day
    JOIN account_number ON account_number.account = actor.account
    JOIN target ON target.account_id = account_number.account_id
    JOIN kind ON kind.touch_type = touch.touch_type AND kind.content_type IS NOT DISTINCT FROM touch.content_type
    JOIN kind_points ON kind_points.kind = kind.kind
    JOIN role_weight ON role_weight.role_no = actor.role_no
    JOIN contact_total ON contact_total.account = actor.account AND contact_total.contact = actor.contact
                      AND contact_total.day = date_diff('day', EPOCH_DAY, touch.day)
    LEFT JOIN identity.person AS person ON person.source || ':' || person.source_id = touch.contact_key
    LEFT JOIN identity.person_history AS job
           ON job.source || ':' || job.source_id = touch.contact_key AND touch.day >= job.valid_from_day
          AND touch.day < coalesce(job.valid_to_day, DATE 'infinity')
    CROSS JOIN model
    WHERE NOT touch.is_exposure
    ORDER BY touch.day DESC, touch.touch_id""".replace("EPOCH_DAY", f"DATE '{EPOCH}'")
_INTENT = """
    SELECT intent_topic.topic, intent_topic.score,
           points_per_topic * least(coalesce(intent_topic.score, full_score), full_score) / full_score AS points
    FROM intent_topic
    JOIN account_number ON account_number.account = intent_topic.account
    JOIN target ON target.account_id = account_number.account_id
    CROSS JOIN model
    WHERE intent_topic.day = date_diff('day', EPOCH_DAY, $day)
    ORDER BY points DESC, topic""".replace("EPOCH_DAY", f"DATE '{EPOCH}'")


class NotFoundError(LookupError):
    """There is no such account, day or model; the message suggests what there is."""


@dataclass(frozen=True)
class Explanation:
    """A score and what it is made of.

    `published`: the row of scoring.engagement_score, None if the account has no score then. `parts`: part, points,
    published_points, touches. `touches`: one row a touch, newest first: what happened, its points before weights,
    weights, `points` (the product), source record and the file that holds its payload. `topics`: topic, score, points.
    `computed`: the score made anew; `differs` is what it misses the published one by, where that is more than rounding.
    """

    account_id: str
    name: str
    day: date
    window_days: int
    model: ScoringModel
    published: dict[str, Any] | None
    parts: pd.DataFrame
    touches: pd.DataFrame
    topics: pd.DataFrame
    contacts: int
    breadth_factor: float
    computed: float

    @property
    def differs(self) -> float:
        """Published minus computed, 0 within rounding (or where nothing is published)."""
        gap = 0.0 if self.published is None else float(self.published["score"]) - self.computed
        return gap if abs(gap) > TOLERANCE else 0.0


def find_account(settings: Settings, wanted: str) -> tuple[str, str]:
    """(account_id, name) of an account given by id, name, domain or a source's record id; follows redirects.

    Raises NotFoundError with the nearest names, or with the candidates if several fit.
    """
    with engine.connect() as con:
        for table in (T.ACCOUNT, T.MEMBER, T.REDIRECT):
            settings.open_lake.attach(con, table)
        wanted = _redirected(con, wanted.strip())
        found = con.execute(_FIND, {"wanted": wanted}).fetchall()
        if len(found) == 1 or (found and found[0][0] == wanted):
            return found[0][0], found[0][1] or found[0][2] or found[0][0]
        if found:
            several = "; ".join(f"{name} ({domain or 'no domain'}): {account}" for account, name, domain in found[:5])
            raise NotFoundError(f"several accounts fit {wanted!r}, name one by its id: {several}")
        rows = con.execute("SELECT name, domain FROM identity.account").fetchall()
    if not rows:
        raise NotFoundError("the lake has no accounts yet: `abm run` first")
    known = {str(text).lower(): str(text) for row in rows for text in row if text}
    near = [known[key] for key in difflib.get_close_matches(wanted.lower(), known, n=3, cutoff=0.5)]
    near += [text for key, text in known.items() if wanted.lower() in key and text not in near][:3]
    hint = f"; did you mean {', '.join(near[:4])}?" if near else ""
    raise NotFoundError(f"there is no account {wanted!r}{hint}")


def newest_day(settings: Settings) -> date:
    """The newest scored day. Raises NotFoundError if there is none."""
    days = settings.open_lake.days(T.ENGAGEMENT_SCORE)
    if not days:
        raise NotFoundError("nothing has been scored yet: `abm run --start DAY --end DAY` first")
    return days[-1]


def explain(
    settings: Settings, wanted: str, day: date, model_name: str | None = None, window_days: int | None = None
) -> Explanation:
    """Take apart the score of an account on a day under a model (default: champion, its longest window).

    Raises NotFoundError for an account, model or window that there is not, ConfigError for a model that can't be used.
    """
    models, programme = load_models(settings.config), settings.programme
    name = model_name or programme.champion
    if name not in models:
        raise NotFoundError(f"there is no scoring model {name!r}; there is {', '.join(sorted(models))}")
    model = models[name]
    window = window_days or max(model.windows)
    if window not in model.windows:
        raise NotFoundError(f"model {name} has no window of {window} days; it has {', '.join(map(str, model.windows))}")
    account_id, title = find_account(settings, wanted)
    lake = settings.open_lake
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        _prepare(con, settings, account_id, day, window)
        prepare_model(con, model)
        engine.run_steps(con, TOUCH_STEPS)
        wanted_steps = {"kind_points", "earned", "contact_total"}
        engine.run_steps(con, [step for step in SPAN_STEPS if step.name in wanted_steps])
        touches = con.execute(_TOUCHES, {"day": day}).df()
        topics = con.execute(_INTENT, {"day": day}).df()
        published, published_parts = _published(con, lake, account_id, day, model, window)
    weights = touches["weight_count"] * touches["role_weight"] * touches["cap_share"] * touches["recency"]
    touches["points"] = touches["points_each"] * weights
    touches["record"] = touches["source"].fillna("") + ":" + touches["source_id"].fillna("")
    contacts = int(touches["person_id"].nunique())
    reached = [count for count in model.breadth if count <= contacts]
    factor = model.breadth[max(reached)] if reached else 1.0
    parts = touches.groupby("touch_type").agg(points=("points", "sum"), touches=("points", "size"))
    base, intent = float(parts["points"].sum()), min(model.intent.cap, float(topics["points"].sum()))
    if factor > 1 and base > 0:
        parts.loc["breadth", "points"] = base * (factor - 1)
    if intent > 0:
        parts.loc["intent", "points"] = intent
    parts = parts.join(published_parts, how="outer").rename_axis("part").reset_index()
    return Explanation(
        account_id=account_id,
        name=title,
        day=day,
        window_days=window,
        model=model,
        published=published,
        parts=parts.sort_values(["points", "part"], ascending=[False, True], ignore_index=True),
        touches=touches,
        topics=topics,
        contacts=contacts,
        breadth_factor=factor,
        computed=base * factor + intent,
    )


def payload_files(settings: Settings, records: Sequence[str]) -> dict[str, Path]:
    """Which raw file holds the newest version of each source record (`source:source_id`), where one does."""
    lake, root = settings.open_lake, settings.open_lake.root
    wanted = [record.partition(":")[::2] for record in records]
    streams = {(s, path.name.removeprefix(f"{s}_")) for s, _ in wanted for path in root.glob(f"raw/{s}_*")}
    files = [str(path) for source, stream in streams for path in lake.files(raw_table(source, stream))]
    if not files:
        return {}
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        rows = con.execute(
            "SELECT vendor || ':' || record_id AS record, arg_max(filename, version) "
            "FROM read_parquet($files, filename = true, union_by_name = true) "
            "WHERE record_id IN $ids GROUP BY record",
            {"files": files, "ids": [source_id for _, source_id in wanted]},
        ).fetchall()
    return {record: Path(file).relative_to(root) for record, file in rows}


def _redirected(con: duckdb.DuckDBPyConnection, wanted: str) -> str:
    """The account that an id no longer in use leads to; the id itself if it is in use."""
    seen = {wanted}
    while True:
        row = con.execute(
            "SELECT account_id, reason FROM identity.redirect WHERE old_account_id = ?", [wanted]
        ).fetchone()
        if row is None or row[0] in seen:
            return wanted
        if row[0] is None:
            raise NotFoundError(f"account {wanted} is gone: {row[1]}")
        wanted = str(row[0])
        seen.add(wanted)


def _prepare(con: duckdb.DuckDBPyConnection, settings: Settings, account_id: str, day: date, window: int) -> None:
    """The inputs of the scoring steps, of this account and window alone."""
    lake, programme = settings.open_lake, settings.programme
    first = day - timedelta(days=window - 1)
    for table in (T.ACCOUNT, T.MEMBER, T.PERSON, T.PERSON_HISTORY, T.TIER_HISTORY):
        lake.attach(con, table)
    lake.attach(con, T.INTENT, day, day)
    lake.attach(con, T.TOUCH, first, day, name="every_touch")
    ordinal = [(d - EPOCH).days for d in (first, day, first, programme.history_start)]
    con.execute(
        "CREATE TEMP TABLE segment AS SELECT ?::INTEGER AS first_day, ?::INTEGER AS last_day, ?::INTEGER AS read_from, "
        "?::INTEGER AS history_start, ? AS account_level, ? AS zone",
        [*ordinal, programme.account_level, programme.reporting_timezone],
    )
    con.execute("CREATE TEMP TABLE target AS SELECT ? AS account_id", [account_id])
    con.execute("CREATE TEMP TABLE role_number (role VARCHAR, role_no TINYINT)")
    con.executemany("INSERT INTO role_number VALUES (?, ?)", [[r, i] for i, r in enumerate((*ROLES, "unknown"))])
    con.execute(_MINE)


def _published(
    con: duckdb.DuckDBPyConnection, lake: Lake, account_id: str, day: date, model: ScoringModel, window: int
) -> tuple[dict[str, Any] | None, pd.Series]:
    """The published score's row, and its parts' points by name."""
    frames: list[pd.DataFrame] = []
    chosen = "account_id = $account AND model_version = $version AND window_days = $window"
    names = {"account": account_id, "version": model.model_version, "window": window}
    for table in (T.ENGAGEMENT_SCORE, T.SCORE_PART):
        lake.attach(con, table, day, day)
        frames.append(con.execute(f"SELECT * FROM {table} WHERE {chosen}", names).df())
    rows = frames[0].to_dict("records")
    row = {str(key): value for key, value in rows[0].items()} if rows else None
    return row, frames[1].set_index("part")["points"].rename("published_points")
