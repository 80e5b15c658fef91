"""How well accounts fit the ideal customer of market.yaml: points from 0 to 100, and whether we can serve them.

Belongs here: the part that icp_fit, sam and som share. Firmographics are those known today: identity keeps no history
of them. An attribute that is not known brings no points, so that what is unknown never looks ideal.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.metrics._spec import Part
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step

COLUMNS = ("icp_fit", "icp_fit_industry", "icp_fit_region", "icp_fit_size")


def _set_profile(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    """Make `icp_value` (points of an industry or region; null for any other), `icp_size` and `serviceable_filter`."""
    icp, served = programme.market.icp, programme.market.serviceable
    whole = icp.industry.weight + icp.region.weight + icp.employees.weight
    values: list[tuple[str, str | None, float]] = []
    for trait, told in (("industry", icp.industry), ("region", icp.region)):
        scale = 100 * told.weight / whole
        values += [(trait, None, scale * told.otherwise), *((trait, v, scale * fit) for v, fit in told.fits.items())]
    con.execute("CREATE OR REPLACE TABLE icp_value (trait VARCHAR, value VARCHAR, points DOUBLE)")
    con.executemany("INSERT INTO icp_value VALUES (?, ?, ?)", values)
    con.execute("CREATE OR REPLACE TABLE icp_size (position INTEGER, min_employees BIGINT, points DOUBLE)")
    scale = 100 * icp.employees.weight / whole
    con.executemany(
        "INSERT INTO icp_size VALUES (?, ?, ?)",
        [(i, each.min_employees, scale * each.fit) for i, each in enumerate(icp.employees.ranges)] or [(0, 0, 0)],
    )
    con.execute(
        "CREATE OR REPLACE TABLE serviceable_filter AS SELECT ?::VARCHAR[] AS regions, "
        "?::VARCHAR[] AS industries, ?::BIGINT AS min_employees, ?::BIGINT AS max_employees, ?::DOUBLE AS min_fit",
        [
            list(served.regions),
            list(served.industries),
            served.min_employees,
            served.max_employees,
            served.min_icp_fit,
        ],
    )


_POINTS = Step(
    "icp_account",
    "Each account's points for industry, region and employees, their sum, and whether it passes the filter of whom we "
    "can serve. What a filter asks for and is not known does not pass.",
    """
    WITH sized AS (
        SELECT *, (SELECT min(s.position) FROM icp_size s WHERE s.min_employees <= employee_count) AS size_position
        FROM identity.account
    ),
    fitted AS (
        SELECT f.account_id, f.industry, f.region, f.employee_band, a.employee_count, a.first_seen_day,
               CASE WHEN a.industry IS NULL THEN 0 ELSE coalesce(i.points, i0.points) END AS by_industry,
               CASE WHEN a.region IS NULL THEN 0 ELSE coalesce(r.points, r0.points) END AS by_region,
               coalesce(s.points, 0) AS by_size
        FROM firm f JOIN sized a USING (account_id)
        JOIN icp_value i0 ON i0.trait = 'industry' AND i0.value IS NULL
        JOIN icp_value r0 ON r0.trait = 'region' AND r0.value IS NULL
        LEFT JOIN icp_value i ON i.trait = 'industry' AND i.value = a.industry
        LEFT JOIN icp_value r ON r.trait = 'region' AND r.value = a.region
        LEFT JOIN icp_size s ON s.position = a.size_position
    ),
    summed AS (
        SELECT * EXCLUDE (by_industry, by_region, by_size),
               CAST(by_industry AS DECIMAL(9, 4)) AS icp_fit_industry,
               CAST(by_region AS DECIMAL(9, 4)) AS icp_fit_region,
               CAST(by_size AS DECIMAL(9, 4)) AS icp_fit_size,
               CAST(by_industry + by_region + by_size AS DECIMAL(9, 4)) AS icp_fit
        FROM fitted
    )
    SELECT s.*,
           (len(v.regions) = 0 OR list_contains(v.regions, s.region))
           AND (len(v.industries) = 0 OR list_contains(v.industries, s.industry))
           AND (v.min_employees IS NULL OR coalesce(s.employee_count >= v.min_employees, false))
           AND (v.max_employees IS NULL OR coalesce(s.employee_count <= v.max_employees, false))
           AND (v.min_fit IS NULL OR s.icp_fit >= v.min_fit) AS is_serviceable
    FROM summed s, serviceable_filter v
    """,
)

ICP = Part(
    "icp_day",
    prepare=_set_profile,
    choices=("market.icp", "market.serviceable"),
    once=(_POINTS,),
    steps=(
        Step(
            "icp_day",
            "The points on each day.",
            f"SELECT a.day, a.account_id, {', '.join(COLUMNS)} FROM account_day a JOIN icp_account USING (account_id)",
            is_view=True,
        ),
    ),
    columns=COLUMNS,
)
