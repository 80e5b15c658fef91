"""What marketing decides, as data: the YAML under `config/`, overridden file by file, key by key, and checked.

Belongs here: loading and typing of programme-wide choices. Scoring models have a loader of their own
(`scoring.model`), since several live side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from abm_pipeline.contracts.fields import ATTRIBUTION_MODELS
from abm_pipeline.economics import Costs, Customers
from abm_pipeline.market import Market

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

M = TypeVar("M", bound=BaseModel)
DEFAULTS = Path(__file__).parent / "config"
FILES = (
    "programme.yaml",
    "benchmarks.yaml",
    "domains.yaml",
    "precedence.yaml",
    "costs.yaml",
    "customers.yaml",
    "market.yaml",
    "packs.yaml",
)
Tier = Literal["one_to_one", "one_to_few", "one_to_many"]
AttributionModel = Literal[ATTRIBUTION_MODELS]  # type: ignore[valid-type]


class Loader(SafeLoader):
    """Reads YAML in a tenth of the time where libyaml is there: every command and every run reads the configuration."""


class ConfigError(ValueError):
    """A configuration file says something that can't be used; the message names file, key and remedy."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


class Band(_Model):
    """A closed interval; an open end is null."""

    low: float | None = None
    high: float | None = None


class CommitteeSize(_Model):
    """Default size of a buying committee for accounts of at least `min_employees`."""

    min_employees: int
    low: int = Field(ge=1)
    high: int = Field(ge=1)


class JourneyStages(_Model):
    """When an account is in a journey stage; evaluated from the deepest stage up."""

    aware_window_days: int = 90
    engaged_window_days: int = 90
    qualified_min_score: float = 60
    qualified_min_contacts: int = 2


class Attribution(_Model):
    """How touches are credited; `headline` is the model that campaigns and content are shown by."""

    preset: Literal["guide", "marketo_measure", "hubspot"] = "guide"
    models: tuple[AttributionModel, ...] = Field(default=ATTRIBUTION_MODELS, min_length=1)
    headline: AttributionModel = "w_shaped"
    lookback_days: int = Field(default=365, ge=1, le=3650)
    half_life_days: float = Field(default=7, gt=0, le=3650)
    sales_channels: tuple[str, ...] = ("phone", "meeting")


class Precedence(_Model):
    """Sources in the order in which they are believed. What has no order of its own follows `default`."""

    default: tuple[str, ...] = ()
    company: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    tier: tuple[str, ...] = ()
    role: tuple[str, ...] = ()

    def of(self, attribute: str) -> tuple[str, ...]:
        """The order for an attribute of accounts."""
        return self.company.get(attribute) or self.default


class PackSection(_Model):
    """A table of a review pack: metrics, and the dimension that they are shown by; of its values those that begin with
    `only`, which is left out of their names.
    """

    title: str
    metrics: tuple[str, ...] = Field(min_length=1)
    note: str = ""
    by: str | None = None
    only: str = ""


class Pack(_Model):
    """A page about the last whole period of so many calendar months."""

    title: str
    months: Literal[1, 3, 6, 12]
    sections: tuple[PackSection, ...]


class SalesforceFields(_Model):
    """Names of an organisation's custom fields; null where it has none."""

    tier: str | None = "ABM_Tier__c"
    is_target: str | None = "Target_Account__c"
    tier_since: str | None = "ABM_Tier_Since__c"
    committee_size: str | None = "Committee_Size__c"
    buying_role: str | None = "Buying_Role__c"
    campaign_is_abm: str | None = "ABM__c"
    campaign_personalisation: str | None = "Personalisation__c"
    campaign_channel: str | None = "Channel__c"
    campaign_content_type: str | None = "Content_Type__c"
    campaign_funnel_stage: str | None = "Funnel_Stage__c"
    event_outcome: str | None = "Meeting_Outcome__c"
    lead_mql_at: str | None = "MQL_Date__c"
    lead_sql_at: str | None = "SQL_Date__c"
    tier_values: Mapping[str, Tier] = Field(default_factory=dict)


class Programme(_Model):
    """The programme's choices. Money is in `reporting_currency`, days in `reporting_timezone`."""

    reporting_timezone: str = "UTC"
    reporting_currency: str = Field("USD", pattern="^[A-Z]{3}$")
    history_start: date
    min_sample: int = 10
    account_level: Literal["account", "parent"] = "account"
    champion: str
    open_stages: tuple[str, ...]
    committee_sizes: tuple[CommitteeSize, ...]
    journey: JourneyStages
    attribution: Attribution = Attribution()
    salesforce: SalesforceFields
    bombora_topics: tuple[str, ...]
    precedence: Precedence = Precedence()
    sources: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    surge_threshold: float = 60
    presets: Mapping[str, str] = Field(default_factory=dict)
    free_mail_domains: tuple[str, ...] = ()
    shared_domains: tuple[str, ...] = ()
    benchmarks: Mapping[str, Mapping[str, Band]]
    costs: Costs
    customers: Customers
    market: Market
    packs: Mapping[str, Pack] = Field(default_factory=dict)

    def options(self, vendor: str, model: type[M]) -> M:
        """What the programme says about a vendor, checked by the vendor's own model. Raises ConfigError."""
        try:
            return model.model_validate(self.sources.get(vendor, {}))
        except ValidationError as error:
            raise ConfigError(f"programme.yaml: sources.{vendor}: {_problems(error)}") from None

    @field_validator("reporting_timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        ZoneInfo(name)
        return name


def load_programme(override: Path | None = None) -> Programme:
    """The defaults, overridden key by key by the files of the same name in `override`. Raises ConfigError."""
    merged: dict[str, Any] = {}
    declared: dict[str, Any] = {}
    for folder in (DEFAULTS, *([override] if override is not None else ())):
        for name in FILES:
            if (folder / name).exists():
                merged = _merge(merged, _read(folder / name))
        # What files mean is declared one file each; one of the same name replaces a default, an empty one ends it.
        declared |= {path.stem: _read(path) for path in sorted((folder / "files").glob("*.yaml"))}
    merged["sources"] = {**(merged.get("sources") or {}), "files": declared}
    try:
        return Programme.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(f"configuration ({override or 'defaults'}): {_problems(error)}") from None


def _problems(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(), Loader=Loader)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold a mapping, not {type(content).__name__}")
    return content


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for key, value in over.items():
        nested = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _merge(out[key], value) if nested else value
    return out
