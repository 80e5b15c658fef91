"""SQL functions for the vendors' mappings: what people write in words, read the same way for every vendor.

Belongs here: roles from titles, regions from countries, e-mail addresses made anonymous. Domains are in `domains`.
"""

from __future__ import annotations

import duckdb

# Sales regions by ISO code; a country that is not listed has none.
_REGIONS = {
    "NA": "US CA BM PR",
    "LATAM": "MX BR AR CL CO PE UY EC CR PA BO CU DO GT HN JM NI PY SV TT VE",
    "EMEA": (
        "GB IE DE FR NL BE LU CH AT IT ES PT SE NO DK FI IS PL CZ SK HU RO BG GR HR SI EE LV LT UA RS TR IL AE SA QA "
        "EG ZA NG KE MA AL AD AM AO AZ BA BH BW BY CI CM CY DZ ET GE GH IQ IR JO KW KZ LB LI LY MC MD ME MK MT MU MZ "
        "OM RU SN SY TN TZ UG UZ YE ZM ZW"
    ),
    "APAC": "AU NZ JP CN IN SG HK TW KR MY TH VN ID PH BD KH LA LK MM MN MO NP PK",
}
# Countries that CRMs tend to hold by name.
_NAMES = (
    "United States=US;United States of America=US;USA=US;Canada=CA;Mexico=MX;Brazil=BR;Argentina=AR;Chile=CL;"
    "Colombia=CO;United Kingdom=GB;UK=GB;Great Britain=GB;Ireland=IE;Germany=DE;Deutschland=DE;France=FR;"
    "Netherlands=NL;Belgium=BE;Luxembourg=LU;Switzerland=CH;Austria=AT;Italy=IT;Spain=ES;Portugal=PT;Sweden=SE;"
    "Norway=NO;Denmark=DK;Finland=FI;Poland=PL;Czechia=CZ;Czech Republic=CZ;Hungary=HU;Romania=RO;Greece=GR;"
    "Turkey=TR;Israel=IL;Saudi Arabia=SA;United Arab Emirates=AE;South Africa=ZA;Australia=AU;New Zealand=NZ;"
    "Japan=JP;China=CN;India=IN;Singapore=SG;Hong Kong=HK;Taiwan=TW;South Korea=KR;Malaysia=MY;Thailand=TH;"
    "Vietnam=VN;Indonesia=ID;Philippines=PH"
)

# Roles as buying-role fields name them; what they do not name is `other`.
_ROLE_OF = """
CASE
    WHEN words IS NULL THEN NULL
    WHEN regexp_matches(words, 'decision|economic|executive sponsor|approver', 'i') THEN 'decision_maker'
    WHEN regexp_matches(words, 'champion|coach|advocate', 'i') THEN 'champion'
    WHEN regexp_matches(words, 'influenc|evaluator|recommend|technical buyer', 'i') THEN 'influencer'
    WHEN regexp_matches(words, 'user', 'i') THEN 'user'
    ELSE 'other'
END
"""

# Who signs, who recommends, who uses. Nobody is a champion by title.
_ROLE_OF_TITLE = r"""
CASE
    WHEN title IS NULL THEN NULL
    WHEN regexp_matches(
        title,
        '\b(c[eftimors]o|ciso|chief|president|vp|svp|evp|vice president|owner|founder|partner|director|head)\b', 'i'
    ) THEN 'decision_maker'
    WHEN regexp_matches(title, '\b(manager|lead|leader|architect|principal|senior|sr|consultant)\b', 'i')
        THEN 'influencer'
    WHEN regexp_matches(
        title, '\b(analyst|engineer|developer|specialist|coordinator|administrator|associate|assistant|designer)\b', 'i'
    ) THEN 'user'
    ELSE 'other'
END
"""

# How many of the units that billing systems count in make one of the currency (ISO 4217; those without cents first).
_MINOR_UNITS = """
CASE
    WHEN upper(currency) IN (
        'BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
    ) THEN 1
    WHEN upper(currency) IN ('BHD', 'JOD', 'KWD', 'OMR', 'TND') THEN 1000
    ELSE 100
END
"""


def register_functions(con: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to the connection, and to no other: email_hash, email_host, role_of, role_of_title,
    country_code, region_of_country, urn_id and minor_units, each of one text.
    """
    regions = {code: region for region, codes in _REGIONS.items() for code in codes.split()}
    names = dict(pair.split("=") for pair in _NAMES.upper().split(";"))
    codes = {code: code for code in regions} | names
    con.execute("CREATE OR REPLACE TEMP TABLE country (codes MAP(VARCHAR, VARCHAR), regions MAP(VARCHAR, VARCHAR))")
    con.execute("INSERT INTO country VALUES (?, ?)", [codes, regions])
    macros = {
        "email_hash(email)": "CASE WHEN email LIKE '%_@_%' THEN sha256(lower(trim(email))) END",
        "email_host(email)": "CASE WHEN email LIKE '%_@_%' THEN split_part(lower(trim(email)), '@', -1) END",
        "role_of(words)": _ROLE_OF,
        "role_of_title(title)": _ROLE_OF_TITLE,
        "country_code(words)": "(SELECT codes FROM country)[upper(trim(words))]",
        "region_of_country(words)": "(SELECT regions FROM country)[country_code(words)]",
        "minor_units(currency)": _MINOR_UNITS,
        # urn:li:organization:1035 → 1035
        "urn_id(urn)": "TRY_CAST(split_part(urn, ':', -1) AS BIGINT)",
    }
    for head, body in macros.items():
        con.execute(f"CREATE OR REPLACE TEMP MACRO {head} AS {body}")
