"""The metric catalogue: what every metric means, as Markdown, and as a page beside its live number.

Belongs here: the rows of the catalogue in their order, which metrics each has, and where those rows are found that are
no metric but a table or a page. A metric that no row names stands at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._definitions import band_in_words, metric_specs
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.programme import Programme
from abm_pipeline.reports import _page, _svg
from abm_pipeline.reports._format import cell, words
from abm_pipeline.reports._review import Values, latest_day
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine
from abm_pipeline.storage.whole import write_whole

TREND_DAYS = 365


@dataclass(frozen=True)
class Row:
    """A row of the catalogue: metrics whose id is `id` or begins with one of `starts`; `where` else it is published."""

    id: str
    starts: tuple[str, ...] = ()
    where: str = ""


_CHANNELS = (
    "email_", "social_", "page_", "time_on_page", "downloads", "events_", "call", "direct_mail", "channel_engagement",
)  # fmt: skip
SECTIONS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "List and market",
        (
            Row("target_accounts", ("target_accounts", "target_tier_moves")),
            Row("market_size", ("tam", "sam", "som", "annual_contract_value")),
            Row("contacts_per_account", ("contacts_per_account", "accounts_without_contacts")),
            Row("contact_connected_rate"),
            Row("contact_completeness"),
            Row("contact_growth"),
            Row("icp_fit", ("icp_fit",), "account_metrics_daily"),
        ),
    ),
    (
        "Engagement",
        (
            Row("engagement_score", ("engagement_score",), "account_metrics_daily: engagement_score, rank, band"),
            Row("engagement_rank", ("engagement_rank",)),
            Row("engaged_accounts"),
            Row("coverage"),
            Row("penetration", ("penetration",)),
            Row("account_penetration"),
            Row("intent_coverage"),
            Row("intent_surge", ("intent_surge",)),
            Row(
                "content_depth",
                ("content_depth", "content_pieces", "content_points", "stuck_"),
                "account_metrics_daily",
            ),
            Row("content_gap", ("content_gap", "content_consumption")),
            Row("channel_engagement", _CHANNELS),
            Row("meetings", ("meeting",)),
            Row("contact_conversion"),
            Row("account_stage", ("account_stage",), "account_metrics_daily: stage"),
            Row("progression", ("progression", "time_in_stage")),
        ),
    ),
    (
        "Pipeline and attribution",
        (
            Row("pipeline_velocity", ("pipeline_velocity",)),
            Row("sales_velocity", ("sales_velocity",)),
            Row("stage_durations", ("stage_",)),
            Row("win_rate", ("win_rate",)),
            Row("deal_size", ("deal_size",)),
            Row("cycle_days", ("cycle_",)),
            Row("engagement_to_opportunity"),
            Row("account_conversion"),
            Row("target_in_pipeline", ("target_in_pipeline",)),
            Row("mql, sql", ("mql", "sql", "lead_")),
            Row("attribution", ("attribution",), "attribution_credit"),
            Row("sourced_pipeline", ("sourced_pipeline", "accelerated_pipeline")),
            Row("influenced_revenue", ("influenced_",)),
            Row("model_agreement", ("model_agreement",)),
            Row("rep_sales", ("rep_",)),
            Row("asp", ("asp",)),
        ),
    ),
    (
        "Efficiency",
        (
            Row("allocated_cost", ("allocated_cost",), "account_metrics_daily"),
            Row("account_roi", ("account_roi",), "account_metrics_daily"),
            Row("program_roi", ("program_roi",)),
            Row("campaign_roi", ("campaign_roi",)),
            Row("cac", ("cac",)),
            Row("ltv_cac, payback", ("ltv_cac", "payback")),
            Row("cost_per_engaged_account"),
            Row("personalisation_lift", ("personalisation_",)),
        ),
    ),
    (
        "Retention and expansion",
        (
            Row("churn_rate", ("churn_rate", "revenue_churn_rate", "year_one_churn")),
            Row("retention_rate"),
            Row("grr, nrr", ("grr", "nrr", "mrr")),
            Row("clv", ("clv", "customer_lifetime")),
            Row("expansion_revenue", ("expansion",)),
            Row("repeat_rate", ("repeat_rate", "add_on_share")),
            Row("referrals, advocacy", ("referral", "advocacy", "review")),
            Row("nps, csat", ("nps", "csat")),
            Row(
                "usage, adoption, tickets, renewal_due", ("usage", "adoption", "active_users", "tickets", "renewal_due")
            ),
            Row("customer_health", ("customer_health", "customers_at_risk"), "account_metrics_daily"),
            Row("targeting_feedback", ("targeting_feedback",)),
        ),
    ),
    (
        "Programme health",
        (
            Row("alignment", ("alignment", "record_consistency")),
            Row("score_calibration", ("score_calibration",)),
            Row("data_health", ("silent_scores",), "data_health, quarantine_summary, restatements"),
            Row("account_brief", (), "account_briefs/index.html"),
            Row("weekly_review", (), "weekly_review, monthly and quarterly pages"),
        ),
    ),
)

_VALUES = "SELECT * EXCLUDE (as_of) FROM metrics.metric_values WHERE day = ?"
_TREND = """
    SELECT metric, window_days, day, value FROM metrics.metric_values
    WHERE dimension = 'all' AND value IS NOT NULL ORDER BY day"""


def sections(specs: Sequence[MetricSpec]) -> Iterator[tuple[str, list[tuple[Row, list[MetricSpec]]]]]:
    """The catalogue's rows by section, each with its metrics; the last section has what no row names."""
    left = {spec.id: spec for spec in specs}
    for title, rows in SECTIONS:
        found: list[tuple[Row, list[MetricSpec]]] = []
        for row in rows:
            mine = [name for name in left if name == row.id or any(name.startswith(start) for start in row.starts)]
            found.append((row, [left.pop(name) for name in mine]))
        yield title, found
    if left:
        yield "More", [(Row(name), [spec]) for name, spec in left.items()]


