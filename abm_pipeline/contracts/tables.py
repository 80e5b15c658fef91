"""Every table that crosses a layer line: its grain and its columns, by name from the dictionary.

Belongs here: declarations. Schemas for Pandera, Dagster, Postgres and DuckDB, and the data dictionary page are made
from them in `render`. To add a table, add a `Table`; to add a column, add it to the dictionary first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from abm_pipeline.contracts.fields import ATTRIBUTION_MODELS, FIELDS, Field


@dataclass(frozen=True)
class Table:
    """One table. `key` columns are never null and unique together; `required` ones are never null.

    `is_daily` tables have one partition per `day`. `published` is the table's name in Postgres, if it is served.
    """

    layer: str
    name: str
    about: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    required: tuple[str, ...] = ()
    is_daily: bool = False
    published: str | None = None

    def __str__(self) -> str:
        return f"{self.layer}.{self.name}"

    def fields(self) -> Iterator[Field]:
        """The table's columns in order, as dictionary entries."""
        return (FIELDS[column] for column in self.columns)

    @property
    def not_null(self) -> frozenset[str]:
        return frozenset(self.key) | frozenset(self.required)


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def raw_table(vendor: str, stream: str) -> Table:
    """The raw table of one stream: records as sent, merged by (record_id, version), partitioned by day."""
    return Table(
        "raw",
        f"{vendor}_{stream}",
        f"{vendor} {stream}, as sent.",
        ("record_id", "version"),
        _columns("day vendor stream record_id version fetched_at window_start window_end run_id payload"),
        ("day", "fetched_at", "payload"),
        is_daily=True,
    )


def _staged(name: str, about: str, columns: str, required: str = "") -> Table:
    """A staged table: one row per version of a source's record, in the partition of the day it changed on."""
    return Table(
        "staged",
        name,
        about,
        ("day", "source", "source_id", "modified_at"),
        _columns("day source source_id captured_at run_id " + columns),
        _columns("captured_at " + required),
        is_daily=True,
    )


