# ruff: noqa: E501, SIM905
# fmt: off
"""Word lists from which the world makes names, places, titles and topics. Data only."""

from __future__ import annotations

STEMS = (
    "Alder Amber Anvil Arbor Arden Aster Atlas Aurora Avalon Azure Baltic Basalt Beacon Birch Blue Border Boreal Bright "
    "Bristol Canyon Carbon Cardinal Cedar Celtic Chester Cinder Clear Cobalt Copper Coral Crescent Crown Crystal Dalton "
    "Delta Denali Dorset Eagle Eastern Eden Elm Ember Emerald Ever Falcon Fern Fjord Flint Forge Fraser Garnet Glacier "
    "Golden Granite Green Grove Harbor Hawk Hazel Helios Heron High Hudson Indigo Iron Ivory Jasper Juniper Keystone "
    "Kestrel Lake Laurel Ligure Lumen Lunar Maple Marble Meridian Midland Mistral Nimbus Noble Nordic North Oak Ocean Onyx "
    "Opal Orchid Orion Pacific Palm Pearl Phoenix Pilot Pine Pioneer Polar Prairie Quarry Quartz Raven Red Ridge River "
    "Rowan Ruby Sable Saffron Sage Sapphire Scarlet Sierra Silver Sol Sparrow Spruce Sterling Stone Summit Swift Tamar "
    "Teal Terra Thames Tidal Timber Titan Topaz Tundra Umber Union Valley Vector Velvet Vertex Violet Vista Walnut West "
    "Willow Winter Wolf Yarrow Zenith Zephyr"
).split()
KINDS = (
    "Analytics Bank Biotech Brands Capital Care Cargo Chemicals Cloud Components Data Devices Dynamics Electric Energy Engineering "
    "Finance Foods Freight Health Holdings Industries Insurance Interactive Labs Logistics Machines Materials Media Medical "
    "Metals Mobility Motors Networks Optics Packaging Partners Payments Pharma Plastics Power Retail Robotics Security Semiconductor "
    "Software Solutions Steel Stores Systems Technologies Telecom Textiles Therapeutics Tools Transport Ventures Water Works"
).split()
# industry → the kinds of business in its names
INDUSTRIES = {
    "Technology": "Analytics Cloud Data Interactive Networks Software Systems Technologies Security Telecom Solutions".split(),
    "Financial Services": "Bank Capital Finance Insurance Payments Partners Ventures Holdings".split(),
    "Healthcare": "Biotech Care Health Medical Pharma Therapeutics Labs".split(),
    "Manufacturing": (
        "Chemicals Components Devices Dynamics Engineering Industries Machines Materials Metals Motors Optics Packaging Plastics "
        "Robotics Semiconductor Steel Textiles Tools Works"
    ).split(),
    "Energy": "Electric Energy Power Water".split(),
    "Retail": "Brands Foods Retail Stores Media".split(),
    "Transportation": "Cargo Freight Logistics Mobility Transport".split(),
}
# country → (ISO code, region, currency, top-level domain, legal forms, cities, dialling code, weight)
COUNTRIES = {
    "United States": (
        "US",
        "NA",
        "USD",
        "com",
        ("Inc.", "Inc", "LLC", "Corporation", "Corp."),
        ("New York", "Chicago", "Austin", "Boston", "Denver", "Seattle"),
        "+1",
        46,
    ),
    "Canada": ("CA", "NA", "USD", "ca", ("Inc.", "Ltd."), ("Toronto", "Vancouver"), "+1", 6),
    "United Kingdom": (
        "GB",
        "EMEA",
        "GBP",
        "co.uk",
        ("Ltd", "Limited", "plc"),
        ("London", "Leeds", "Bristol"),
        "+44",
        14,
    ),
    "Germany": (
        "DE",
        "EMEA",
        "EUR",
        "de",
        ("GmbH", "AG", "GmbH & Co. KG"),
        ("Berlin", "München", "Hamburg"),
        "+49",
        12,
    ),
    "France": ("FR", "EMEA", "EUR", "fr", ("SAS", "SA"), ("Paris", "Lyon"), "+33", 7),
    "Netherlands": ("NL", "EMEA", "EUR", "nl", ("B.V.", "N.V."), ("Amsterdam", "Utrecht"), "+31", 5),
    "Sweden": ("SE", "EMEA", "EUR", "se", ("AB",), ("Stockholm", "Malmö"), "+46", 4),
    "Australia": ("AU", "APAC", "USD", "com.au", ("Pty Ltd", "Ltd"), ("Sydney", "Melbourne"), "+61", 6),
}
FIRST = (
    "Ada Alan Amara Ana Andre Anita Arjun Astrid Ben Bianca Carla Chen Chloe Claire Daniel David Diego Elena Emil Emma Erik Fatima "
    "Felix Fiona Grace Hana Hugo Ida Ines Ivan Jack James Jana Jonas Julia Kai Karen Kofi Lars Laura Leila Lena Leo Liam Lina Lucas "
    "Maja Marco Maria Marta Max Maya Mei Mila Mohammed Nadia Nina Noah Nora Olga Oliver Omar Oscar Paul Petra Priya Rafael Rosa Ruth "
    "Sam Sara Sofia Søren Tara Theo Tom Uma Vera Victor Wei Yara Yusuf Zoë"
).split()
LAST = (
    "Abe Adams Ahmed Andersson Bauer Becker Bell Bennett Berg Braun Brown Carter Chen Clark Costa Cruz Dahl Davis Diaz Dubois Evans "
    "Fischer Fontaine Garcia Gomez Green Gupta Haas Hall Hansen Hill Hughes Ito Jansen Jensen Johnson Jones Kaur Keller Khan Kim King "
    "Klein Kumar Lang Larsen Lee Lindqvist Lopez Martin Mason Meyer Miller Moreau Morgan Müller Nagy Nakamura Nguyen Novak O'Brien "
    "Okafor Olsen Park Patel Petit Quinn Rao Reed Rivera Rossi Ruiz Santos Sato Schmidt Scott Shah Silva Singh Smith Sousa Stein Taylor "
    "Thomas Torres Turner Vogel Wagner Walker Wang Weber White Wilson Wood Wright Yamada Young Zhang"
).split()
# role → (picklist text in the CRM, titles)
ROLES = {
    "economic_buyer": ("Economic Buyer", ("Chief Financial Officer", "CFO", "VP Finance", "Chief Operating Officer")),
    "decision_maker": (
        "Decision Maker",
        ("VP Operations", "CIO", "VP Engineering", "Director of IT", "Head of Supply Chain"),
    ),
    "champion": (
        "Champion",
        ("Director of Data", "Head of Analytics", "Senior Manager, Platforms", "Product Director"),
    ),
    "influencer": ("Influencer", ("Enterprise Architect", "Procurement Manager", "IT Manager", "Security Manager")),
    "user": ("User", ("Data Analyst", "Engineer", "Business Analyst", "Operations Specialist", "Project Coordinator")),
}
FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "hotmail.com", "gmx.de", "icloud.com")
TOPICS = (
    "Account-Based Marketing",
    "API Management",
    "Business Intelligence",
    "Cloud Migration",
    "Customer Data Platform",
    "Cyber Security",
    "Data Governance",
    "Data Integration",
    "Data Warehouse",
    "DevOps",
    "Digital Transformation",
    "ERP Software",
    "Identity Management",
    "Machine Learning",
    "Marketing Automation",
    "Observability",
    "Payment Processing",
    "Predictive Maintenance",
    "Revenue Operations",
    "Robotic Process Automation",
    "Sales Enablement",
    "Supply Chain Planning",
    "Workflow Automation",
    "Zero Trust",
)
