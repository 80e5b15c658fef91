"""Which table is computed from which: the edges of the asset graph inside the pipeline.

Belongs here: reads between layers, one entry a table. Which vendor feeds which staged table is found from the
sources' mappings, what metrics read beyond the base steps is found from their parts, and published tables read the
table they publish; none of these is listed.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline.metrics._spec import Part, account_parts, parts_of
from abm_pipeline.programme import JourneyStages

_PEOPLE = (t.PERSON, t.PERSON_HISTORY)
_IDENTITY = (t.MEMBER, *_PEOPLE, t.TIER_HISTORY, t.ACCOUNT)
_SCORED = (*_IDENTITY, t.ENGAGEMENT_SCORE, t.TOUCH, t.INTENT, t.SPEND, t.FACT_DEAL)
_PATHS = (t.TOUCH, t.FACT_DEAL, t.LEAD_STAGE, t.MEMBER, *_PEOPLE, t.ACCOUNT)


def _with(parts: list[Part]) -> tuple[Table, ...]:
    return tuple(dict.fromkeys((*_SCORED, *(each.table for part in parts for each in part.inputs(JourneyStages())))))


READS: dict[Table, tuple[Table, ...]] = {
    t.RESTATEMENT: (t.AD_DELIVERY,),
    t.ACCOUNT: (t.COMPANY, t.CONTACT),
    t.MEMBER: (t.COMPANY, t.CONTACT),
    t.PERSON: (t.COMPANY, t.CONTACT, t.ACTIVITY),
    t.PERSON_HISTORY: (t.COMPANY, t.CONTACT, t.ACTIVITY),
    t.REDIRECT: (t.COMPANY, t.CONTACT),
    t.LINK: (t.COMPANY, t.CONTACT),
    t.LINK_REVIEW: (t.COMPANY, t.CONTACT),
    t.WEAK_KEY: (t.COMPANY, t.CONTACT),
    t.TIER_HISTORY: (t.COMPANY, t.COMPANY_CHANGE),
    t.TOUCH: (t.ACTIVITY, t.AD_DELIVERY),
    t.INTENT: (t.INTENT_SIGNAL,),
    t.SPEND: (t.AD_DELIVERY, t.FX_RATE),
    t.COST: (t.SPEND, t.TOUCH, t.STAGED_COST, t.TIME_ENTRY, t.FX_RATE),
    t.FACT_SUBSCRIPTION: (t.SUBSCRIPTION, t.FX_RATE),
    t.MRR_MONTH: (t.SUBSCRIPTION, t.FX_RATE),
    t.FACT_SURVEY: (t.SURVEY_RESPONSE,),
    t.FACT_TICKET: (t.TICKET,),
    t.FACT_USAGE: (t.USAGE_DAY,),
    t.FACT_REFERRAL: (t.REFERRAL,),
    t.FACT_REVIEW: (t.REVIEW,),
    t.FACT_DEAL: (t.DEAL, t.DEAL_STAGE_EVENT, t.FX_RATE),
    t.DEAL_STAGE: (t.DEAL, t.DEAL_STAGE_EVENT),
    t.LEAD_STAGE: (t.LEAD_EVENT, t.CONTACT),
    t.FACT_CAMPAIGN: (t.CAMPAIGN,),
    t.ENGAGEMENT_SCORE: (t.TOUCH, t.INTENT, *_IDENTITY),
    t.SCORE_PART: (t.TOUCH, t.INTENT, *_IDENTITY),
    t.METRIC_VALUES: _with(parts_of(metric_specs())),
    t.ACCOUNT_METRICS_DAILY: _with(account_parts(metric_specs())),
    t.CAMPAIGN_METRICS: (t.TOUCH, t.SPEND, t.FACT_CAMPAIGN, t.MEMBER, *_PEOPLE, t.ACCOUNT),
    t.COST_ALLOCATION: (t.COST, t.SPEND, t.TOUCH, *_IDENTITY),
    t.CHANNEL_TRANSITION: _PATHS,
    t.DEAL_CREDIT: (*_PATHS, t.FACT_CAMPAIGN, t.CHANNEL_TRANSITION),
    t.ATTRIBUTION_CREDIT: (*_PATHS, t.CHANNEL_TRANSITION),
    t.METRIC_DEFINITIONS: (),
    t.DATA_HEALTH: (*t.STAGED, t.QUARANTINE, t.TOUCH, t.INTENT, t.SPEND, t.MEMBER, *_PEOPLE, t.ACCOUNT, t.WEAK_KEY),
    t.QUARANTINE_SUMMARY: (t.QUARANTINE,),
}
