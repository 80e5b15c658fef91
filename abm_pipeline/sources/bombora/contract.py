"""What is asked of Bombora Company Surge and relied on in its answers."""

from __future__ import annotations

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream

TOPIC = Stream(
    "topic",
    "Topics of the subscription.",
    "reference",
    (
        RawField("id", Type.INT, required=True),
        RawField("name", Type.TEXT, required=True),
        RawField("theme", Type.TEXT),
        RawField("category", Type.TEXT),
        RawField("description", Type.TEXT),
    ),
)
INTENT = Stream(
    "intent",
    "Domain x topic as scored now. There is no date in the row: the partition's day is the day that it stands for.",
    "snapshot",
    (
        RawField("domain", Type.TEXT, required=True),
        RawField("topic", Type.TEXT, required=True),
        RawField("score", Type.INT, required=True),
        RawField("scoreLabel", Type.TEXT),
        RawField("company.name", Type.TEXT),
        RawField("company.industry", Type.TEXT),
        RawField("company.size", Type.TEXT),
        RawField("company.revenue", Type.MONEY),
        RawField("company.hq.country", Type.TEXT),
    ),
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream; Bombora has no custom fields."""
    return (TOPIC, INTENT)
