"""What is asked of G2 and relied on in its answers."""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

# What a row of buyer intent is by; its id in the answer is a hash of them. The score belongs to the company's day.
KEY = ("company_id", "day", "signal_type", "category_id", "left_product_id", "right_product_id")
DIMENSIONS = (
    *KEY, "company_name", "company_domain", "company_country", "company_industry", "company_intent_score",
    "category_name", "left_product_name", "right_product_name",
)  # fmt: skip
MEASURES = ("total_activity", "visitor_count", "last_seen_at")

BUYER_INTENT = Stream(
    "buyer_intent",
    "Visits to pages of our products and of competitors' by company, day, kind of page, product or category.",
    "days",
    (
        RawField("attributes.company_id", Type.TEXT, required=True),
        RawField("attributes.day", Type.DATE, required=True),
        RawField("attributes.signal_type", Type.TEXT, required=True),
        RawField("attributes.subject_product_id", Type.TEXT, required=True),
        RawField("attributes.total_activity", Type.INT, required=True),
        RawField("attributes.visitor_count", Type.INT),
        RawField("attributes.last_seen_at", Type.TIMESTAMP),
        RawField("attributes.company_name", Type.TEXT),
        RawField("attributes.company_domain", Type.TEXT),
        RawField("attributes.company_country", Type.TEXT),
        RawField("attributes.company_industry", Type.TEXT),
        RawField("attributes.company_intent_score", Type.FLOAT),
        RawField("attributes.category_name", Type.TEXT),
        RawField("attributes.left_product_name", Type.TEXT),
        RawField("attributes.right_product_name", Type.TEXT),
    ),
    # Visits are tied to their company some days late.
    lookback_days=7,
)
REVIEW = Stream(
    "review",
    "Published reviews of our products.",
    "changes",
    (
        RawField("id", Type.TEXT, required=True),
        RawField("attributes.published_at", Type.TIMESTAMP, required=True),
        RawField("attributes.user_updated_at", Type.TIMESTAMP),
        RawField("attributes.star_rating", Type.FLOAT, required=True),
        RawField("attributes.title", Type.TEXT),
        RawField("attributes.answers.love.value", Type.TEXT),
        RawField("attributes.answers.hate.value", Type.TEXT),
    ),
    lookback_days=1,
)
REMOVED_REVIEW = Stream(
    "removed_review",
    "Reviews that G2 took down; what they said is not told any more.",
    "changes",
    (RawField("id", Type.TEXT, required=True), RawField("attributes.removed_at", Type.TIMESTAMP, required=True)),
    lookback_days=1,
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream; G2 has no custom fields."""
    return (BUYER_INTENT, REVIEW, REMOVED_REVIEW)
