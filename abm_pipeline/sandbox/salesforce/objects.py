# ruff: noqa: E501
"""The objects and fields that the org has: API names, types and relations. Data only, and its description for
`describe`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_SYSTEM = "CreatedDate:datetime LastModifiedDate:datetime SystemModstamp:datetime"
_SPEC = {
    "Account": (
        "001",
        "Id:id IsDeleted:boolean MasterRecordId:reference=Account Name:string Type:picklist ParentId:reference=Account "
        "BillingCity:string BillingCountry:string BillingCountryCode:picklist Phone:phone Website:url Industry:picklist "
        "AnnualRevenue:currency NumberOfEmployees:int OwnerId:reference=User AccountSource:picklist CurrencyIsoCode:picklist "
        "ABM_Tier__c:picklist Target_Account__c:boolean ABM_Tier_Since__c:date Committee_Size__c:double",
    ),
    "AccountHistory": (
        "017",
        "Id:id IsDeleted:boolean AccountId:reference=Account Field:picklist DataType:picklist OldValue:string NewValue:string",
    ),
    "Contact": (
        "003",
        "Id:id IsDeleted:boolean MasterRecordId:reference=Contact AccountId:reference=Account FirstName:string LastName:string "
        "Name:string Title:string Email:email Phone:phone MobilePhone:phone LeadSource:picklist MailingCountry:string "
        "OwnerId:reference=User HasOptedOutOfEmail:boolean Buying_Role__c:picklist",
    ),
    "Lead": (
        "00Q",
        "Id:id IsDeleted:boolean MasterRecordId:reference=Lead FirstName:string LastName:string Name:string Company:string "
        "Title:string Email:email Phone:phone Website:url Country:string Industry:picklist Status:picklist LeadSource:picklist "
        "Rating:picklist OwnerId:reference=User IsConverted:boolean ConvertedDate:date ConvertedAccountId:reference=Account "
        "ConvertedContactId:reference=Contact ConvertedOpportunityId:reference=Opportunity MQL_Date__c:datetime SQL_Date__c:datetime",
    ),
    "Opportunity": (
        "006",
        "Id:id IsDeleted:boolean AccountId:reference=Account Name:string StageName:picklist Amount:currency Probability:percent "
        "ExpectedRevenue:currency CloseDate:date Type:picklist NextStep:string LeadSource:picklist IsClosed:boolean IsWon:boolean "
        "ForecastCategory:picklist ForecastCategoryName:picklist CampaignId:reference=Campaign HasOpportunityLineItem:boolean "
        "Pricebook2Id:string OwnerId:reference=User Fiscal:string FiscalYear:int FiscalQuarter:int CurrencyIsoCode:picklist "
        "LastStageChangeDate:datetime",
    ),
    "OpportunityHistory": (
        "008",
        "Id:id IsDeleted:boolean OpportunityId:reference=Opportunity CreatedById:reference=User StageName:picklist Amount:currency "
        "ExpectedRevenue:currency CloseDate:date Probability:percent ForecastCategory:picklist PrevAmount:currency PrevCloseDate:date",
    ),
    "OpportunityContactRole": (
        "00K",
        "Id:id IsDeleted:boolean OpportunityId:reference=Opportunity ContactId:reference=Contact Role:picklist IsPrimary:boolean",
    ),
    "OpportunityLineItem": (
        "00k",
        "Id:id IsDeleted:boolean OpportunityId:reference=Opportunity Product2Id:reference=Product2 PricebookEntryId:string "
        "ProductCode:string Name:string Quantity:double UnitPrice:currency ListPrice:currency TotalPrice:currency Discount:percent "
        "ServiceDate:date SortOrder:int CurrencyIsoCode:picklist",
    ),
    "Product2": (
        "01t",
        "Id:id IsDeleted:boolean Name:string ProductCode:string Family:picklist IsActive:boolean",
    ),
    "Task": (
        "00T",
        "Id:id IsDeleted:boolean WhoId:reference WhatId:reference AccountId:reference=Account Subject:string Description:textarea "
        "ActivityDate:date Status:picklist Priority:picklist Type:picklist TaskSubtype:picklist CallDurationInSeconds:int "
        "CallType:picklist CallDisposition:string IsClosed:boolean IsArchived:boolean CompletedDateTime:datetime OwnerId:reference=User",
    ),
    "Event": (
        "00U",
        "Id:id IsDeleted:boolean WhoId:reference WhatId:reference AccountId:reference=Account Subject:string Type:picklist "
        "EventSubtype:picklist ActivityDate:date ActivityDateTime:datetime StartDateTime:datetime EndDateTime:datetime "
        "DurationInMinutes:int IsAllDayEvent:boolean IsArchived:boolean IsRecurrence:boolean Location:string "
        "Meeting_Outcome__c:picklist OwnerId:reference=User",
    ),
    "Campaign": (
        "701",
        "Id:id IsDeleted:boolean Name:string ParentId:reference=Campaign Type:picklist Status:picklist StartDate:date EndDate:date "
        "BudgetedCost:currency ActualCost:currency ExpectedRevenue:currency IsActive:boolean OwnerId:reference=User "
        "CurrencyIsoCode:picklist ABM__c:boolean Personalisation__c:picklist Channel__c:picklist Content_Type__c:picklist "
        "Funnel_Stage__c:picklist",
    ),
    "CampaignMember": (
        "00v",
        "Id:id IsDeleted:boolean CampaignId:reference=Campaign LeadId:reference=Lead ContactId:reference=Contact "
        "AccountId:reference=Account Status:picklist HasResponded:boolean FirstRespondedDate:date LeadOrContactId:reference",
    ),
    "User": (
        "005",
        "Id:id Username:string Email:email FirstName:string LastName:string Name:string IsActive:boolean Department:string "
        "Title:string ManagerId:reference=User ProfileId:string UserRoleId:string TimeZoneSidKey:picklist",
    ),
    "DatedConversionRate": (
        "04w",
        "Id:id IsoCode:picklist ConversionRate:double StartDate:date NextStartDate:date",
    ),
}


@dataclass(frozen=True)
class Field:
    """A field: its API name, type, and the object a reference points to (empty when polymorphic)."""

    name: str
    type: str
    target: str = ""

    @property
    def relation(self) -> str:
        """Name of the parent relationship, e.g. `Account` for AccountId; empty when there is none."""
        return self.name.removesuffix("Id") if self.target and self.name.endswith("Id") else ""


def _fields(spec: str) -> dict[str, Field]:
    fields = {}
    for item in f"{spec} {_SYSTEM}".split():
        name, _, rest = item.partition(":")
        kind, _, target = rest.partition("=")
        fields[name] = Field(name, kind, target)
    return fields


OBJECTS: dict[str, dict[str, Field]] = {name: _fields(spec) for name, (_, spec) in _SPEC.items()}
PREFIXES = {name: prefix for name, (prefix, _) in _SPEC.items()}
CANONICAL = {name.lower(): name for name in OBJECTS}


def describe(name: str, version: str) -> dict[str, Any]:
    """The describe answer of one object."""
    fields = [
        {
            "name": field.name,
            "label": field.name.removesuffix("__c").replace("_", " "),
            "type": field.type,
            "nillable": field.type != "boolean" and field.name not in ("Id", "SystemModstamp", "CreatedDate"),
            "filterable": field.type != "textarea",
            "sortable": field.type != "textarea",
            "custom": field.name.endswith("__c"),
            "calculated": False,
            "referenceTo": [field.target] if field.target else [],
            "relationshipName": field.relation or None,
            "picklistValues": [],
        }
        for field in OBJECTS[name].values()
    ]
    return {**summary(name, version), "fields": fields, "childRelationships": [], "recordTypeInfos": []}


def summary(name: str, version: str) -> dict[str, Any]:
    """The entry of one object in the list of objects."""
    return {
        "name": name,
        "label": name,
        "labelPlural": f"{name}s",
        "keyPrefix": PREFIXES[name],
        "queryable": True,
        "retrieveable": True,
        "replicateable": name not in ("AccountHistory", "OpportunityHistory", "DatedConversionRate"),
        "createable": False,
        "updateable": False,
        "deletable": False,
        "custom": False,
        "customSetting": False,
        "urls": {
            "sobject": f"/services/data/v{version}/sobjects/{name}",
            "describe": f"/services/data/v{version}/sobjects/{name}/describe",
            "rowTemplate": f"/services/data/v{version}/sobjects/{name}/{{ID}}",
        },
    }