COMPANY = _staged(
    "company",
    "Company record of a source.",
    "name domain website linkedin_id phone country_code region city industry employee_count annual_revenue "
    "parent_source_id owner_id owner_name lifecycle_stage is_target tier tier_since_day committee_size same_as "
    "is_deleted merged_into_source_id created_at modified_at",
    "is_deleted",
)
COMPANY_CHANGE = _staged(
    "company_change",
    "Tracked change of a company's tier (`column` tier) or target flag (is_target: true, false) in its source.",
    "company_source_id column value_first value_now entered_at is_deleted modified_at",
    "company_source_id column entered_at is_deleted",
)
CONTACT = _staged(
    "contact",
    "Person record: contact or lead.",
    "person_type company_source_id email_hash email_domain domain full_name title role seniority phone_known "
    "department reports_to_source_id lifecycle_stage owner_id same_as is_deleted merged_into_source_id created_at "
    "modified_at",
    "person_type is_deleted",
)
DEAL = _staged(
    "deal",
    "Deal record.",
    "company_source_id company_source_ids name amount currency stage is_closed is_won deal_type kind created_at "
    "close_day owner_id owner_name lead_source campaign_source_id same_as modified_at is_deleted",
    "stage is_closed is_won created_at is_deleted",
)
DEAL_STAGE_EVENT = _staged(
    "deal_stage_event",
    "One change of a deal's stage or amount.",
    "deal_source_id stage entered_at amount currency probability close_day is_deleted modified_at",
    "deal_source_id stage entered_at",
)
DEAL_CONTACT = _staged(
    "deal_contact",
    "Person in a deal.",
    "deal_source_id contact_source_id role is_primary is_deleted modified_at",
    "deal_source_id contact_source_id",
)
DEAL_LINE = _staged(
    "deal_line",
    "Product line of a deal.",
    "deal_source_id product_id product category quantity unit_price amount currency is_deleted modified_at",
    "deal_source_id",
)
LEAD_EVENT = _staged(
    "lead_event",
    "Change of a person's stage in the lead funnel.",
    "contact_source_id stage entered_at is_deleted modified_at",
    "contact_source_id stage entered_at",
)
ACTIVITY = _staged(
    "activity",
    "E-mail, call, meeting, form, event …",
    "contact_source_id company_source_id domain occurred_at touch_type channel direction content_id content_type "
    "funnel_stage campaign_source_id duration_seconds outcome is_exposure same_as is_deleted modified_at",
    "occurred_at touch_type channel is_exposure is_deleted",
)
CAMPAIGN = _staged(
    "campaign",
    "Campaign.",
    "name channel personalisation is_abm content_type funnel_stage budget currency start_day end_day is_deleted "
    "modified_at",
)
AD_DELIVERY = _staged(
    "ad_delivery",
    "Delivery of a campaign on a day; by company where the platform tells.",
    "account_time_zone campaign_source_id company_source_id impressions clicks engagements conversions spend "
    "currency is_approximate modified_at",
    "campaign_source_id is_approximate",
)
INTENT_SIGNAL = _staged(
    "intent_signal",
    "Company researching a topic.",
    "company_source_id domain topic score score_previous is_surging stage is_snapshot signal_day modified_at",
    "topic is_surging is_snapshot signal_day",
)
SUBSCRIPTION = _staged(
    "subscription",
    "Subscription as it stood after a change.",
    "company_source_id domain mrr mrr_listed currency started_day ended_day plan kind status is_deleted modified_at",
    "is_deleted",
)
INVOICE = _staged(
    "invoice",
    "Invoice.",
    "company_source_id domain subscription_source_id number status amount amount_paid currency issued_day due_day "
    "paid_day is_deleted modified_at",
    "is_deleted",
)
TICKET = _staged(
    "ticket",
    "Support ticket.",
    "company_source_id contact_source_id domain subject status priority ticket_type opened_at solved_at "
    "first_reply_minutes satisfaction is_deleted modified_at",
    "opened_at is_deleted",
)
SURVEY_RESPONSE = _staged(
    "survey_response",
    "Answer to a survey: one score, and what the person wrote.",
    "company_source_id contact_source_id domain survey_id survey_type question score comment answered_at is_deleted "
    "modified_at",
    "survey_type answered_at is_deleted",
)
USAGE_DAY = _staged(
    "usage_day",
    "Use of the product by a company on a day.",
    "company_source_id domain usage_on_day product feature active_users events modified_at",
    "usage_on_day",
)
STAGED_COST = _staged(
    "cost",
    "Cost that no ad platform tells: content, tools, events, agencies.",
    "company_source_id domain campaign_source_id cost_category description amount currency cost_day is_deleted "
    "modified_at",
    "cost_category amount currency cost_day is_deleted",
)
TIME_ENTRY = _staged(
    "time_entry",
    "Hours that somebody worked for a company or campaign.",
    "company_source_id domain campaign_source_id owner_id owner_name work_type hours hourly_rate currency worked_day "
    "is_deleted modified_at",
    "hours worked_day is_deleted",
)
RANKING = _staged(
    "ranking",
    "Place that marketing or sales gives a company.",
    "company_source_id domain ranked_by position ranked_day modified_at",
    "ranked_by position ranked_day",
)
LIST_MEMBERSHIP = _staged(
    "list_membership",
    "Company on a list, such as the target list with its tiers.",
    "company_source_id domain list_name tier is_target valid_from_day valid_to_day is_deleted modified_at",
    "list_name is_deleted",
)
COMMITTEE_MAP = _staged(
    "committee_map",
    "Person of a company's buying committee, known as a contact or not.",
    "company_source_id domain contact_source_id email_hash full_name title role department reports_to_source_id "
    "is_deleted modified_at",
    "is_deleted",
)
REFERRAL = _staged(
    "referral",
    "Company that referred another to us.",
    "company_source_id domain referred_name referred_domain deal_source_id referred_day is_deleted modified_at",
    "referred_day is_deleted",
)
REVIEW = _staged(
    "review",
    "Published review of our product.",
    "company_source_id domain site title rating rating_max comment reviewed_day is_deleted modified_at",
    "site rating rating_max reviewed_day is_deleted",
)
FX_RATE = _staged(
    "fx_rate",
    "Exchange rate, valid from a day on.",
    "currency rate start_day end_day modified_at",
    "currency rate start_day",
)
QUARANTINE = Table(
    "quarantine",
    "record",
    "Records that broke a rule on their way from raw to staged; replayed by running the day again.",
    ("day", "vendor", "stream", "record_id", "version", "rule"),
    _columns("day vendor stream record_id version table_name rule column run_id payload"),
    is_daily=True,
)
RESTATEMENT = Table(
    "staged",
    "restatement",
    "Values that a source or a recomputation changed after they were first seen.",
    ("table", "day", "key", "column", "noticed_at"),
    _columns("day table key column value_first value_now reason noticed_at"),
    published="restatements",
)
REFERENCE = Table(
    "staged",
    "reference",
    "Newest version of the records that rows of other days look something up in.",
    ("vendor", "stream", "record_id"),
    _columns("day vendor stream record_id version fetched_at run_id payload"),
    ("day", "version", "fetched_at", "payload"),
)

