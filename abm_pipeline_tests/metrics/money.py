"""Words for rows of cost, recurring revenue and what customers say, for worlds of the metrics' tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from abm_pipeline_tests.metrics.world import World, at, day


def cost(world: World, when: str, amount: float, account: str | None = None, **other: Any) -> None:
    """A cost of a day in dollars, for tools unless `cost_category` says what for."""
    rows = world.rows["facts.cost"]
    money = Decimal(str(amount))
    known = {"day": day(when), "cost_id": f"files:{len(rows)}", "source": "files", "cost_category": "tool"}
    more = {"company_key": f"domain:{account}" if account else None, "amount": money, "currency": "USD"}
    rows.append({**known, **more, "amount_reporting": money, **other})


def allocated(world: World, when: str, amount: float, account: str = "unallocated", **other: Any) -> None:
    """A cost of a day that the rules gave to an account."""
    known = {"day": day(when), "account_id": account, "cost_category": "tool", "cost_rule": "direct"}
    world.rows["metrics.cost_allocation"].append({**known, "cost_allocated": Decimal(str(amount)), **other})


def paid(world: World, account: str, mrr: float, since: str, until: str | None = None, **other: Any) -> None:
    """A stretch of a subscription of its own: so much a month from `since` until before `until`."""
    rows = world.rows["facts.subscription"]
    money = Decimal(str(mrr))
    known = {"subscription_id": f"stripe:{len(rows)}", "company_key": f"domain:{account}", "currency": "USD"}
    dates = {"valid_from_day": day(since), "valid_to_day": day(until) if until else None, "started_day": day(since)}
    rows.append({**known, **dates, "mrr": money, "mrr_reporting": money, **other})


def _record(world: World, table: str, when: str, account: str | None, **values: Any) -> None:
    rows = world.rows[f"facts.{table}"]
    key = f"domain:{account}" if account else None
    rows.append({"day": day(when), "source": "x", "source_id": f"{len(rows)}", "company_key": key, **values})


def answer(
    world: World, account: str | None, when: str, score: float, kind: str = "nps", who: str | None = None
) -> None:
    """An answer to a survey, of somebody new unless `who` says whose."""
    contact = f"crm:{who}" if who else None
    _record(world, "survey_response", when, account, survey_type=kind, score=score, contact_key=contact,
            answered_at=at(day(when)))  # fmt: skip


def ticket(world: World, account: str, when: str, priority: str = "normal", solved: str | None = None) -> None:
    """A ticket opened on a day."""
    _record(world, "ticket", when, account, priority=priority, opened_at=at(day(when)),
            solved_at=at(day(solved)) if solved else None)  # fmt: skip


def usage(world: World, account: str, when: str, users: int, feature: str = "reports") -> None:
    """Use of a feature on a day."""
    _record(world, "usage", when, account, product="p", feature=feature, active_users=users, events=users)


def referral(world: World, account: str, when: str, referred: str) -> None:
    """An account told another one of us."""
    _record(world, "referral", when, account, referred_key=f"domain:{referred}")


def review(world: World, when: str, rating: float = 4, account: str | None = None) -> None:
    """A review published on a day, out of 5."""
    _record(world, "review", when, account, site="g2", rating=rating, rating_max=5.0)
