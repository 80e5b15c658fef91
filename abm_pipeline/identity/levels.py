"""What counts as one account: a country's part of a company, a brand with all its countries, or the whole group.

In: `record_account`, `joined_by`, `parent`, `ultimate`. Out: `leveled` (records) and `leveled_parent`. The default
joins the country entities of a brand, and keeps divisions, acquired companies and sister brands as accounts with a
parent.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

_PARENTS = "SELECT account_id AS child_account_id, parent_account_id FROM parent"

LEVELS = {
    "account": (
        Step(
            "leveled",
            "records by account",
            "SELECT account_id, source, source_id, match_rule, match_probability "
            "FROM record_account JOIN joined_by USING (record_key)",
        ),
        Step("leveled_parent", "the parent of each account", _PARENTS),
    ),
    "group": (
        Step(
            "leveled",
            "records by the top of their family",
            """
            SELECT coalesce(u.ultimate_parent_id, r.account_id) AS account_id, r.source, r.source_id, j.match_rule,
                j.match_probability
            FROM record_account AS r JOIN joined_by AS j USING (record_key) LEFT JOIN ultimate AS u USING (account_id)
            """,
        ),
        Step("leveled_parent", "groups have no parent", f"{_PARENTS} WHERE false"),
    ),
    "entity": (
        Step(
            "home",
            "the country that most records of an account name: where those without one are counted",
            """
            SELECT account_id, arg_max(country, (records, country)) AS country FROM (
                SELECT account_id, country, count(*) AS records
                FROM record_account WHERE country IS NOT NULL GROUP BY ALL
            ) GROUP BY account_id
            """,
        ),
        Step(
            "leveled",
            "records by account and country; the home country keeps the account's id",
            """
            SELECT
                CASE WHEN r.country IS NULL OR r.country = h.country THEN r.account_id
                    ELSE 'acc_' || substr(sha256(r.account_id || ' ' || r.country), 1, 16) END AS account_id,
                r.source, r.source_id, j.match_rule, j.match_probability, r.account_id AS brand_id
            FROM record_account AS r JOIN joined_by AS j USING (record_key) LEFT JOIN home AS h USING (account_id)
            """,
        ),
        Step(
            "leveled_parent",
            "a country's part belongs to the part at home, that to the account's parent",
            f"""
            SELECT DISTINCT account_id AS child_account_id, brand_id AS parent_account_id
            FROM leveled WHERE account_id <> brand_id
            UNION ALL {_PARENTS}
            """,
        ),
    ),
}