ACCOUNT = Table(
    "identity",
    "account",
    "Resolved account.",
    ("account_id",),
    _columns(
        "account_id name domain parent_account_id ultimate_parent_id industry region country_code employee_count "
        "employee_band committee_size owner_name first_seen_day snapshot_id"
    ),
    ("ultimate_parent_id", "employee_band", "snapshot_id"),
    published="accounts",
)
MEMBER = Table(
    "identity",
    "member",
    "Which record (or bare domain) belongs to which account. `source || ':' || source_id` is the company_key of facts.",
    ("source", "source_id"),
    _columns("account_id source source_id match_rule match_probability is_manual snapshot_id"),
    ("account_id", "match_rule", "match_probability", "is_manual", "snapshot_id"),
    published="account_members",
)
PERSON = Table(
    "identity",
    "person",
    "Person records: who they are, their account and role. `source || ':' || source_id` is the contact_key of facts.",
    ("source", "source_id"),
    _columns("source source_id person_id account_id role person_type created_at is_deleted match_rule snapshot_id"),
    ("person_id", "person_type", "is_deleted", "snapshot_id"),
)
PERSON_HISTORY = Table(
    "identity",
    "person_history",
    "Accounts of person records that changed employer, with the days of each; all others are where `person` says. "
    "The first one is valid from 1900-01-01.",
    ("source", "source_id", "valid_from_day"),
    _columns("source source_id person_id account_id role valid_from_day valid_to_day snapshot_id"),
    ("person_id", "account_id", "snapshot_id"),
)
REDIRECT = Table(
    "identity",
    "redirect",
    "Account ids no longer in use, and what became of them.",
    ("old_account_id",),
    _columns("old_account_id account_id reason snapshot_id"),
    ("reason",),
)
LINK = Table(
    "identity",
    "link",
    "Pair of records that were compared: joined, refused, or in review, with the evidence.",
    ("left_key", "right_key"),
    _columns("left_key right_key match_rule match_probability match_weight status reason evidence snapshot_id"),
    ("match_rule", "match_probability", "match_weight", "status", "snapshot_id"),
)
LINK_REVIEW = Table(
    "identity",
    "link_review",
    "Pair of accounts that may be one: what waits for a person's answer.",
    ("left_key", "right_key"),
    _columns(
        "left_key right_key left_account_id right_account_id match_probability match_weight reason evidence status "
        "snapshot_id"
    ),
    ("left_account_id", "right_account_id", "match_probability", "match_weight", "status", "snapshot_id"),
)
WEAK_KEY = Table(
    "identity",
    "weak_key",
    "Key that says too little of whose it is: a shared domain, one between accounts, a switchboard, a page of many.",
    ("key_kind", "key_value"),
    _columns("key_kind key_value records names snapshot_id"),
    ("records", "names", "snapshot_id"),
)
TIER_HISTORY = Table(
    "identity",
    "tier_history",
    "ABM tier of an account over time.",
    ("account_id", "valid_from"),
    _columns("account_id tier is_target valid_from valid_to"),
    ("is_target",),
)

