"""ZoomInfo's payloads as canonical rows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.staging.conftest import RawLake


def person(ident: str, enrich: dict[str, Any] | None = None, **told: Any) -> dict[str, Any]:
    """One person of the search, enriched or not."""
    base = {"company": {"id": 7, "name": "Acme"}, "firstName": "Jo", "lastName": "Doe", "jobTitle": "VP Finance",
            "hasDirectPhone": False, "hasMobilePhone": True, "validDate": "2026-03-02T09:00:00Z"}  # fmt: skip
    made = {"id": ident, "type": "Contact", "attributes": {**base, **told}}
    return made if enrich is None else {**made, "enrich": enrich}


def placed(ident: str, tier: int | None, department: str = "Finance", **told: Any) -> dict[str, Any]:
    """One person of a chart."""
    attributes = {"company": {"id": 7}, "firstName": "P", "lastName": ident, "jobTitle": "Analyst",
                  "department": department, "orgChartTier": tier, "orgChartSubTier": 1}  # fmt: skip
    return {"id": ident, "type": "OrgChart", "attributes": {**attributes, **told}}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> RawLake:
    """Everything staged in one run."""
    lake = RawLake(tmp_path_factory.mktemp("lake"))
    attributes = {"name": "Acme", "website": "www.acme.com", "country": "Germany", "city": "Berlin",
                  "revenue": "68719", "employeeCount": "331"}  # fmt: skip
    lake.put("zoominfo", "company", "7", {"id": "7", "type": "Company", "attributes": attributes})
    lake.put("zoominfo", "company", "8", {"id": "8", "type": "Company", "attributes": {"name": "123cd.org"}})
    bought = {"email": " Jo.Doe@Acme.com", "managementLevel": ["VP-Level"],
              "jobFunction": [{"name": "Controlling", "department": "Finance"}]}  # fmt: skip
    lake.put("zoominfo", "contact", "11", person("11", bought, lastUpdatedDate="2026-03-01T00:00:00Z"))
    bare = person("-12", company={}, firstName=None, hasMobilePhone=False)
    del bare["attributes"]["jobTitle"]
    lake.put("zoominfo", "contact", "-12", bare)
    lake.put("zoominfo", "contact", "13", person("13", {"personHasMoved": "No"}, validDate="June"))
    for row in (placed("1", 1), placed("2", 3), placed("3", 3), placed("4", 5), placed("5", None),
                placed("6", 2, "C-Suite"), placed("9", None, "Finance", company={})):  # fmt: skip
        lake.put("zoominfo", "org_chart", row["id"], row)
    lake.stage()
    return lake


def test_companies(lake: RawLake) -> None:
    """Figures come as text, revenue in thousands; some have a name only."""
    columns = ("source_id", "name", "domain", "country_code", "city", "employee_count", "annual_revenue")
    assert [
        ("7", "Acme", "acme.com", "DE", "Berlin", 331, Decimal("68719000.0000")),
        ("8", "123cd.org", None, None, None, None, None),
    ] == lake.rows(T.COMPANY, *columns)


def test_people(lake: RawLake) -> None:
    """The address only as a hash, in small letters; the later of two stamps; a person without title or company."""
    columns = (
        "source_id", "company_source_id", "email_hash", "email_domain", "domain", "full_name", "title", "role",
        "seniority", "department", "phone_known", "modified_at",
    )  # fmt: skip
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    digest = sha256(b"jo.doe@acme.com").hexdigest()
    assert [
        ("-12", None, None, None, None, "Doe", None, None, None, None, False, at),
        ("11", "7", digest, "acme.com", "acme.com", "Jo Doe", "VP Finance", "decision_maker", "VP-Level", "Finance",
         True, at),
    ] == lake.rows(T.CONTACT, *columns)  # fmt: skip


def test_the_committee(lake: RawLake) -> None:
    """1 is alone on top, so 2 and 3 report to 1; 4 has two above; no tier, no manager; departments apart."""
    columns = ("source_id", "company_source_id", "contact_source_id", "full_name", "role", "department",
               "reports_to_source_id")  # fmt: skip
    rows = lake.rows(T.COMMITTEE_MAP, *columns)
    assert ("7:1", "7", "1", "P 1", "user", "Finance", None) == rows[0]
    assert {"1": None, "2": "1", "3": "1", "4": None, "5": None, "6": None} == {row[2]: row[6] for row in rows}


def test_what_breaks_the_contract_is_quarantined(lake: RawLake) -> None:
    """A stamp in words, a chart of no company."""
    expected = [("contact", "13", "retyped:attributes.validDate"), ("org_chart", "9", "missing:attributes.company.id")]
    assert expected == lake.quarantine()
