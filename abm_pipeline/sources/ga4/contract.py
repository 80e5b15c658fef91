"""What is asked of the Google Analytics Data API and relied on in its answers.

A report's rows are values without names: a record is the row as an object by the names of the headers, all values text
as sent, and the time zone of the property's days.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._spec import RawField, Stream


class Options(BaseModel):
    """`sources.ga4` of the programme.

    `company_dimension`: the custom dimension that a reverse-IP tool writes the visitor's company domain into.
    `lookback_days`: days that are read again; traffic settles within three, attribution of key events within twelve.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    company_dimension: str = "customUser:company_domain"
    lookback_days: int = Field(4, ge=3, le=90)


METRICS = ("sessions", "engagedSessions", "screenPageViews", "totalUsers", "userEngagementDuration", "keyEvents")


def streams(programme: Programme) -> tuple[Stream, ...]:
    """Every stream. Raises ConfigError for options that can't be used."""
    options = programme.options("ga4", Options)
    visit = Stream(
        "company_visit",
        "Sessions by day, company domain and landing page; days are those of the property's time zone.",
        "days",
        (
            RawField("date", Type.TEXT, required=True),
            RawField(options.company_dimension, Type.TEXT, required=True),
            RawField("landingPage", Type.TEXT, required=True),
            RawField("sessions", Type.INT, required=True),
            RawField("engagedSessions", Type.INT),
            RawField("screenPageViews", Type.INT),
            RawField("totalUsers", Type.INT),
            RawField("userEngagementDuration", Type.FLOAT),
            RawField("keyEvents", Type.FLOAT),
            RawField("metadata.timeZone", Type.TEXT),
        ),
        lookback_days=options.lookback_days,
    )
    return (visit,)