def markdown(programme: Programme) -> str:
    """The catalogue as a Markdown page: definitions without values."""
    lines = [
        "# Metrics",
        "",
        "Made from `abm_pipeline/metrics` by `make docs`; edit there. `abm report catalogue` writes",
    ]
    lines += ["the same as a page with live numbers."]
    for title, rows in sections(metric_specs()):
        lines += ["", f"## {title}"]
        for row, metrics in rows:
            for spec in metrics:
                lines += ["", f"### {spec.title}", "", *_described(spec, programme)]
            if row.where:
                about = "By account: " if metrics else f"**{words(row.id)}**: "
                lines += ["", f"{about}{row.where}."]
    return "\n".join(lines) + "\n"


def _described(spec: MetricSpec, programme: Programme) -> Iterator[str]:
    windows = ", ".join(map(str, spec.window_days)) or "those of the scoring model"
    yield f"`{spec.id}`: {spec.formula}"
    yield ""
    if spec.example:
        yield f"*{spec.example}*"
        yield ""
    yield f"- {spec.unit}; {spec.grain}; windows in days: {windows}; guides: {' '.join(spec.guides) or 'none'}"
    yield f"- by {', '.join(('all', *spec.segments))}"
    for name, preset in spec.presets.items():
        yield f"- preset `{name}`: {preset.formula}"
    if bands := programme.benchmarks.get(spec.id):
        yield f"- benchmark {'; '.join(band_in_words(key, band) for key, band in bands.items())}"


def refresh(settings: Settings, days: Sequence[date], run_id: str) -> Path:
    """Write the page as of the last of `days`: `{home}/reports/metric_catalogue/index.html`; returns its path."""
    return write(settings, max(days))


def write(settings: Settings, day: date | None = None) -> Path:
    """The same for one day; the newest day with metrics where none is given."""
    day = day or latest_day(settings) or date.today()
    page = render(settings, day)
    return write_whole(settings.reports_path / "metric_catalogue" / "index.html", page)


def render(settings: Settings, day: date) -> str:
    """The page as HTML."""
    specs, currency = metric_specs(settings.programme), settings.programme.reporting_currency
    rows, trend = _read(settings, day)
    values, lines = Values(rows), dict(iter(trend.groupby(["metric", "window_days"])))
    filled = [
        {
            "title": title,
            "rows": [
                {
                    "id": row.id,
                    "where": row.where,
                    "metrics": [_metric(spec, values, lines, currency) for spec in metrics],
                }
                for row, metrics in rows
            ],
        }
        for title, rows in sections(specs)
    ]
    return _page.render("catalogue.html.j2", day=day, sections=filled, metrics=len(specs))


def _metric(spec: MetricSpec, values: Values, lines: dict[Any, pd.DataFrame], currency: str) -> dict[str, Any]:
    row = values.row(spec.id)
    line = None if row is None else lines.get((spec.id, row.window_days))
    return {
        "spec": spec,
        "windows": ", ".join(f"{days} days" for days in spec.window_days if days > 1) or "as of the day",
        "segments": ", ".join(words(segment) for segment in ("all", *spec.segments)),
        "value": None if row is None else cell(row, spec, currency),
        "window": None if row is None else row.window_days,
        "spark": "" if line is None else _svg.sparkline(line["day"], line["value"], f"{spec.title} over time"),
    }


def _read(settings: Settings, day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All rows of the day, and the totals of the year up to it."""
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as con:
        settings.open_lake.attach(con, T.METRIC_VALUES, day - timedelta(days=TREND_DAYS - 1), day)
        return con.execute(_VALUES, [day]).df(), con.execute(_TREND).df()
