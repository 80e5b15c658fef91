"""Words for rows of cost, recurring revenue and what customers say, for worlds of the metrics' tests."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from abm_pipeline_tests.metrics.world import D, World, at, day


def cost(world: World, when: str, amount: float, account: str | None = None, **other: Any) -> None:
    """A cost of a day in dollars, for tools unless `cost_category` says what for."""
    rows = world.rows["facts.cost"]
    money = Decimal(str(amount))
    known = {"day": day(when), "cost_id": f"files:{len(rows)}", "source": "files", "cost_category": "tool"}
    more = {"company_key": f"domain:{account}" if account else None, "amount": money, "currency": "USD"}
    rows.append({**known, **more, "amount_reporting": money, **other})


def allocated(world: World, when: str, amount: float, account: str = "unallocated", **other: Any) -> None:
    """A cost of a day that the rules gave to an account."""
    known = {"day": day(when), "account_id": account, "source": "files", "cost_category": "tool"}
    world.rows["metrics.cost_allocation"].append(
        {**known, "cost_rule": "direct", "cost_allocated": Decimal(str(amount)), **other}
    )


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


def populate_money(world: World) -> None:
    """A bit of everything here for the accounts a00.com to a29.com of the common laws; by a fixed seed."""
    rng = random.Random(8)

    def back(least: int, most: int) -> str:
        return str(D - timedelta(days=rng.randrange(least, most)))

    for i in range(30):
        account = f"a{i:02}.com"
        if i % 3:
            start = D - timedelta(days=rng.randrange(370, 720))
            moved = str(start + timedelta(days=rng.randrange(60, 360)))
            paid(world, account, rng.randrange(10, 999), str(start), moved)
            if i % 4:
                paid(world, account, rng.randrange(10, 999), moved, started_day=start)
        for kind, most in (("nps", 11), ("csat", 6)):
            answer(world, None, back(0, 120), rng.randrange(1, most), kind, f"{account}/0")
        ticket(world, account, back(0, 120), rng.choice(["urgent", "high", "normal"]))
        usage(world, account, back(0, 40), rng.randrange(1, 9), rng.choice(["reports", "export"]))
        for category in ("content", "tool", "other"):
            cost(world, back(0, 400), rng.randrange(1, 999), account if i % 2 else None, cost_category=category)
        referral(world, account, back(0, 400), f"a{rng.randrange(30):02}.com")
        review(world, back(0, 400), rng.randrange(1, 6))
    for level in ("account", "industry", "generic"):
        known = {"campaign_id": f"crm:{level}", "source": "crm", "campaign_name": level, "personalisation": level}
        world.rows["facts.campaign"].append({**known, "channel": "email"})
    for i in range(15):
        account = world.account(f"p{i:02}.com", "one_to_few")
        level = ("account", "industry", "generic")[i % 3]
        world.touch(account, str(D - timedelta(days=30)), "email_reply", campaign_id=f"crm:{level}")
        closed = str(D - timedelta(days=5))
        world.deal(f"p{i}", account, str(D - timedelta(days=20)), closed, won=i % 2 == 0, deal_type="expansion")
        cost(world, str(D - timedelta(days=20)), 100 + i, account)
