"""A second implementation of central metrics, deliberately naive: loops and plain pandas over the facts, day by day.

Belongs here: formulas as one would write them down, from metrics.md alone. Not here: anything of the pipeline's own
code; nothing is shared with it, not even lists of touch types, so that a mistake there cannot hide here. Reporting zone
UTC, accounts as they are resolved.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

import pandas as pd

from abm_pipeline.contracts import tables as T

Cells = dict[tuple[str, str], float]
"""(dimension, value) → the metric's value."""
NOT_REACHED = ("email_bounce", "email_unsubscribe", "email_spam_report")
BEST_FIRST = ("one_to_one", "one_to_few", "one_to_many")


def end_of(day: date) -> datetime:
    """The first instant after the day."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def day_of(instant: Any) -> date:
    """The day of an instant."""
    return pd.Timestamp(instant).tz_convert("UTC").date()


def cells(rows: pd.DataFrame, value: Callable[[pd.DataFrame], float], *dimensions: str) -> Cells:
    """The value over all rows and over the rows of each value of the dimensions."""
    out = {("all", "all"): value(rows)} if len(rows) else {}
    for dimension in dimensions:
        out |= {(dimension, name): value(part) for name, part in rows.groupby(dimension)}
    return out


@dataclass(frozen=True)
class Facts:
    """The tables of a lake, read whole."""

    read: Callable[..., pd.DataFrame]
    model: str

    @cached_property
    def account_of(self) -> dict[str, str]:
        member = self.read(T.MEMBER)
        return dict(zip(member.source + ":" + member.source_id, member.account_id, strict=True))

    @cached_property
    def deals(self) -> pd.DataFrame:
        deals = self.read(T.FACT_DEAL)
        deals["account"] = deals.company_key.map(self.account_of)
        deals["created_day"] = [day_of(created) for created in deals.created_at]
        deals["closed_day"] = [None if pd.isna(closed) else pd.Timestamp(closed).date() for closed in deals.closed_day]
        created = deals.drop_duplicates(["account", "created_day"])
        tiers = {(a, d): self.tier(a, d) for a, d in zip(created.account, created.created_day, strict=True)}
        deals["tier"] = [tiers[a, d] for a, d in zip(deals.account, deals.created_day, strict=True)]
        deals["program"] = ["non_abm" if tier == "none" else "abm" for tier in deals.tier]
        return deals

    @cached_property
    def stays(self) -> dict[str, list[tuple[str, datetime, datetime | None]]]:
        """Stays on the list by account."""
        out: dict[str, list[tuple[str, datetime, datetime | None]]] = {}
        for row in self.read(T.TIER_HISTORY).itertuples():
            if row.is_target:
                out.setdefault(row.account_id, []).append((row.tier, row.valid_from, row.valid_to))
        return out

    def tier(self, account: str, day: date) -> str:
        """The tier at the end of a day; `none` off the list."""
        moment = end_of(day)
        held = [tier for tier, start, end in self.stays.get(account, []) if start < moment and not end < moment]
        return next((tier for tier in (*BEST_FIRST, None) if tier in held), "none") or "unknown"

    @cached_property
    def touches(self) -> pd.DataFrame:
        """Day, channel and account of what reached somebody."""
        touch = self.read(T.TOUCH, "day, company_key, contact_key, touch_type")
        touch = touch[~touch.touch_type.isin(NOT_REACHED)]
        touch["account"] = touch.company_key.map(self.account_of)
        touch["day"] = [pd.Timestamp(day).date() for day in touch.day]
        person, moved = self.read(T.PERSON), self.read(T.PERSON_HISTORY)
        home = dict(zip(person.source + ":" + person.source_id, person.account_id, strict=True))
        moves: dict[str, list[Any]] = {}
        for row in moved.itertuples():
            moves.setdefault(f"{row.source}:{row.source_id}", []).append(row)

        def employer(contact: Any, day: date) -> Any:
            for row in moves.get(contact, []):
                ends = None if pd.isna(row.valid_to_day) else pd.Timestamp(row.valid_to_day).date()
                if pd.Timestamp(row.valid_from_day).date() <= day and (ends is None or day < ends):
                    return row.account_id
            return None if contact in moves else home.get(contact)

        alone = touch.account.isna() & touch.contact_key.notna()
        pairs = zip(touch.contact_key[alone], touch.day[alone], strict=True)
        touch.loc[alone, "account"] = pd.Series([employer(c, d) for c, d in pairs], index=touch.index[alone], dtype=str)
        return touch[["day", "account"]].drop_duplicates()

    @cached_property
    def scores(self) -> pd.DataFrame:
        score = self.read(T.ENGAGEMENT_SCORE, "day, account_id, model, window_days, score, percentile, is_engaged")
        score = score[(score.model == self.model) & (score.window_days == score.window_days.max())]
        return score.assign(day=[pd.Timestamp(day).date() for day in score.day])

    @cached_property
    def leads(self) -> pd.DataFrame:
        """First day of each person in each stage."""
        person, lead = self.read(T.PERSON), self.read(T.LEAD_STAGE)
        who = dict(zip(person.source + ":" + person.source_id, person.person_id, strict=True))
        lead["person"] = [who.get(contact, contact) for contact in lead.contact_key]
        return lead.groupby(["person", "stage"], as_index=False).entered_at.min()

    @cached_property
    def stays_in_stages(self) -> pd.DataFrame:
        """Ended stays in open stages: when they ended, how long they took, whether the deal went on."""
        events = self.read(T.DEAL_STAGE).sort_values(["deal_id", "entered_at"])
        version = {(v.deal_id, v.valid_from): v for v in self.deals.itertuples()}
        rows = []
        for now, then in pairwise(events.itertuples()):
            if now.deal_id != then.deal_id or version[now.deal_id, now.entered_at].is_closed:
                continue
            after = version[then.deal_id, then.entered_at]
            unordered = pd.isna(now.stage_order) or pd.isna(then.stage_order)
            on = after.is_won if after.is_closed else unordered or then.stage_order > now.stage_order
            left, entered = day_of(now.left_at), day_of(now.entered_at)
            rows.append({"deal_stage": now.stage, "left": left, "days": (left - entered).days, "on": bool(on)})
        return pd.DataFrame(rows, columns=["deal_stage", "left", "days", "on"])

    # -- as of a day

    def known(self, day: date) -> pd.DataFrame:
        """Each deal in its state at the end of the day."""
        moment, deals = end_of(day), self.deals
        return deals[(deals.valid_from < moment) & (deals.valid_to.isna() | (deals.valid_to >= moment))]

    def closed(self, day: date) -> pd.DataFrame:
        deals = self.known(day)
        inside = [c is not None and day - timedelta(days=89) <= c <= day for c in deals.closed_day]
        return deals[inside].query("is_closed")

    def left_stage(self, day: date) -> pd.DataFrame:
        stays = self.stays_in_stages
        return stays[[day - timedelta(days=89) <= left <= day for left in stays.left]]

    def listed(self, day: date) -> pd.DataFrame:
        rows = [{"account": account, "tier": self.tier(account, day)} for account in self.stays]
        return pd.DataFrame([row for row in rows if row["tier"] != "none"], columns=["account", "tier"])


# -- the metrics


def target_accounts(facts: Facts, day: date) -> Cells:
    """Accounts on the list."""
    return cells(facts.listed(day), len, "tier")


def coverage(facts: Facts, day: date) -> Cells:
    """Listed accounts touched in 90 days ÷ listed accounts."""
    lately = facts.touches[[day - timedelta(days=89) <= d <= day for d in facts.touches.day]]
    touched = set(lately.account.dropna())
    return cells(facts.listed(day), lambda rows: sum(a in touched for a in rows.account) / len(rows), "tier")


def account_penetration(facts: Facts, day: date) -> Cells:
    """Listed accounts over the threshold ÷ listed accounts."""
    scores = facts.scores[facts.scores.day == day]
    engaged = set(scores[scores.is_engaged].account_id)
    return cells(facts.listed(day), lambda rows: sum(a in engaged for a in rows.account) / len(rows), "tier")


def win_rate(facts: Facts, day: date) -> Cells:
    """Won ÷ closed in 90 days."""
    return cells(facts.closed(day), lambda rows: rows.is_won.sum() / len(rows), "program", "tier")


def deal_size(facts: Facts, day: date) -> Cells:
    """Mean amount won in 90 days."""
    won = facts.closed(day).query("is_won and amount_reporting.notna()")
    return cells(won, lambda rows: float(sum(rows.amount_reporting)) / len(rows), "program", "tier")


def deal_size_median(facts: Facts, day: date) -> Cells:
    """Median amount won in 90 days."""
    won = facts.closed(day).query("is_won and amount_reporting.notna()")
    return cells(won, lambda rows: float(statistics.median(rows.amount_reporting)), "program", "tier")


def cycle_days(facts: Facts, day: date) -> Cells:
    """Mean days from created to closed."""
    closed = facts.closed(day)
    closed = closed.assign(days=[(c - b).days for c, b in zip(closed.closed_day, closed.created_day, strict=True)])
    closed = closed[closed.days >= 0].assign(outcome=lambda rows: rows.is_won.map({True: "won", False: "lost"}))
    return cells(closed, lambda rows: sum(rows.days) / len(rows), "program", "tier", "outcome")


def pipeline_velocity(facts: Facts, day: date) -> Cells:
    """Open deals × mean won amount × win rate ÷ mean days from created to won."""
    deals, closed = facts.known(day), facts.closed(day)
    both = pd.concat([deals[~deals.is_closed].assign(is_open=True), closed.assign(is_open=False)])

    def velocity(rows: pd.DataFrame) -> float:
        ended = rows[~rows.is_open]
        won = ended[ended.is_won]
        cycles = [(c - b).days for c, b in zip(won.closed_day, won.created_day, strict=True) if c >= b]
        amounts = [float(amount) for amount in won.amount_reporting.dropna()]
        if not cycles or not amounts:
            return float("nan")
        size, rate = statistics.fmean(amounts), len(won) / len(ended)
        return int(rows.is_open.sum()) * size * rate / statistics.fmean(cycles)

    return cells(both, velocity, "program", "tier")


def target_in_pipeline(facts: Facts, day: date) -> Cells:
    """Listed accounts with an open deal."""
    deals = facts.known(day)
    having = set(deals[~deals.is_closed].account)
    return cells(facts.listed(day), lambda rows: sum(a in having for a in rows.account), "tier")


def engagement_to_opportunity(facts: Facts, day: date) -> Cells:
    """First engaged in a 90-day cohort and a deal within the 90 days after ÷ the cohort."""
    engaged = facts.scores[facts.scores.is_engaged].groupby("account_id").day.min()
    started, opened = facts.scores.day.min(), facts.known(day)
    rows = []
    for account, first in engaged.items():
        if first > started and day - timedelta(days=179) <= first <= day - timedelta(days=90):
            mine = opened[opened.account == account].created_day
            rows.append({"converted": any(first <= d <= first + timedelta(days=90) for d in mine)})
    return cells(pd.DataFrame(rows, columns=["converted"]), lambda r: r.converted.sum() / len(r))


def stage_durations(facts: Facts, day: date) -> Cells:
    """Median days of the stays that ended in 90 days."""
    return cells(facts.left_stage(day), lambda rows: statistics.median(rows.days), "deal_stage")


def stage_conversion(facts: Facts, day: date) -> Cells:
    """Stays that ended by going on ÷ stays that ended."""
    return cells(facts.left_stage(day), lambda rows: sum(rows.on) / len(rows), "deal_stage")


def mql(facts: Facts, day: date) -> Cells:
    """People whose first day as MQL is in 90 days."""
    leads = facts.leads[facts.leads.stage == "mql"]
    inside = [day - timedelta(days=89) <= day_of(entered) <= day for entered in leads.entered_at]
    return cells(leads[inside], len)


def alignment(facts: Facts, day: date) -> Cells:
    """Spearman: Pearson over ranks."""
    ranking = facts.read(T.RANKING).assign(
        ranked=lambda rows: [pd.Timestamp(d).date() for d in rows.ranked_day],
        account=lambda rows: ("domain:" + rows.domain).map(facts.account_of),
    )
    ranking = ranking[[max(pd.Timestamp(d).date(), r) <= day for d, r in zip(ranking.day, ranking.ranked, strict=True)]]
    newest = ranking[ranking.ranked == ranking.groupby("ranked_by").ranked.transform("max")]
    places = newest.groupby(["ranked_by", "account"]).position.min()
    both = pd.concat([places.get(team, pd.Series(dtype=float)) for team in ("marketing", "sales")], axis=1).dropna()
    return {("all", "all"): both.rank().corr().iloc[0, 1]} if len(both) > 1 else {}


def score_calibration(facts: Facts, day: date) -> Cells:
    """Accounts that opened a deal in the 90 days after their score ÷ accounts without one then."""
    then = day - timedelta(days=90)
    scores = facts.scores[(facts.scores.day == then) & facts.scores.percentile.notna()]
    deals, now = facts.known(then), facts.deals
    waiting = scores[~scores.account_id.isin(deals[~deals.is_closed].account)]
    opened = set(now[[then < created <= day for created in now.created_day]].account)
    fifth = [
        "1" if score == 0 else str(sum(percentile > edge + 1e-9 for edge in (0, 0.2, 0.4, 0.6, 0.8)) or 1)
        for score, percentile in zip(waiting.score, waiting.percentile, strict=True)
    ]
    rows = pd.DataFrame({"engagement_quintile": fifth, "opened": [a in opened for a in waiting.account_id]})
    return cells(rows, lambda r: r.opened.sum() / len(r), "engagement_quintile")


METRICS = (
    target_accounts, coverage, account_penetration, win_rate, deal_size, deal_size_median, cycle_days,
    pipeline_velocity, target_in_pipeline, engagement_to_opportunity, stage_durations, stage_conversion, mql, alignment,
    score_calibration,
)  # fmt: skip
