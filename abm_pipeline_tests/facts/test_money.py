"""Spend, and amounts in the reporting currency."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts.refresh import refresh
from abm_pipeline.settings import Settings
from abm_pipeline_tests.identity.staged import at, read, settings_of, span, stage

D = span("2025-03-01", 5)


def rate(currency: str, start: date, units: float, **values: Any) -> dict[str, Any]:
    """A rate of the corporate currency dollar, valid from a day on."""
    known = {"source_id": f"{currency}:{start}", "currency": currency, "start_day": start, "rate": units}
    return known | {"modified_at": at("2025-02-01")} | values


def spend(day: date, currency: str, amount: int = 100) -> dict[str, Any]:
    """A campaign's total of a day."""
    known = {"source": "linkedin", "source_id": f"9:{currency}:{day}", "campaign_source_id": "9", "day": day}
    return known | {"spend": Decimal(amount), "currency": currency, "impressions": 10, "clicks": 1}


def converted(settings: Settings) -> list[tuple[Any, ...]]:
    """(day, currency, amount in the reporting currency)."""
    return read(settings.open_lake, t.SPEND, "day currency amount_reporting")


def test_rate_of_the_day(tmp_path: Path) -> None:
    """EUR 100 at 0.8 on day 1 is 125 dollars, at 0.5 from day 2 on 200; dollars are dollars; XTS has no rate."""
    settings = settings_of(tmp_path)
    stage(settings.open_lake, t.FX_RATE, [rate("EUR", D[0], 0.8), rate("EUR", D[1], 0.5)])
    rows = [spend(D[0], "EUR"), spend(D[1], "EUR"), spend(D[2], "EUR"), spend(D[0], "USD"), spend(D[0], "XTS")]
    stage(settings.open_lake, t.AD_DELIVERY, rows)
    (report,) = refresh(settings, D[:3], "run", [t.SPEND])
    assert {"amounts_unconverted": 1, "currencies_without_rate": "XTS"} == report.notes
    assert [
        (D[0], "EUR", Decimal(125)),
        (D[0], "USD", Decimal(100)),
        (D[0], "XTS", None),
        (D[1], "EUR", Decimal(200)),
        (D[2], "EUR", Decimal(200)),
    ] == converted(settings)


def test_reporting_currency_is_not_the_corporate_one(tmp_path: Path) -> None:
    """Per dollar 0.8 EUR and 0.6 GBP: GBP 60 = 100 dollars = EUR 80; USD has the rate 1, so USD 100 = EUR 80."""
    settings = settings_of(tmp_path, "reporting_currency: EUR")
    stage(settings.open_lake, t.FX_RATE, [rate("EUR", D[0], 0.8), rate("GBP", D[0], 0.6), rate("USD", D[0], 1.0)])
    stage(settings.open_lake, t.AD_DELIVERY, [spend(D[0], "GBP", 60), spend(D[0], "USD"), spend(D[0], "EUR")])
    refresh(settings, D[:1], "run", [t.SPEND])
    assert [(D[0], "EUR", 100), (D[0], "GBP", 80), (D[0], "USD", 80)] == converted(settings)


def test_corrected_rate_reaches_exactly_its_days(tmp_path: Path) -> None:
    """Rates start on days 1 and 3; the first is corrected later: days 1 and 2 are computed again, 3 and 4 are not."""
    settings = settings_of(tmp_path)
    stage(settings.open_lake, t.FX_RATE, [rate("EUR", D[0], 0.8), rate("EUR", D[2], 0.5)])
    stage(settings.open_lake, t.AD_DELIVERY, [spend(day, "EUR") for day in D[:4]])
    refresh(settings, D[:4], "run", [t.SPEND])
    stage(settings.open_lake, t.FX_RATE, [rate("EUR", D[0], 0.4, modified_at=at("2025-03-05"))])
    (report,) = refresh(settings, [], "run", [t.SPEND])
    assert set(D[:2]) == set(report.rows) == set(report.changed)
    assert [250, 250, 200, 200] == [amount for _, _, amount in converted(settings)]


def test_company_rows_stand_beside_the_total(tmp_path: Path) -> None:
    """The campaign's total has no company; the company's row has one, and unknown counts are 0."""
    settings = settings_of(tmp_path)
    company = spend(D[0], "USD", 7) | {"source_id": "9:7", "company_source_id": "7", "clicks": None}
    stage(settings.open_lake, t.AD_DELIVERY, [spend(D[0], "USD"), company])
    refresh(settings, D[:1], "run", [t.SPEND])
    assert [("linkedin:7", 7, 0), (None, 100, 1)] == read(settings.open_lake, t.SPEND, "company_key amount clicks")
