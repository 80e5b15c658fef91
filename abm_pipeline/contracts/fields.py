"""The column dictionary: one entry per column name, and what it means everywhere it stands.

Belongs here: name, type, description, and the values a column may hold. Not here: which table has which column
(`tables`), and how a type is written in Pandera, Dagster, Postgres or DuckDB (`render`).

The same quantity has the same name in every table; units are suffixes; booleans start with `is_` or `has_`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What a column holds; `render` knows how each engine spells it."""

    TEXT = "text"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    DATE = "date"
    TIMESTAMP = "timestamp"  # UTC, microseconds
    MONEY = "money"  # decimal(18,4)
    TEXTS = "texts"  # list of text


@dataclass(frozen=True)
class Field:
    """One column of the dictionary. `values`, `low` and `high` bound what it may hold (inclusive)."""

    name: str
    type: Type
    about: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    is_pii: bool = False


COST_CATEGORIES = ("media", "content", "tool", "event", "sales_time", "agency", "other")
TIERS = ("one_to_one", "one_to_few", "one_to_many")
MOVEMENTS = ("new", "expansion", "contraction", "churn", "resurrection", "flat")
ROLES = ("decision_maker", "champion", "influencer", "user", "other")
ACCOUNT_STAGES = ("unaware", "aware", "engaged", "qualified", "opportunity", "customer")
ATTRIBUTION_MODELS = (
    "first", "last", "last_non_direct", "linear", "u_shaped", "w_shaped", "full_path", "time_decay", "markov",
    "shapley",
)  # fmt: skip
# What can happen between us and a company. The first two are exposures: shown or delivered, never engagement. Those of
# FAILED did not reach anybody. The order is that of scoring's parts, so new ones come last.
EXPOSURE_TYPES = ("email_sent", "ad_impression")
FAILED_TYPES = ("email_bounce", "email_unsubscribe", "email_spam_report")
TOUCH_TYPES = (
    *EXPOSURE_TYPES, "email_reply", "call", "call_connected", "meeting", "meeting_no_show", "event_attended",
    "webinar_attended", "content_download", "form_fill", "ad_click", "ad_engagement",
    "email_open", "email_click", "email_forward", *FAILED_TYPES, "meeting_booked", "event_registered",
    "webinar_registered", "webinar_no_show", "page_view", "web_visit", "social_engagement", "chat", "direct_mail",
    "direct_mail_response", "survey_answered",
)  # fmt: skip
BANDS = ("hot", "warm", "cool", "cold", "none")

_T, _I, _F, _B, _D, _TS, _M, _L = (
    Type.TEXT,
    Type.INT,
    Type.FLOAT,
    Type.BOOL,
    Type.DATE,
    Type.TIMESTAMP,
    Type.MONEY,
    Type.TEXTS,
)


def _dictionary(*fields: Field) -> dict[str, Field]:
    out = {field.name: field for field in fields}
    assert len(out) == len(fields), "a column name is declared twice"
    return out


