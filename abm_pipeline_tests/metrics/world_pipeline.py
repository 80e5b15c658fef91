"""Words for rows that the metrics of pipeline and alignment read: stages, leads, lines, rankings, records; and a bit of
each for the common laws.
"""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from abm_pipeline_tests.metrics.world import D, World, at, day


def _staged(world: World, table: str, when: str, source: str, source_id: str, **columns: Any) -> None:
    row = {"day": day(when), "source": source, "source_id": source_id, "captured_at": at(day(when))}
    world.rows[f"staged.{table}"].append({**row, "modified_at": at(day(when)), "is_deleted": False, **columns})


def stage(world: World, deal: str, name: str, order: int | None, entered: str, left: str | None = None) -> None:
    """A deal's stay in a stage, from noon to the instant at which `World.deal` closes deals."""
    times = {"entered_at": at(day(entered)), "left_at": at(day(left), 15) if left else None}
    world.rows["facts.deal_stage"].append({"deal_id": deal, "stage": name, "stage_order": order, **times})


def lead(world: World, contact: str, stage: str, when: str, account: str | None = None, hour: int = 12) -> None:
    """A record's entry into a stage of the lead funnel; `contact` is a contact_key."""
    key = {"contact_key": contact, "company_key": f"domain:{account}" if account else None}
    world.rows["facts.lead_stage"].append({**key, "stage": stage, "entered_at": at(day(when), hour)})


def line(
    world: World, deal: str, category: str | None, price: float, quantity: float = 1, when: str = "05-01", **other: Any
) -> None:
    """A product line of a deal `salesforce:…`."""
    number = other.pop("source_id", f"l{len(world.rows['staged.deal_line'])}")
    source, _, deal_id = deal.partition(":")
    known = {"deal_source_id": deal_id, "category": category, "product": category, "quantity": float(quantity)}
    money = {"unit_price": Decimal(str(price)), "amount": Decimal(str(price * quantity)), "currency": "USD"}
    _staged(world, "deal_line", when, source, number, **{**known, **money, **other})


def ranking(world: World, team: str, when: str, *accounts: str) -> None:
    """A team's ranking of a day, highest first."""
    for place, account in enumerate(accounts, start=1):
        known = {"domain": account, "ranked_by": team, "position": place, "ranked_day": day(when)}
        _staged(world, "ranking", when, "files", f"{team}/{when}/{account}", **known)


def company(
    world: World, source: str, source_id: str, when: str, owner: str | None, same_as: str | None = None
) -> None:
    """A version of a company record with its owner."""
    _staged(world, "company", when, source, source_id, owner_name=owner, same_as=same_as)


def contact(
    world: World, source: str, source_id: str, when: str, email: str, same_as: str | None = None, **other: Any
) -> None:
    """A version of a person record with the hash of its address."""
    known = {"email_hash": email, "same_as": same_as, "person_type": "contact"}
    _staged(world, "contact", when, source, source_id, **{**known, **other})


def campaign(
    world: World, name: str, started: str | None = None, level: str | None = None, is_abm: bool = True
) -> None:
    """A campaign as last known."""
    row = {"campaign_id": name, "source": "crm", "campaign_name": name, "personalisation": level, "is_abm": is_abm}
    world.rows["facts.campaign"].append({**row, "start_day": day(started) if started else None})


def populate_pipeline(world: World) -> None:
    """Half a year of stages, leads, lines, rankings and records for the accounts and deals that there are."""
    rng = random.Random(11)
    accounts = [row["account_id"] for row in world.rows["identity.account"]]
    for account in accounts[:10]:
        world.deal(f"salesforce:{account}", account, "2026-01-10", str(D - timedelta(days=20)), won=True, amount=5000)
    deals = {row["deal_id"]: row for row in world.rows["facts.deal"]}
    for name, row in deals.items():
        created, closed = row["created_at"].date(), row["closed_day"]
        middle = created + (((closed or D) - created) // 2)
        stage(world, name, "Discovery", 2, str(created), str(middle))
        stage(world, name, "Proposal", 3, str(middle), str(closed) if closed else None)
        if closed and name.startswith("salesforce:"):
            for _ in range(rng.randrange(3)):
                category = rng.choice(["Platform", "Services", None])
                line(world, name, category, rng.randrange(100, 900), rng.randrange(1, 9), str(D - timedelta(days=3)))
    for account in accounts:
        begun = D - timedelta(days=rng.randrange(60, 300))
        for i, name in enumerate(("lead", "mql", "sql")[: rng.randrange(4)]):
            lead(world, f"crm:{account}/0", name, str(begun + timedelta(days=7 * i)), account)
    for when in ("2026-01-05", str(D - timedelta(days=1))):
        for team in ("marketing", "sales"):
            ranking(world, team, when, *rng.sample(accounts, 25))
    for i in range(12):
        account = world.account(f"q{i:02}.com", "one_to_many")
        world.score(account, str(D - timedelta(days=90)), i, 0.1 if i < 6 else 0.9)
        if i % 3 == 0:
            world.deal(f"q{i}", account, str(D - timedelta(days=30)))
    # What velocity before a campaign rests on: a deal won half a year ago, and one that has been open since.
    world.deal("q won", "q01.com", str(D - timedelta(days=200)), str(D - timedelta(days=150)), won=True)
    world.deal("q open", "q02.com", str(D - timedelta(days=160)))
    for i, account in enumerate(accounts[:12]):
        company(world, "salesforce", account, "2026-01-05", "Kim")
        company(
            world,
            "hubspot",
            account,
            str(D - timedelta(days=i % 3)),
            "Kim" if i % 4 else "Lee",
            f"salesforce:{account}",
        )
        contact(world, "salesforce", f"p{i}", "2026-01-05", f"hash{i}")
        contact(world, "marketo", f"m{i}", "2026-02-05", f"hash{i if i % 5 else 0}", f"salesforce:p{i}")
    for back, level in ((300, "account"), (200, "industry"), (110, "generic"), (40, "account")):
        name = f"salesforce:c{back}"
        campaign(world, name, str(D - timedelta(days=back)), level)
        for account in accounts[:: 2 + back // 100]:
            world.touch(account, str(D - timedelta(days=rng.randrange(150))), "email_sent", campaign_id=name)