TOUCH = Table(
    "facts",
    "touch",
    "Something that happened between us and a company or person.",
    ("touch_id",),
    _columns(
        "day touch_id occurred_at source source_id company_key contact_key touch_type channel direction content_id "
        "content_type funnel_stage campaign_id duration_seconds outcome is_exposure weight_count"
    ),
    ("day", "occurred_at", "touch_type", "channel", "is_exposure", "weight_count"),
    is_daily=True,
)
INTENT = Table(
    "facts",
    "intent",
    "Intent of a company on a topic, as the provider last told it by the day.",
    ("day", "source", "company_key", "topic"),
    _columns("day source company_key topic score is_surging"),
    ("is_surging",),
    is_daily=True,
)
SPEND = Table(
    "facts",
    "spend",
    "Ad spend and delivery by campaign and day; rows with a company are approximate and not part of the total.",
    ("day", "spend_id"),
    _columns("day spend_id source campaign_id company_key impressions clicks amount currency amount_reporting"),
    ("source", "campaign_id"),
    is_daily=True,
)
FACT_DEAL = Table(
    "facts",
    "deal",
    "A deal's state over time, one row per version.",
    ("deal_id", "valid_from"),
    _columns(
        "deal_id company_key valid_from valid_to stage is_closed is_won deal_type kind amount currency "
        "amount_reporting created_at closed_day owner_id owner_name"
    ),
    ("stage", "is_closed", "is_won", "created_at"),
)
DEAL_STAGE = Table(
    "facts",
    "deal_stage",
    "A deal's stay in a stage.",
    ("deal_id", "entered_at"),
    _columns("deal_id stage stage_order entered_at left_at"),
    ("stage",),
)
LEAD_STAGE = Table(
    "facts",
    "lead_stage",
    "A person's entry into a stage of the lead funnel.",
    ("contact_key", "stage"),
    _columns("contact_key company_key stage entered_at"),
    ("entered_at",),
)
COST = Table(
    "facts",
    "cost",
    "What was spent on a day, by kind: media as the platforms tell, receipts, and hours at their rate.",
    ("day", "cost_id"),
    _columns("day cost_id source cost_category company_key contact_key campaign_id amount currency amount_reporting"),
    ("source", "cost_category"),
    is_daily=True,
)
FACT_SUBSCRIPTION = Table(
    "facts",
    "subscription",
    "What a subscription brings a month over a stretch of days; days without revenue have no row.",
    ("subscription_id", "valid_from_day"),
    _columns("subscription_id company_key valid_from_day valid_to_day mrr currency mrr_reporting started_day plan"),
)
MRR_MONTH = Table(
    "facts",
    "mrr_month",
    "A company's recurring revenue at the end of a month, and what moved since the last; rows on last days of months.",
    ("day", "company_key"),
    _columns("day month company_key mrr_reporting mrr_change movement"),
    ("month", "mrr_reporting", "mrr_change", "movement"),
    is_daily=True,
)


def _record(name: str, about: str, columns: str, required: str = "") -> Table:
    """A fact that is a source's record on the day it names."""
    key = ("day", "source", "source_id")
    return Table(
        "facts", name, about, key, _columns("day source source_id company_key " + columns), _columns(required), True
    )


FACT_SURVEY = _record(
    "survey_response",
    "Answer to a survey, on the day it was given.",
    "contact_key survey_id survey_type score answered_at",
    "survey_type answered_at",
)
FACT_TICKET = _record(
    "ticket",
    "Support ticket, on the day it was opened.",
    "contact_key priority opened_at solved_at first_reply_minutes satisfaction",
    "opened_at",
)
FACT_USAGE = _record(
    "usage", "Use of a product's feature by a company on a day.", "product feature active_users events"
)
FACT_REFERRAL = _record("referral", "Company that referred another to us.", "referred_key deal_id")
FACT_REVIEW = _record("review", "Published review of our product.", "site rating rating_max", "site rating rating_max")
FACT_CAMPAIGN = Table(
    "facts",
    "campaign",
    "Campaign as last known.",
    ("campaign_id",),
    _columns("campaign_id source campaign_name channel personalisation is_abm budget currency start_day end_day"),
)

ENGAGEMENT_SCORE = Table(
    "scoring",
    "engagement_score",
    "An account's engagement score on a day under a model; target accounts, and any other with a score.",
    ("day", "account_id", "model", "model_version", "window_days"),
    _columns(
        "day account_id model model_version window_days score rank percentile band is_engaged contacts_engaged "
        "touches first_touch_day last_touch_day score_change_7d"
    ),
    ("score", "band", "is_engaged"),
    is_daily=True,
    published="engagement_scores",
)
SCORE_PART = Table(
    "scoring",
    "score_part",
    "What an engagement score is made of; the parts add up to it.",
    ("day", "account_id", "model_version", "window_days", "part"),
    _columns("day account_id model_version window_days part points touches"),
    ("points",),
    is_daily=True,
)

