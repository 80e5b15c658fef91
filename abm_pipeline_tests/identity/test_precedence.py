"""Sources that contradict each other: the declared precedence decides, whatever came first."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh as refresh_facts
from abm_pipeline.identity.refresh import refresh
from abm_pipeline_tests.identity.staged import at, company, groups_of, read, settings_of, span, stage

SALES = company("001A", name="Acme Corp", domain="acme.com", industry="Energy", employee_count=900)
HUB = company(
    "77", source="hubspot", name="ACME", domain="acme-group.io", industry="Utilities", region="EMEA",
    employee_count=850, same_as="salesforce:001A",
)  # fmt: skip
ZOOM = company("zi1", source="zoominfo", name="Acme Inc", domain="acme.com", employee_count=1200)


@pytest.mark.parametrize("order", list(itertools.permutations((SALES, HUB, ZOOM))))
def test_an_attribute_comes_from_the_source_named_first(tmp_path: Path, order: tuple[dict[str, Any], ...]) -> None:
    """Name and industry of Salesforce, employees of ZoomInfo (declared so), region of HubSpot, which alone has one.

    The HubSpot record joins by the id that its sync keeps, though its domain is another; in any order of arrival.
    """
    settings = settings_of(tmp_path, "precedence: {company: {employee_count: [zoominfo, salesforce]}}")
    for place, row in enumerate(order):
        stage(settings.open_lake, t.COMPANY, [row | {"modified_at": at(f"2025-02-0{place + 1}")}])
        refresh(settings, [], "run")
    assert [("Acme Corp", "Energy", 1200, "EMEA", "acme.com")] == read(
        settings.open_lake, t.ACCOUNT, "name industry employee_count region domain"
    )


def test_a_copy_belongs_to_what_it_is_a_copy_of(tmp_path: Path) -> None:
    """`same_as` is an exact key; of a record that nobody has, it joins nothing."""
    settings = settings_of(tmp_path)
    rows = [SALES, HUB, company("78", source="hubspot", name="Borealis", same_as="salesforce:001Z")]
    stage(settings.open_lake, t.COMPANY, rows)
    refresh(settings, [], "run")
    assert {frozenset({"salesforce:001A", "hubspot:77"}), frozenset({"hubspot:78"})} == groups_of(settings.open_lake)


def test_a_person_in_three_systems(tmp_path: Path) -> None:
    """A copy in HubSpot and a ZoomInfo record of the same address are one person; the role is Salesforce's.

    The webinar guest with a free-mail address that only a contact of the account uses belongs to the account too.
    """
    settings = settings_of(tmp_path)
    stage(settings.open_lake, t.COMPANY, [SALES])
    made = {"created_at": at("2025-01-05"), "modified_at": at("2025-01-05")}
    people = [
        {"source_id": "003A", "company_source_id": "001A", "email_hash": "h1", "role": "champion", **made},
        {"source_id": "501", "source": "hubspot", "same_as": "salesforce:003A", "role": "user", **made},
        {"source_id": "z9", "source": "zoominfo", "email_hash": "h1", "email_domain": "acme.com",
         "role": "decision_maker", **made},
        {"source_id": "003B", "company_source_id": "001A", "email_hash": "h2", "email_domain": "gmail.com", **made},
        {"source_id": "h2", "source": "zoom", "email_hash": "h2", "email_domain": "gmail.com", **made},
    ]  # fmt: skip
    stage(settings.open_lake, t.CONTACT, people)
    refresh(settings, [], "run")
    rows = read(settings.open_lake, t.PERSON, "source source_id person_id role match_rule")
    account = {row[0] for row in read(settings.open_lake, t.PERSON, "account_id")}
    assert 1 == len(account)
    assert [
        ("hubspot", "501", "salesforce:003A", "champion", "same_as"),
        ("salesforce", "003A", "salesforce:003A", "champion", "company"),
        ("salesforce", "003B", "salesforce:003B", None, "company"),
        ("zoom", "h2", "salesforce:003B", None, "email"),
        ("zoominfo", "z9", "salesforce:003A", "champion", "email_domain"),
    ] == rows


def test_the_list_is_that_of_the_first_source_heard(tmp_path: Path) -> None:
    """HubSpot lists the account from January; Salesforce, heard from March on, says it is not a target: it is off.

    From May on marketing's list file has it as 1:1, and that is believed before both.
    """
    settings = settings_of(tmp_path)
    rows = [
        company("77", source="hubspot", domain="acme.com", is_target=True, tier="one_to_many"),
        company("001A", domain="acme.com", is_target=False, created_at=at("2025-03-01")),
        company(
            "l1", source="files", domain="acme.com", is_target=True, tier="one_to_one", created_at=at("2025-05-01")
        ),
    ]
    stage(settings.open_lake, t.COMPANY, rows)
    refresh(settings, [], "run")
    stays = read(settings.open_lake, t.TIER_HISTORY, "tier is_target valid_from valid_to")
    assert [
        ("one_to_many", True, at("2025-01-01"), at("2025-03-01")),
        ("one_to_one", True, at("2025-05-01"), None),
    ] == sorted(stays, key=lambda row: row[2])


def _deal(source_id: str, source: str, amount: int, same_as: str | None = None, **more: Any) -> dict[str, Any]:
    known = {"created_at": at("2025-01-10"), "modified_at": at("2025-01-10"), "stage": "Proposal", "currency": "USD"}
    return known | {"source_id": source_id, "source": source, "amount": amount, "same_as": same_as} | more


def test_a_deal_in_two_systems_counts_once(tmp_path: Path) -> None:
    """The copy in HubSpot says 900, Salesforce 1,000: one deal of 1,000. A copy of a deal nobody has stands.

    A deal deleted in Salesforce stays deleted, though its copy is still there.
    """
    settings = settings_of(tmp_path)
    rows = [
        _deal("9", "hubspot", 900, "salesforce:006A"),
        _deal("006A", "salesforce", 1000),
        _deal("10", "hubspot", 500, "salesforce:006Z"),
        _deal("11", "hubspot", 700, "salesforce:006D"),
        _deal("006D", "salesforce", 700, is_deleted=True),
    ]
    stage(settings.open_lake, t.DEAL, rows)
    refresh_facts(settings, [], "run", [t.FACT_DEAL])
    assert [("hubspot:10", 500), ("salesforce:006A", 1000)] == read(settings.open_lake, t.FACT_DEAL, "deal_id amount")


@pytest.mark.parametrize("copy_first", [True, False])
def test_an_activity_in_two_systems_counts_once(tmp_path: Path, copy_first: bool) -> None:
    """A call that a sync copied: one touch, also when the copy arrives days before the original."""
    settings = settings_of(tmp_path)
    call = {"touch_type": "call", "channel": "phone", "occurred_at": at("2025-01-10 10:00")}
    original = call | {"source_id": "00T1", "modified_at": at("2025-01-12" if copy_first else "2025-01-10")}
    copy = call | {"source": "hubspot", "source_id": "5", "same_as": "salesforce:00T1", "modified_at": at("2025-01-11")}
    days = span("2025-01-10", 5)
    for day, row in sorted((r["modified_at"], r["source_id"]) for r in (original, copy)):
        found = original if row == "00T1" else copy
        stage(settings.open_lake, t.ACTIVITY, [found])
        refresh_facts(settings, [d for d in days if d <= day.date()], "run", [t.TOUCH])
    assert [("salesforce:00T1",)] == read(settings.open_lake, t.TOUCH, "touch_id")


def test_a_rate_is_that_of_the_first_source_that_has_one(tmp_path: Path) -> None:
    """Salesforce has 0.8 euros a dollar from 10 January on, the rates file 0.5 all the time: 100 euros of a deal made
    on the 5th are 200 dollars, made on the 12th 125.
    """
    settings = settings_of(tmp_path)
    first = {"currency": "EUR", "source_id": "r1", "modified_at": at("2025-01-01")}
    rates = [
        first | {"source": "files", "rate": 0.5, "start_day": at("2025-01-01").date()},
        first | {"rate": 0.8, "start_day": at("2025-01-10").date()},
    ]
    stage(settings.open_lake, t.FX_RATE, rates)
    made = {day: {"created_at": at(day), "modified_at": at(day)} for day in ("2025-01-05", "2025-01-12")}
    deals = [_deal(day, "salesforce", 100, currency="EUR", **stamps) for day, stamps in made.items()]
    stage(settings.open_lake, t.DEAL, deals)
    refresh_facts(settings, [], "run", [t.FACT_DEAL])
    assert [("salesforce:2025-01-05", 200), ("salesforce:2025-01-12", 125)] == read(
        settings.open_lake, t.FACT_DEAL, "deal_id amount_reporting"
    )
