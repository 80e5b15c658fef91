"""What the programme decides about its market, as data: `market.yaml`, checked.

Belongs here: the types of that file. How it is found and merged is in `programme`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
ContactField = Literal["name", "email", "title", "role", "phone"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Trait(_Model):
    """How well the values of an attribute fit, from 0 to 1, and what the attribute weighs."""

    weight: int = Field(ge=0)
    fits: Mapping[str, Share]
    otherwise: Share = 0


class SizeFit(_Model):
    """How well accounts of at least so many employees fit."""

    min_employees: int = Field(ge=0)
    fit: Share


class Size(_Model):
    """Fit by employees: the first line whose `min_employees` is reached."""

    weight: int = Field(ge=0)
    ranges: tuple[SizeFit, ...]


class IdealCustomer(_Model):
    """The ideal customer profile. An attribute that is not known fits nothing."""

    industry: Trait
    region: Trait
    employees: Size

    @model_validator(mode="after")
    def _some_weight(self) -> IdealCustomer:
        if self.industry.weight + self.region.weight + self.employees.weight == 0:
            raise ValueError("weights must add up to more than 0")
        return self


class Serviceable(_Model):
    """Which accounts can be served. What is left out (an empty list, null) leaves nobody out."""

    regions: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    min_employees: int | None = None
    max_employees: int | None = None
    min_icp_fit: float | None = None


class Market(_Model):
    """Inputs of the size of the market, and which of a contact's fields make it complete."""

    annual_contract_value: Decimal | None = Field(None, gt=0)
    potential_customers: int | None = Field(None, ge=0)
    serviceable_customers: int | None = Field(None, ge=0)
    serviceable: Serviceable
    obtainable_share: Share
    complete_contact: tuple[ContactField, ...] = Field(min_length=1)
    icp: IdealCustomer