FIELDS: dict[str, Field] = _dictionary(
    # where a row comes from
    Field("source", _T, "Vendor that the record comes from, or `domain` for a bare domain."),
    Field("source_id", _T, "Id of the record in its source, as text."),
    Field("captured_at", _TS, "When this version of the record was fetched."),
    Field("run_id", _T, "Run that wrote the row."),
    Field("vendor", _T, "Vendor that was asked."),
    Field("stream", _T, "Stream of the vendor (an object or a report)."),
    Field("record_id", _T, "Id of the record in its stream."),
    Field(
        "version",
        _T,
        "What tells two versions of a record apart: the vendor's modification stamp, or a content hash.",
    ),
    Field("fetched_at", _TS, "When the record was fetched."),
    Field("window_start", _TS, "Start of the request window (inclusive); null for everything."),
    Field("window_end", _TS, "End of the request window (exclusive)."),
    Field("payload", _T, "The record as JSON, exactly as sent.", is_pii=True),
    Field("day", _D, "Partition day in the reporting time zone."),
    # records
    Field("name", _T, "Name as the source writes it."),
    Field("domain", _T, "Registrable domain, lower case."),
    Field("website", _T, "Website as the source writes it."),
    Field("linkedin_id", _T, "LinkedIn organisation id."),
    Field("phone", _T, "Telephone number as the source writes it.", is_pii=True),
    Field("country_code", _T, "ISO 3166 alpha-2 country."),
    Field("region", _T, "Sales region."),
    Field("city", _T, "City."),
    Field("industry", _T, "Industry as the source names it."),
    Field("employee_count", _I, "Employees.", low=0),
    Field("employee_band", _T, "Employees in bands: 1-49, 50-249, 250-999, 1000-4999, 5000+, unknown."),
    Field("annual_revenue", _M, "Annual revenue.", low=0),
    Field("parent_source_id", _T, "Parent company's id in the same source."),
    Field("owner_id", _T, "Responsible user's id in the source."),
    Field("owner_name", _T, "Responsible user's name."),
    Field("lifecycle_stage", _T, "Stage of the record in its source."),
    Field("is_target", _B, "On the ABM list."),
    Field("tier", _T, "ABM tier.", values=TIERS),
    Field("tier_since_day", _D, "Day since when the present tier is valid, if the source tells."),
    Field("committee_size", _I, "Size of the buying committee, if mapped.", low=0),
    Field("is_deleted", _B, "Deleted in the source (also the losing side of a merge)."),
    Field("merged_into_source_id", _T, "Record that this one was merged into; of a lead also the contact it became."),
    Field("created_at", _TS, "When the source made the record."),
    Field("modified_at", _TS, "When the source last changed the record: the version of the row."),
    Field("company_source_id", _T, "Company's id in the same source."),
    Field("company_source_ids", _L, "All companies of the record, the primary first."),
    Field("email_hash", _T, "SHA-256 of the lower-cased e-mail address."),
    Field("email_domain", _T, "Domain of the e-mail address, lower case."),
    Field("full_name", _T, "Person's name.", is_pii=True),
    Field("title", _T, "Job title."),
    Field("role", _T, "Role in the buying committee.", values=ROLES),
    Field("seniority", _T, "Seniority, if the source tells."),
    Field("phone_known", _B, "Whether a telephone number is known."),
    Field("person_type", _T, "Kind of person record.", values=("contact", "lead")),
    # deals
    Field("deal_source_id", _T, "Deal's id in its source."),
    Field("contact_source_id", _T, "Contact's id in its source."),
    Field("amount", _M, "Amount in the record's currency."),
    Field("currency", _T, "ISO 4217 currency of the amount."),
    Field(
        "amount_reporting",
        _M,
        "Amount in the reporting currency at the rate of the event's day; null if the rate is missing.",
    ),
    Field("stage", _T, "Stage."),
    Field("stage_order", _I, "Position of the stage in its pipeline, from 1."),
    Field("probability", _F, "Probability of winning as a fraction.", low=0, high=1),
    Field("is_closed", _B, "Closed, won or lost."),
    Field("is_won", _B, "Closed and won."),
    Field("deal_type", _T, "Kind of deal.", values=("new", "expansion", "renewal")),
    Field("kind", _T, "Kind of expansion.", values=("upsell", "cross_sell", "none")),
    Field("close_day", _D, "Day on which the deal closed or is expected to close."),
    Field("closed_day", _D, "Day on which the deal closed; null while open."),
    Field("lead_source", _T, "Where the record says it came from."),
    Field("campaign_source_id", _T, "Campaign's id in its source."),
    Field("entered_at", _TS, "When the stage was entered."),
    Field("left_at", _TS, "When the stage was left; null while it lasts."),
    Field("is_primary", _B, "The primary one of its group."),
    Field("product_id", _T, "Product's id in its source."),
    Field("product", _T, "Product."),
    Field("category", _T, "Category."),
    Field("quantity", _F, "Quantity."),
    Field("unit_price", _M, "Price of one unit."),
    # activity
    Field("occurred_at", _TS, "When it happened."),
    Field(
        "touch_type",
        _T,
        "What happened: email_sent, meeting, ad_click …; none: nothing that counts.",
        values=(*TOUCH_TYPES, "none"),
    ),
    Field("channel", _T, "Channel: email, phone, meeting, event, webinar, content, web, ads, social, chat, mail …"),
    Field(
        "same_as",
        _T,
        "`source:source_id` of the record in another system that the source itself says this one is a copy of.",
    ),
    Field("direction", _T, "Who acted.", values=("inbound", "outbound")),
    Field("content_id", _T, "Piece of content."),
    Field("content_type", _T, "Kind of content: ebook, case_study, demo …"),
    Field("funnel_stage", _T, "Place in the funnel.", values=("top", "mid", "bottom")),
    Field("duration_seconds", _F, "Duration.", low=0),
    Field("outcome", _T, "Outcome: held, no_show, connected, next_step …"),
    Field("is_exposure", _B, "Shown or delivered only: counts for coverage and cost, never for engagement."),
    Field("weight_count", _F, "How many like events the row stands for.", low=0),
    Field("touch_id", _T, "Id of the touch: source:source_id, or a key made of the delivery row."),
    Field("company_key", _T, "`source:source_id` of the company, or `domain:…` where only a domain is known."),
    Field("contact_key", _T, "`source:source_id` of the person."),
    Field("campaign_id", _T, "Campaign: `source:source_id`."),
    Field("deal_id", _T, "Deal: `source:source_id`."),
    # campaigns, ads, intent, money
    Field("personalisation", _T, "Level of personalisation.", values=("generic", "industry", "account")),
    Field("is_abm", _B, "Part of the ABM programme."),
    Field("budget", _M, "Budget."),
    Field("start_day", _D, "First day."),
    Field("end_day", _D, "Last day."),
    Field("account_time_zone", _T, "Time zone of the ad account's days."),
    Field("spend_id", _T, "Delivery row that the spend comes from: `source:source_id`."),
    Field("impressions", _I, "Impressions.", low=0),
    Field("clicks", _I, "Clicks.", low=0),
    Field("engagements", _I, "Other engagements (likes, shares, comments, follows).", low=0),
    Field("conversions", _I, "Conversions as the platform counts them.", low=0),
    Field("spend", _M, "Spend in the ad account's currency."),
    Field("is_approximate", _B, "The platform adds noise or leaves small values out."),
    Field("topic", _T, "Intent topic."),
    Field("score", _F, "Score."),
    Field("score_previous", _F, "Score of the previous period."),
    Field("is_surging", _B, "Over the provider's surge threshold."),
    # customers: billing, support, satisfaction, usage
    Field("mrr", _M, "Monthly recurring revenue of the subscription, discounts off, in its currency.", low=0),
    Field(
        "mrr_listed",
        _M,
        "What the subscription's items bring a month whatever its status: what one that is over brought.",
        low=0,
    ),
    Field("subscription_id", _T, "Subscription: `source:source_id`."),
    Field(
        "mrr_reporting", _M, "Monthly recurring revenue in the reporting currency; null if the rate is missing.", low=0
    ),
    Field("mrr_change", _M, "Monthly recurring revenue less that of the last month end."),
    Field("movement", _T, "What moved since the last month end.", values=MOVEMENTS),
    Field("month", _D, "First day of the month."),
    Field("started_day", _D, "First day."),
    Field("ended_day", _D, "Day after the last; null while it lasts."),
    Field("plan", _T, "Plan or price."),
    Field("subscription_source_id", _T, "Subscription's id in the same source."),
    Field("number", _T, "Number printed on it."),
    Field("amount_paid", _M, "Amount paid so far."),
    Field("issued_day", _D, "Day of issue."),
    Field("due_day", _D, "Day on which payment is due."),
    Field("paid_day", _D, "Day of full payment; null while open."),
    Field("subject", _T, "Subject."),
    Field("priority", _T, "Priority as the source names it."),
    Field("ticket_type", _T, "Type as the source names it."),
    Field("opened_at", _TS, "When it was opened."),
    Field("solved_at", _TS, "When it was solved; null while open."),
    Field("first_reply_minutes", _F, "Minutes to the first reply.", low=0),
    Field("satisfaction", _T, "Satisfaction as the source names it."),
    Field("survey_id", _T, "Survey."),
    Field("survey_type", _T, "What the survey measures.", values=("nps", "csat", "ces", "other")),
    Field("question", _T, "Question."),
    Field("answered_at", _TS, "When it was answered."),
    Field("comment", _T, "What the person wrote.", is_pii=True),
    Field("usage_on_day", _D, "Day of the usage."),
    Field("feature", _T, "Feature of the product; null for the product as a whole."),
    Field("active_users", _I, "Distinct users active on the day.", low=0),
    Field("events", _I, "Events.", low=0),
    # effort and lists
    Field("cost_category", _T, "What the money was spent on.", values=COST_CATEGORIES),
    Field("cost_day", _D, "Day (or first day of the month) that the cost belongs to."),
    Field("description", _T, "What it was."),
    Field("cost_id", _T, "Cost: `source:source_id` of what it comes from."),
    Field("customer_health", _F, "Health of a customer by the weighted signals of customers.yaml.", low=0, high=100),
    Field("health_parts", _T, "The signals that health is made of, each from 0 to 100, and those that are missing."),
    Field("renewal_days", _I, "Days to the next anniversary of one of the account's subscriptions.", low=0),
    Field("cost_rule", _T, "Rule that gave the cost to the account; `unallocated` where none could."),
    Field("cost_allocated", _M, "Cost given to the account in the reporting currency; for an account, up to the day."),
    Field("roi", _F, "(Won amount − cost) ÷ cost, both up to the day; null without cost."),
    Field("worked_day", _D, "Day of the work."),
    Field("hours", _F, "Hours.", low=0),
    Field("hourly_rate", _M, "Cost of one hour.", low=0),
    Field("work_type", _T, "Kind of work."),
    Field("ranked_by", _T, "Who ranks.", values=("marketing", "sales")),
    Field("position", _I, "Place in the ranking, 1 the best.", low=1),
    Field("ranked_day", _D, "Day of the ranking."),
    Field("list_name", _T, "Name of the list."),
    Field("valid_from_day", _D, "First day of validity."),
    Field("valid_to_day", _D, "Day after the last of validity; null while it lasts."),
    Field("reports_to_source_id", _T, "Contact that the person reports to, in the same source."),
    Field("department", _T, "Department or job function."),
    Field("referred_domain", _T, "Domain of the company that was referred to us."),
    Field("referred_key", _T, "Company that was referred to us: `domain:…`."),
    Field("referred_name", _T, "Name of the company that was referred to us."),
    Field("referred_day", _D, "Day of the referral."),
    Field("rating", _F, "Rating.", low=0),
    Field("rating_max", _F, "Best possible rating.", low=0),
    Field("reviewed_day", _D, "Day of the review."),
    Field("site", _T, "Site that published it."),
    Field(
        "is_snapshot",
        _B,
        "Part of all that the source says for the day, so that what is missing is over; else an observation by itself.",
    ),
    Field("signal_day", _D, "Day (or last day of the week) that the signal stands for."),
    Field("rate", _F, "Units of the currency for one unit of the reporting currency.", low=0),
    # identity
    Field("account_id", _T, "Resolved account."),
    Field("person_id", _T, "`source:source_id` of the record that stands for all records of one human."),
    Field("parent_account_id", _T, "Parent account."),
    Field("ultimate_parent_id", _T, "Topmost account of the hierarchy; the account itself if it has no parent."),
    Field("first_seen_day", _D, "Day on which the account's first record was made."),
    Field("snapshot_id", _T, "Identity snapshot: a hash of its content."),
    Field("match_rule", _T, "Key that joined the record to its account."),
    Field("match_probability", _F, "Probability of the match; 1 for exact keys.", low=0, high=1),
    Field("is_manual", _B, "Decided by a person."),
    Field("left_key", _T, "One record of a pair, as source:source_id."),
    Field("right_key", _T, "The other record of the pair."),
    Field("left_account_id", _T, "Account of the one record."),
    Field("right_account_id", _T, "Account of the other record."),
    Field("match_weight", _F, "Odds that the two are one account, in bits (log2); 3 means eight to one."),
    Field("evidence", _T, "JSON list of what was compared, what it says, and its weight in bits."),
    Field("key_kind", _T, "Kind of a key that records share: domain, linkedin_id, duns, phone."),
    Field("key_value", _T, "Value of the key."),
    Field("names", _I, "Unlike names that use the key.", low=0),
    Field("old_account_id", _T, "Account id that is no longer in use."),
    Field("reason", _T, "Why."),
    Field("valid_from", _TS, "Start of validity (inclusive)."),
    Field("valid_to", _TS, "End of validity (exclusive); null while it lasts."),
    # scores
    Field("model", _T, "Scoring model."),
    Field("model_version", _T, "Version of the scoring model: its declared version and hash."),
    Field("window_days", _I, "Length of the window in days, ending on the day itself.", low=1),
    Field("rank", _I, "Rank among target accounts on the day; ties share the lowest.", low=1),
    Field("percentile", _F, "Share of target accounts with a score not above this one.", low=0, high=1),
    Field("band", _T, "Band by percentile.", values=BANDS),
    Field("is_engaged", _B, "Over the model's engaged threshold."),
    Field("contacts_engaged", _I, "Distinct persons with an engagement in the window.", low=0),
    Field("touches", _I, "Engagements in the window.", low=0),
    Field("first_touch_day", _D, "Day of the first engagement in the window."),
    Field("last_touch_day", _D, "Day of the last engagement in the window."),
    Field("silent_sources", _T, "Silent sources that the score rests on, comma-separated; its fall may be theirs."),
    Field("score_change_7d", _F, "Score minus the score seven days before."),
    Field("part", _T, "Part of a score: a touch type, `intent` or `breadth`."),
    Field("points", _F, "Points that the part adds to the score."),
    # metrics
    Field("metric", _T, "Metric id."),
    Field("as_of", _D, "Day as of whose end the value holds."),
    Field("dimension", _T, "Segmenting dimension; `all` for the total."),
    Field("dimension_value", _T, "Segment; `all` for the total."),
    Field("numerator", _F, "Numerator."),
    Field("denominator", _F, "Denominator."),
    Field("value", _F, "Value; null where the denominator is 0."),
    Field("ci_low", _F, "Lower end of the 95 % interval."),
    Field("ci_high", _F, "Upper end of the 95 % interval."),
    Field("n", _I, "Number of observations.", low=0),
    Field("low_sample", _B, "n is below min_sample."),
    Field("benchmark_low", _F, "Lower end of the benchmark."),
    Field("benchmark_high", _F, "Upper end of the benchmark."),
    # Of records it is in the source's own words, so its values can't be bounded.
    Field("status", _T, "State as the source names it; of a metric: below, within or above its benchmark, or none."),
    Field("definition_version", _T, "Version of the metric's definition."),
    Field("is_current", _B, "The definition holds now; otherwise values were published by it before."),
    Field(
        "scoring_model_version",
        _T,
        "Version of the champion scoring model that the value rests on; null if none.",
    ),
    Field("metric_title", _T, "Name of the metric for people."),
    Field("formula", _T, "Formula in words."),
    Field("unit", _T, "Unit of the value."),
    Field("grain", _T, "What one value stands for."),
    Field("window", _T, "Window in words."),
    Field("segments", _T, "Dimensions, comma-separated."),
    Field("benchmark", _T, "Benchmark in words."),
    Field("guides", _T, "Source guides, comma-separated."),
    Field("penetration_low", _F, "Engaged contacts over the upper bound of the committee size."),
    Field("penetration_high", _F, "Engaged contacts over the lower bound of the committee size."),
    Field("committee_low", _I, "Lower bound of the committee size.", low=0),
    Field("committee_high", _I, "Upper bound of the committee size.", low=0),
    Field("contacts_known", _I, "Distinct persons known, those deleted left out.", low=0),
    Field("role_gaps", _T, "Roles of the committee that no engagement has reached, comma-separated."),
    Field("is_covered", _B, "Any touch or exposure in 90 days."),
    Field("uncovered_reason", _T, "Why an account is not covered; null where it is."),
    Field("is_covered_email", _B, "Touch or exposure by e-mail in 90 days."),
    Field("is_covered_phone", _B, "Touch by phone in 90 days."),
    Field("is_covered_meeting", _B, "Meeting in 90 days."),
    Field("is_covered_event", _B, "Event or webinar in 90 days."),
    Field("is_covered_content", _B, "Content consumed or form filled in 90 days."),
    Field("is_covered_ads", _B, "Ad exposure or click in 90 days."),
    Field("is_covered_web", _B, "Visit of our web pages in 90 days."),
    Field("is_covered_social", _B, "Reaction on social media in 90 days."),
    Field("is_covered_chat", _B, "Chat in 90 days."),
    Field("is_covered_mail", _B, "Letter or parcel sent, or answered, in 90 days."),
    Field("intent_topics_surging", _I, "Distinct topics surging in the window.", low=0),
    Field("content_types", _I, "Distinct content types consumed in 90 days.", low=0),
    Field("icp_fit", _F, "Fit with the ideal customer.", low=0, high=100),
    Field("icp_fit_industry", _F, "Points of the fit that the industry brings.", low=0, high=100),
    Field("icp_fit_region", _F, "Points of the fit that the region brings.", low=0, high=100),
    Field("icp_fit_size", _F, "Points of the fit that the number of employees brings.", low=0, high=100),
    Field("contacts_complete", _I, "Contacts known with every field that a complete contact has.", low=0),
    Field("contacts_connected", _I, "Contacts known that have talked with us: mail or call answered, meeting.", low=0),
    Field("contact_growth_90d", _F, "Contacts gained in 90 days over those known before; null where nobody was."),
    Field("engagement_score_30d", _F, "Champion's score over 30 days."),
    Field("rank_30d", _I, "Rank among target accounts by the score over 30 days; ties share the lowest.", low=1),
    Field("band_30d", _T, "Band by the score over 30 days.", values=BANDS),
    Field(
        "intent_surges_7d", _I, "Tracked topics on which the account's intent began to surge or rose in 7 days.", low=0
    ),
    Field("content_pieces", _I, "Distinct pieces of content consumed in 90 days.", low=0),
    Field("content_points", _F, "Points that content brings to the champion's score over its longest window.", low=0),
    Field(
        "content_stage",
        _T,
        "Deepest place in the funnel of content consumed in 90 days.",
        values=("top", "mid", "bottom"),
    ),
    Field("is_stuck_at_awareness", _B, "At least 5 pieces of top-of-funnel content in 90 days and none deeper."),
    Field("meetings_90d", _I, "Meetings held in 90 days.", low=0),
    Field("calls_answered_90d", _I, "Calls answered in 90 days.", low=0),
    Field(
        "stage_days",
        _I,
        "Days in the present journey stage, the first and the day itself included; 91: or more.",
        low=1,
    ),
    Field("open_pipeline", _M, "Amount of open deals in the reporting currency."),
    Field("open_deals", _I, "Open deals.", low=0),
    Field("won_revenue", _M, "Won amount to date in the reporting currency."),
    Field("program", _T, "On the ABM list or not.", values=("abm", "non_abm")),
    Field("engagement_score", _F, "Champion's score over its longest window."),
    Field("campaign_name", _T, "Campaign's name."),
    Field("accounts_reached", _I, "Accounts with a touch or exposure from the campaign on the day.", low=0),
    Field("accounts_engaged", _I, "Accounts with an engagement from the campaign on the day.", low=0),
    Field(
        "credit", _F, "Share of the deal's pipeline credited; shares of a deal and model add up to 1.", low=0, high=1
    ),
    Field(
        "credit_revenue",
        _F,
        "Share of the won amount credited, over the touches up to the close; null for a deal not won.",
        low=0,
        high=1,
    ),
    Field("ending", _T, "End of a deal's path: `created` (what earned the pipeline) or `closed` (the revenue)."),
    Field("next_channel", _T, "Channel of the touch after; `(conversion)` or `(null)` after the last of a path."),
    Field("paths", _I, "How often, over all paths.", low=1),
    *(
        Field(
            f"share_{model}",
            _I,
            f"Part of the deal in 10^-12 under the model {model}; null for what is no share.",
            low=0,
        )
        for model in ATTRIBUTION_MODELS
    ),
    Field("amount_pipeline", _M, "Pipeline amount credited."),
    Field("amount_revenue", _M, "Won amount credited."),
    # trust
    Field("rule", _T, "Rule that the row broke."),
    Field("table_name", _T, "Table that the row was meant for."),
    Field("rows", _I, "Rows.", low=0),
    Field("rows_quarantined", _I, "Rows in quarantine.", low=0),
    Field("rows_staged", _I, "Rows staged.", low=0),
    Field("table", _T, "Table."),
    Field("key", _T, "Key of the row."),
    Field("column", _T, "Column."),
    Field("value_first", _T, "Value as first seen."),
    Field("value_now", _T, "Value now."),
    Field("noticed_at", _TS, "When the difference was noticed."),
    Field("last_day", _D, "Latest day with data."),
    Field("days_behind", _I, "Days from the latest day with data to the day itself.", low=0),
    Field("records_matched", _I, "Company records resolved to an account.", low=0),
    Field("records", _I, "Records.", low=0),
    Field("match_rate", _F, "Touches that resolve to an account over touches.", low=0, high=1),
    Field("touches_unmatched", _I, "Touches of the day that belong to no account.", low=0),
    Field("touches_ambiguous", _I, "Those of them at a domain that is shared, or between several accounts.", low=0),
    Field("intent_unmatched", _I, "Rows of intent of the day (company and topic) that belong to no account.", low=0),
    Field("intent_ambiguous", _I, "Those of them at a domain that is shared, or between several accounts.", low=0),
    Field("spend_unmatched", _M, "Spend of the day that the platform tells by company, on companies of no account."),
    Field("is_silent", _B, "The source has sent nothing for longer than it usually takes."),
)
