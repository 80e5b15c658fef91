"""What the programme decides about money and customers, as data: `costs.yaml` and `customers.yaml`, checked.

Belongs here: the types of those two files. How they are found and merged is in `programme`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from abm_pipeline.contracts.fields import COST_CATEGORIES

Rule = Literal["direct", "impression_share", "engagement_share", "tier_weighted", "equal"]
Signal = Literal["usage", "adoption", "tickets", "nps", "csat", "engagement", "trend"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CostRule(_Model):
    """How a cost of one of the categories (all, if empty) is given to accounts; the first that can place it does."""

    rule: Rule
    categories: tuple[Literal[COST_CATEGORIES], ...] = ()  # type: ignore[valid-type]


class SalesTime(_Model):
    """What an hour costs where the record does not say, in the reporting currency; and whether calls are hours too."""

    hourly_rate: Decimal = Field(ge=0)
    from_activities: bool = True


class Costs(_Model):
    """Rules of allocation and the price of time."""

    sales_time: SalesTime
    rules: tuple[CostRule, ...]
    engagement_days: int = Field(ge=1)
    tier_weights: Mapping[Literal["one_to_one", "one_to_few", "one_to_many"], int]
    acquisition: tuple[Literal[COST_CATEGORIES], ...]  # type: ignore[valid-type]


class Health(_Model):
    """Signals of a customer's health with their weights, and what brings a signal to 0 or 100."""

    weights: Mapping[Signal, int]
    usage_full_days: int = Field(ge=1)
    ticket_cost: Mapping[str, int]
    at_risk_below: float

    @model_validator(mode="after")
    def _some_weight(self) -> Health:
        if sum(self.weights.values()) <= 0:
            raise ValueError("weights must add up to more than 0")
        return self


class Customers(_Model):
    """What a customer's life is worth and when renewal and health are spoken of."""

    gross_margin: float | None = Field(None, gt=0, le=1)
    renewal_low_days: int = Field(ge=0)
    renewal_high_days: int = Field(ge=1)
    health: Health
