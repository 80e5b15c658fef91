"""What files may feed: the canonical tables, and the columns of each that a declaration may fill.

Belongs here: names, types and what a row must have. How a column is read is in `_declaration`; what becomes of it in
`mapping`.

A company is named by `domain` (a website, host or e-mail address will do) or by `company_id`, its record in another
system as `source:id` (`salesforce:001…`); a person by `email`.
"""

from __future__ import annotations

from dataclasses import dataclass

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import FIELDS, Field, Type
from abm_pipeline.contracts.tables import Table

# Columns that files know under another name than the canonical tables, or that only files have.
OWN = {
    field.name: field
    for field in (
        Field("company_id", Type.TEXT, "Company's record in another system, as `source:id`."),
        Field("email", Type.TEXT, "Person's e-mail address; only its hash goes on.", is_pii=True),
        Field("reports_to_email", Type.TEXT, "E-mail address of whom the person reports to.", is_pii=True),
    )
}
_COMPANY = ("company_id", "domain")


@dataclass(frozen=True)
class Target:
    """A table that files may feed. `required` must have a value in every row; `one_of` groups at least one each.

    `day` is the column of the day that a row stands for.
    """

    table: Table
    about: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...] = (_COMPANY,)
    day: str | None = None

    @property
    def name(self) -> str:
        """Name of the target, of its stream, and of the table."""
        return self.table.name

    def field(self, column: str) -> Field:
        """What the column holds."""
        return OWN.get(column) or FIELDS[column]


def _target(table: Table, about: str, columns: str, required: str, **rest: object) -> Target:
    return Target(table, about, tuple(columns.split()), tuple(required.split()), **rest)  # type: ignore[arg-type]


TARGETS = {
    target.name: target
    for target in (
        _target(
            T.LIST_MEMBERSHIP,
            "Companies on lists: the target list with its tiers.",
            "company_id domain name list_name tier is_target committee_size valid_from_day valid_to_day",
            "list_name",
            day="valid_from_day",
        ),
        _target(
            T.COMMITTEE_MAP,
            "People of buying committees, known as contacts or not.",
            "company_id domain email full_name title role department reports_to_email",
            "",
        ),
        _target(
            T.STAGED_COST,
            "Costs that no ad platform tells.",
            "company_id domain campaign_source_id cost_category description amount currency cost_day",
            "cost_category amount currency cost_day",
            one_of=(),
            day="cost_day",
        ),
        _target(
            T.TIME_ENTRY,
            "Hours worked for companies or campaigns.",
            "company_id domain campaign_source_id owner_id owner_name work_type hours hourly_rate currency worked_day",
            "hours worked_day",
            one_of=(),
            day="worked_day",
        ),
        _target(
            T.RANKING,
            "Places that marketing or sales give companies.",
            "company_id domain ranked_by position ranked_day",
            "ranked_by position ranked_day",
            day="ranked_day",
        ),
        _target(
            T.REFERRAL,
            "Companies that referred others to us.",
            "company_id domain referred_name referred_domain deal_source_id referred_day",
            "referred_day",
            day="referred_day",
        ),
        _target(
            T.REVIEW,
            "Published reviews of our product.",
            "company_id domain site title rating rating_max comment reviewed_day",
            "site rating rating_max reviewed_day",
            one_of=(),
            day="reviewed_day",
        ),
        _target(
            T.FX_RATE,
            "Exchange rates: units of the currency for one unit of the organisation's own.",
            "currency rate start_day end_day",
            "currency rate start_day",
            one_of=(),
            day="start_day",
        ),
        _target(
            T.USAGE_DAY,
            "Use of the product by companies and days.",
            "company_id domain usage_on_day product feature active_users events",
            "usage_on_day",
            day="usage_on_day",
        ),
        _target(
            T.INTENT_SIGNAL,
            "Deliveries of an intent provider.",
            "company_id domain topic score score_previous is_surging stage signal_day is_snapshot",
            "topic signal_day",
            day="signal_day",
        ),
        _target(
            T.SURVEY_RESPONSE,
            "Answers to surveys.",
            "company_id domain email survey_id survey_type question score comment answered_at",
            "survey_type answered_at",
            one_of=((*_COMPANY, "email"),),
            day="answered_at",
        ),
        _target(
            T.ACTIVITY,
            "What happened between us and companies or people: badge scans, mailings, calls noted by hand.",
            "company_id domain email occurred_at touch_type channel direction content_id content_type funnel_stage "
            "campaign_source_id duration_seconds outcome",
            "occurred_at touch_type channel",
            one_of=((*_COMPANY, "email"),),
            day="occurred_at",
        ),
    )
}
