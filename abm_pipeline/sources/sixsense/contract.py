"""What is asked of 6sense and relied on in its answers, and what the programme tells of it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream


class Options(BaseModel):
    """`sources.sixsense` in programme.yaml.

    Every lookup costs a credit. `segments`: names of those whose companies are scored (empty: all that are published
    for APIs). `companies`: country by domain, for more companies, or where the Segments API is not open to us.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    segments: tuple[str, ...] = ()
    companies: Mapping[str, str] = Field(default_factory=dict)


SEGMENT = Stream(
    "segment",
    "Segments published for APIs.",
    "reference",
    (RawField("id", Type.INT, required=True), RawField("name", Type.TEXT, required=True)),
)
SEGMENT_ACCOUNT = Stream(
    "segment_account",
    "Accounts in a segment now. `segment_id` is added to what 6sense sends: its answer is about one segment.",
    "snapshot",
    (
        RawField("segment_id", Type.INT, required=True),
        RawField("domain", Type.TEXT, required=True),
        RawField("name", Type.TEXT),
        RawField("country", Type.TEXT),
    ),
)
SCORE = Stream(
    "score",
    "Firmographics, and predicted intent and buying stage by product, of each company as of now.",
    "snapshot",
    (
        RawField("company.domain", Type.TEXT, required=True),
        RawField("company.name", Type.TEXT),
        RawField("company.companyPhone", Type.TEXT),
        RawField("company.countryISOCode", Type.TEXT),
        RawField("company.city", Type.TEXT),
        RawField("company.industry", Type.TEXT),
        # A number in one edition of the documentation, text that may be empty in another.
        RawField("company.employeeCount", Type.TEXT),
        RawField("company.annualRevenue", Type.MONEY),
        RawField("scores", Type.TEXTS),
    ),
    after="segment_account",
)


def streams(_: Programme) -> tuple[Stream, ...]:
    """Every stream."""
    return (SEGMENT, SEGMENT_ACCOUNT, SCORE)