METRIC_VALUES = Table(
    "metrics",
    "metric_values",
    "Every aggregate metric, tidy.",
    ("metric", "as_of", "window_days", "dimension", "dimension_value"),
    _columns(
        "day metric as_of window_days dimension dimension_value numerator denominator value ci_low ci_high n "
        "low_sample benchmark_low benchmark_high status definition_version scoring_model_version"
    ),
    ("n", "low_sample", "status", "definition_version"),
    is_daily=True,
    published="metric_values",
)
ACCOUNT_METRICS_DAILY = Table(
    "metrics",
    "account_metrics_daily",
    "One row per account of the ABM list (or with a score or a deal) and day.",
    ("day", "account_id"),
    _columns(
        "day account_id name program tier industry region employee_band owner_name stage engagement_score rank band "
        "is_engaged score_change_7d silent_sources is_covered is_covered_email is_covered_phone is_covered_meeting "
        "is_covered_event is_covered_content is_covered_ads is_covered_web is_covered_social is_covered_chat "
        "is_covered_mail uncovered_reason contacts_known contacts_engaged committee_low "
        "committee_high penetration_low penetration_high role_gaps intent_topics_surging content_types touches "
        "last_touch_day open_deals open_pipeline won_revenue "
        "icp_fit icp_fit_industry icp_fit_region icp_fit_size contacts_complete contacts_connected contact_growth_90d "
        "percentile engagement_score_30d rank_30d band_30d intent_surges_7d content_pieces content_points "
        "content_stage is_stuck_at_awareness meetings_90d calls_answered_90d stage_days "
        "cost_allocated roi customer_health health_parts renewal_days"
    ),
    ("program", "stage", "is_covered"),
    is_daily=True,
    published="account_metrics_daily",
)
CAMPAIGN_METRICS = Table(
    "metrics",
    "campaign_metrics",
    "Delivery, spend and reach of a campaign on a day.",
    ("day", "campaign_id"),
    _columns(
        "day campaign_id campaign_name source channel personalisation is_abm impressions clicks amount_reporting "
        "touches accounts_reached accounts_engaged"
    ),
    is_daily=True,
    published="campaign_metrics",
)
COST_ALLOCATION = Table(
    "metrics",
    "cost_allocation",
    "Cost of a day given to accounts by the rules, or `unallocated` where none could place it; by source it adds up.",
    ("day", "account_id", "source", "cost_category", "cost_rule"),
    _columns("day account_id source cost_category cost_rule tier cost_allocated"),
    ("cost_allocated",),
    is_daily=True,
    published="cost_allocation",
)
ATTRIBUTION_CREDIT = Table(
    "metrics",
    "attribution_credit",
    "Credit of a touch for a deal under an attribution model.",
    ("deal_id", "model", "touch_id"),
    _columns("deal_id model touch_id channel campaign_id credit credit_revenue amount_pipeline amount_revenue"),
    ("credit",),
    published="attribution_credit",
)
CHANNEL_TRANSITION = Table(
    "metrics",
    "channel_transition",
    "How often a touch of one channel followed another on the paths of deals created or closed on a day: what Markov's "
    "chains are learned from.",
    ("day", "ending", "channel", "next_channel"),
    _columns("day ending channel next_channel paths"),
    ("paths",),
    is_daily=True,
)
DEAL_CREDIT = Table(
    "metrics",
    "deal_credit",
    "What part of a deal each channel, campaign and type of content earned, on the day from which it counts; and how "
    "its path went (dimension `story`).",
    ("day", "deal_id", "ending", "dimension", "dimension_value"),
    _columns(
        "day deal_id ending dimension dimension_value " + " ".join(f"share_{model}" for model in ATTRIBUTION_MODELS)
    ),
    is_daily=True,
)
METRIC_DEFINITIONS = Table(
    "metrics",
    "metric_definitions",
    "What every metric means, and what it meant under earlier definitions.",
    ("metric", "definition_version"),
    _columns("metric definition_version is_current metric_title formula unit grain window segments benchmark guides"),
    ("formula",),
    published="metric_definitions",
)
DATA_HEALTH = Table(
    "metrics",
    "data_health",
    "Freshness, completeness and match rate of a source on a day.",
    ("day", "source"),
    _columns(
        "day source last_day days_behind rows_staged rows_quarantined match_rate touches_unmatched touches_ambiguous "
        "intent_unmatched intent_ambiguous spend_unmatched is_silent"
    ),
    is_daily=True,
    published="data_health",
)
QUARANTINE_SUMMARY = Table(
    "metrics",
    "quarantine_summary",
    "Rows in quarantine by day, stream and rule.",
    ("day", "vendor", "stream", "table_name", "rule", "column"),
    _columns("day vendor stream table_name rule column rows"),
    published="quarantine_summary",
)

TABLES: dict[str, Table] = {str(table): table for table in list(globals().values()) if isinstance(table, Table)}
STAGED = tuple(table for table in TABLES.values() if table.layer == "staged" and table.is_daily)
PUBLISHED = tuple(table for table in TABLES.values() if table.published)
