"""What an account's brief says, read from the lake as of a day. Not here: how it is laid out (`briefs`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.identity.versions import latest
from abm_pipeline.metrics import _base
from abm_pipeline.metrics._setup import IDENTITY, champion, set_choices, set_days
from abm_pipeline.reports._format import is_missing, money, silent, words
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine

TREND_DAYS = 90
TOUCH_ROWS = 12
PERSON_ROWS = 8
# A deal that was closed longer ago is history.
CLOSED_DAYS = 365
# An open deal that nobody touched for so long wants a call.
QUIET_DAYS = 14
RENEWAL_DAYS = 120

_HOT = """
    SELECT account_id FROM metrics.account_metrics_daily, params
    WHERE day = last_day AND program = 'abm' AND band = 'hot'"""
_STEPS = (
    *_base.WHO_IS_WHO,
    _base.DEAL_VERSION,
    latest(T.CONTACT),
    latest(T.DEAL),
    engine.Step(
        "brief_touch",
        "What happened between us and the chosen accounts, with the person of the day.",
        """
        SELECT coalesce(c.account_id, r.account_id) AS account_id, t.day, t.occurred_at, t.touch_id, t.source,
               t.source_id, t.touch_type, t.content_type, t.contact_key, r.person_id, r.role, t.is_exposure,
               e.touch_type IS NOT NULL AND NOT t.is_exposure AS is_engagement
        FROM facts.touch t
        LEFT JOIN company_unit c ON c.company_key = t.company_key
        LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
        LEFT JOIN engaging_type e ON e.touch_type = t.touch_type
        WHERE coalesce(c.account_id, r.account_id) IN (SELECT account_id FROM chosen)
        """,
    ),
    engine.Step(
        "named",
        "What people are called.",
        """
        SELECT source || ':' || source_id AS contact_key, full_name, title FROM latest_contact
        WHERE full_name IS NOT NULL
        """,
    ),
)
_DAY = """
    SELECT a.*, before.band IS NOT NULL AND before.band <> 'hot' AND a.band = 'hot' AS is_new
    FROM metrics.account_metrics_daily a
    LEFT JOIN metrics.account_metrics_daily before
           ON before.account_id = a.account_id AND before.day = a.day - 7, params p
    WHERE a.day = p.last_day AND a.account_id IN (SELECT account_id FROM chosen)
    ORDER BY a.rank, a.name, a.account_id"""
_TREND = """
    SELECT account_id, day, engagement_score AS value FROM metrics.account_metrics_daily
    SEMI JOIN chosen USING (account_id) ORDER BY account_id, day"""
_PARTS = """
    SELECT account_id, part, points, touches FROM scoring.score_part SEMI JOIN chosen USING (account_id), params p
    WHERE day = p.last_day AND score_part.model_version = p.model_version AND window_days = p.score_window
      AND points > 0
    ORDER BY account_id, points DESC, part"""
_TOPICS = """
    SELECT c.account_id, i.topic, max(i.score) AS score, max(i.day) AS day
    FROM facts.intent i JOIN company_unit c USING (company_key) SEMI JOIN chosen ON chosen.account_id = c.account_id
    WHERE i.is_surging GROUP BY ALL ORDER BY account_id, score DESC, topic"""
_TOUCHES = f"""
    SELECT t.*, n.full_name, n.title FROM brief_touch t LEFT JOIN named n USING (contact_key)
    WHERE NOT t.is_exposure
    QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY occurred_at DESC, touch_id) <= {TOUCH_ROWS}
    ORDER BY account_id, occurred_at DESC, touch_id"""
_PEOPLE = f"""
    WITH engaged AS (
        SELECT account_id, person_id, count(*) AS touches, max(day) AS last_day, arg_max(role, day) AS role
        FROM brief_touch WHERE is_engagement AND person_id IS NOT NULL GROUP BY ALL
    ),
    told AS (
        SELECT r.person_id, any_value(n.full_name ORDER BY n.full_name) AS full_name,
               any_value(n.title ORDER BY n.title) AS title
        FROM person_unit r JOIN named n USING (contact_key) GROUP BY r.person_id
    )
    SELECT e.*, t.full_name, t.title FROM engaged e LEFT JOIN told t USING (person_id)
    QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY touches DESC, person_id) <= {PERSON_ROWS}
    ORDER BY account_id, touches DESC, person_id"""
_DEALS = f"""
    SELECT v.account_id, v.deal_id, n.name, v.stage, v.is_closed, v.is_won, v.amount_reporting, v.created_day,
           v.closed_day, v.owner_name
    FROM deal_version v SEMI JOIN chosen ON chosen.account_id = v.account_id
    LEFT JOIN (SELECT source || ':' || source_id AS deal_id, name FROM latest_deal) n USING (deal_id), params p
    WHERE p.last_day BETWEEN v.from_day AND v.until_day
      AND (NOT v.is_closed OR v.closed_day > p.last_day - {CLOSED_DAYS})
    ORDER BY v.account_id, v.is_closed, v.closed_day DESC, v.amount_reporting DESC NULLS LAST, v.deal_id"""


@dataclass(frozen=True)
class Brief:
    """One account as of a day.

    `row`: its row of account_metrics_daily, with is_new (turned hot within seven days). The frames: parts (part,
    points, touches), trend (day, value), topics (topic, score), touches (newest first), people (engaged persons, the
    most engaged first), deals (open ones first).
    """

    day: date
    currency: str
    row: Any
    parts: pd.DataFrame
    trend: pd.DataFrame
    topics: pd.DataFrame
    touches: pd.DataFrame
    people: pd.DataFrame
    deals: pd.DataFrame

    @property
    def name(self) -> str:
        return str(self.row.account_id if is_missing(self.row.name) else self.row.name)

    @property
    def gaps(self) -> list[str]:
        """Roles of the buying committee that nobody engaged has."""
        told = "" if is_missing(self.row.role_gaps) else str(self.row.role_gaps)
        return [words(role) for role in told.split(",") if role]

    @property
    def open_deals(self) -> pd.DataFrame:
        return self.deals[~self.deals["is_closed"].astype(bool)]


def read_briefs(settings: Settings, day: date, accounts: Sequence[str] | None = None) -> list[Brief]:
    """The briefs of the accounts (None: all hot target accounts) that have a row on the day, by rank.

    Raises ConfigError for a wrong configuration.
    """
    model, programme = champion(settings), settings.programme
    lake, first = settings.open_lake, day - timedelta(days=TREND_DAYS - 1)
    with engine.connect(
        memory_limit=settings.memory_limit, threads=settings.threads, temp=settings.lake_path / ".spill"
    ) as con:
        for table in (*IDENTITY, T.FACT_DEAL, T.CONTACT, T.DEAL):
            lake.attach(con, table)
        for table, since in ((T.ACCOUNT_METRICS_DAILY, first), (T.TOUCH, first), (T.SCORE_PART, day)):
            lake.attach(con, table, since, day)
        lake.attach(con, T.INTENT, day - timedelta(days=6), day)
        set_choices(con, programme, model)
        set_days(con, [day])
        if accounts is None:
            con.execute(f"CREATE TEMP TABLE chosen AS {_HOT}")
        else:
            con.execute("CREATE TEMP TABLE chosen AS SELECT unnest(?::VARCHAR[]) AS account_id", [list(accounts)])
        engine.run_steps(con, _STEPS)
        rows = con.execute(_DAY).df()
        frames = [con.execute(sql).df() for sql in (_PARTS, _TREND, _TOPICS, _TOUCHES, _PEOPLE, _DEALS)]
    split = [dict(iter(frame.groupby("account_id"))) for frame in frames]
    out = []
    for row in rows.itertuples(index=False):
        each: Any = row
        mine = [known.get(each.account_id, frame.head(0)) for known, frame in zip(split, frames, strict=True)]
        out.append(Brief(day, programme.reporting_currency, each, *mine))
    return out


def next_step(brief: Brief) -> str:
    """What to do next, in a sentence: the first of these that fits.

    An open deal that was not touched for a fortnight; an open deal or qualified account whose decision maker nobody
    reached; a qualified account without a deal; a surge on topics; a customer; else the programme goes on.
    """
    row, deals = brief.row, brief.open_deals
    quiet = None if is_missing(row.last_touch_day) else (brief.day - row.last_touch_day.date()).days
    if len(deals) and (quiet is None or quiet > QUIET_DAYS):
        amount = money(deals["amount_reporting"].sum(), brief.currency)
        since = "no touch on record" if quiet is None else f"no touch for {quiet} days"
        return f"Call: {amount} of open pipeline, and {since}."
    if "decision maker" in brief.gaps and (len(deals) or row.stage == "qualified"):
        reached = "nobody" if not row.contacts_engaged else f"{int(row.contacts_engaged)} engaged"
        return f"Reach a decision maker: {reached} so far, none of them decides."
    if row.stage == "qualified" and not len(deals):
        person: Any = next(brief.people.itertuples(index=False), None)
        known = [] if person is None else [person.full_name, person.title, person.role]
        who = next((f" with {words(str(told))}" for told in known if not is_missing(told)), "")
        return f"Open the sales conversation{who}: qualified, and no open deal yet."
    if len(brief.topics):
        topics = ", ".join(brief.topics["topic"].head(2))
        return f"Send something on {topics}: they are researching it now."
    if row.stage == "customer":
        return "Ask how it goes: a customer that is this active is ready to talk about more."
    if brief.gaps:
        return f"Widen the circle: no {brief.gaps[0]} has been reached."
    return "Keep the programme running: nothing is waiting on us."


def headline(brief: Brief) -> str:
    """The account and why it is hot in one line, as alerts and the page say it."""
    row = brief.row
    change = "" if is_missing(row.score_change_7d) else f" ({row.score_change_7d:+.0f} in a week)"
    why = ", ".join(
        f"{words(str(part.part))} {part.points:.0f}" for part in brief.parts.head(3).itertuples(index=False)
    )
    tier = "" if is_missing(row.tier) else f", {words(row.tier)}"
    owner = "no owner" if is_missing(row.owner_name) else row.owner_name
    caveat = f" It {told}." if (told := silent(row)) else ""
    score = f"score {row.engagement_score:.0f}{change}"
    return f"{brief.name}{tier}, {row.stage}, {owner}: {score}: {why or 'no parts'}.{caveat}"
