"""What is relied on in Segment's calls, and what an organisation may name itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from abm_pipeline.contracts.fields import Type
from abm_pipeline.programme import Programme
from abm_pipeline.sources._events import LOOKBACK_DAYS
from abm_pipeline.sources._spec import REJECTED, RawField, Stream


class Options(BaseModel):
    """`sources.segment` of the programme.

    `hosts`: sites that count; empty: all. `company_domain`: the field that reverse-IP enrichment fills. `events`: what
    a track event of that name is, where its name does not say.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    hosts: tuple[str, ...] = ()
    company_domain: str = "context.company.domain"
    events: Mapping[str, Literal["form_fill", "content_download", "none"]] = Field(default_factory=dict)


def streams(programme: Programme) -> tuple[Stream, ...]:
    """All calls in one stream: they come in one file."""
    names = (
        "anonymousId", "userId", "event", "name", "groupId", "previousId", "context.groupId", "context.app.name",
        "context.userAgent", "context.page.url", "properties.url", "properties.path", "properties.content",
        "properties.content_type", "traits.email", "traits.name", "traits.title", "traits.website", "traits.domain",
        "context.campaign.name", programme.options("segment", Options).company_domain,
    )  # fmt: skip
    return (
        Stream(
            "event",
            "Calls as Segment archives them: page, track, identify, group, alias.",
            "changes",
            (
                RawField("messageId", Type.TEXT, required=True),
                RawField("type", Type.TEXT, required=True),
                RawField("timestamp", Type.TIMESTAMP, required=True),
                RawField("receivedAt", Type.TIMESTAMP, required=True),
                *(RawField(name, Type.TEXT) for name in dict.fromkeys(names)),
                *REJECTED,
            ),
            lookback_days=LOOKBACK_DAYS,
        ),
    )
