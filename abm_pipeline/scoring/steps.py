"""From touches to spans: between which days an account's window holds what.

Belongs here: the SQL whose work grows with touches. `TOUCH_STEPS` don't depend on the scoring model and run once for
all of them; `SPAN_STEPS` run once per model. Turning spans into a row per account and day is in `days`.

A touch enters the window of W days on its own day t and leaves it on t + W. Between such days nothing in the window
changes but its age, so running sums over entries (+) and leavings (−) give spans, and no work grows with window × days.

**Fixed point.** Sums must not depend on how a range is cut, nor on the order of rows, so they are sums of integers: a
touch of day t adds u = round(points × 2^((t − block start) / half-life) × scale), where blocks are as long as the
longest window and aligned to the calendar (1970-01-01). A window touches at most two neighbouring blocks, one of even
and one of odd number, which are summed apart; the score on day D is even × f_even(D) + odd × f_odd(D) with f(D) =
2^((block start − D) / half-life) / scale. `scale` = 2^(40 − longest window / half-life) keeps u within points × 2^40.

Who touched is placed by the day: at the employer of then, if that changed. Most people have one for ever.

Days are integers, days since 1970-01-01, as far as `days`, which turns them back. Parameters are one-row tables:
`segment` (first_day, last_day, read_from, account_level, zone) and `model` (see `refresh`).
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

TOUCH_STEPS = (
    Step(
        "roll_up",
        "The account that each account is scored as: itself, or the top of its hierarchy.",
        """
        SELECT known.account_id,
               CASE WHEN segment.account_level = 'parent' THEN coalesce(account.ultimate_parent_id, known.account_id)
                    ELSE known.account_id END AS scored_id
        FROM (SELECT account_id FROM identity.member UNION SELECT account_id FROM identity.person
              UNION SELECT account_id FROM identity.tier_history) AS known
        LEFT JOIN identity.account AS account ON account.account_id = known.account_id
        CROSS JOIN segment
        WHERE known.account_id IS NOT NULL
        """,
    ),
    Step(
        "account_number",
        "A small number per scored account, to sort and join by.",
        """
        SELECT scored_id AS account_id, CAST(row_number() OVER (ORDER BY scored_id) AS INTEGER) AS account
        FROM (SELECT DISTINCT scored_id FROM roll_up)
        """,
    ),
    Step(
        "company_account",
        "Account of a company_key.",
        """
        SELECT member.source || ':' || member.source_id AS company_key, account_number.account
        FROM identity.member AS member
        JOIN roll_up ON roll_up.account_id = member.account_id
        JOIN account_number ON account_number.account_id = roll_up.scored_id
        """,
    ),
    Step(
        "contact_account",
        "Person, account and role of a contact_key, and from which day to before which: for ever, but for who changed "
        "employer.",
        """
        WITH known AS (
            SELECT source, source_id, person_id, account_id, role, DATE '-infinity' AS from_day, NULL AS to_day
            FROM identity.person ANTI JOIN identity.person_history USING (source, source_id)
            UNION ALL
            SELECT source, source_id, person_id, account_id, role, valid_from_day, valid_to_day
            FROM identity.person_history
        )
        SELECT known.source || ':' || known.source_id AS contact_key, known.person_id, account_number.account,
               known.role, known.from_day, coalesce(known.to_day, DATE 'infinity') AS to_day
        FROM known
        LEFT JOIN roll_up ON roll_up.account_id = known.account_id
        LEFT JOIN account_number ON account_number.account_id = roll_up.scored_id
        """,
    ),
    Step(
        "actor",
        "Who touched: each pair of company and person record in the touches, resolved once, and again for each job of "
        "who changed employer. Records of one human are one contact, whom caps and breadth count; contact 0 is nobody "
        "known: not named, or a browser that nobody has signed in with.",
        """
        WITH pair AS (
            SELECT touch.company_key, touch.contact_key,
                   count(*) FILTER (WHERE date_diff('day', DATE '1970-01-01', touch.day) >= segment.first_day)
                       AS touches
            FROM facts.touch AS touch CROSS JOIN segment
            WHERE NOT touch.is_exposure
            GROUP BY ALL
        )
        SELECT pair.company_key, pair.contact_key, pair.touches,
               coalesce(contact.from_day, DATE '-infinity') AS from_day,
               coalesce(contact.to_day, DATE 'infinity') AS to_day,
               coalesce(company.account, contact.account) AS account,
               CASE WHEN contact.person_id IS NULL THEN 0
                    ELSE CAST(dense_rank() OVER (ORDER BY contact.person_id) AS INTEGER) END AS contact,
               role_number.role_no
        FROM pair
        LEFT JOIN company_account AS company ON company.company_key = pair.company_key
        LEFT JOIN contact_account AS contact ON contact.contact_key = pair.contact_key
        LEFT JOIN role_number ON role_number.role = coalesce(contact.role, 'unknown')
        """,
    ),
    Step(
        "unattributed",
        "How many touches of the days that are scored find no account.",
        "SELECT coalesce(sum(touches), 0) AS touches FROM actor WHERE account IS NULL",
    ),
    Step(
        "kind",
        "Each pair of touch type and content type in the touches.",
        """
        SELECT touch_type, content_type, CAST(row_number() OVER (ORDER BY touch_type, content_type) AS INTEGER) AS kind
        FROM (SELECT DISTINCT touch_type, content_type FROM facts.touch WHERE NOT is_exposure)
        """,
    ),
    Step(
        "contact_day",
        "What each contact did on each day, by kind: millionths of like events, and touches.",
        """
        SELECT actor.account, actor.contact, actor.role_no, kind.kind,
               CAST(date_diff('day', DATE '1970-01-01', touch.day) AS INTEGER) AS day,
               CAST(sum(CAST(round(touch.weight_count * 1000000) AS BIGINT)) AS BIGINT) AS millionths,
               CAST(count(*) AS INTEGER) AS touches
        FROM facts.touch AS touch
        JOIN actor ON actor.company_key IS NOT DISTINCT FROM touch.company_key
                  AND actor.contact_key IS NOT DISTINCT FROM touch.contact_key
                  AND touch.day >= actor.from_day AND touch.day < actor.to_day
        JOIN kind ON kind.touch_type = touch.touch_type
                 AND kind.content_type IS NOT DISTINCT FROM touch.content_type
        WHERE NOT touch.is_exposure AND actor.account IS NOT NULL
        GROUP BY ALL
        """,
    ),
    Step(
        "intent_topic",
        "Topics on which an account surges on a day, with the highest score that any provider or member has.",
        """
        SELECT company.account, CAST(date_diff('day', DATE '1970-01-01', intent.day) AS INTEGER) AS day, intent.topic,
               max(intent.score) AS score
        FROM facts.intent AS intent
        JOIN company_account AS company ON company.company_key = intent.company_key
        WHERE intent.is_surging
        GROUP BY ALL
        """,
    ),
    Step(
        "listed",
        "Days on which an account is on the ABM list at the end of the day: from the first to before the second.",
        """
        SELECT account_number.account,
               date_diff('day', DATE '1970-01-01', CAST(timezone(segment.zone, tier.valid_from) AS DATE)) AS from_day,
               date_diff('day', DATE '1970-01-01', CAST(timezone(segment.zone, tier.valid_to) AS DATE)) AS to_day
        FROM identity.tier_history AS tier
        JOIN roll_up ON roll_up.account_id = tier.account_id
        JOIN account_number ON account_number.account_id = roll_up.scored_id
        CROSS JOIN segment
        WHERE tier.is_target
        """,
    ),
)

SPAN_STEPS = (
    Step(
        "calendar",
        "Each day's weights: what a point of the day grows to in its block, and what the two live blocks shrink to.",
        """
        WITH numbered AS (
            SELECT CAST(unnest(range(segment.read_from, segment.last_day + 1)) AS INTEGER) AS day, model.block_days,
                   model.half_life_days AS half_life, pow(2.0, model.scale_bits) AS scale
            FROM segment CROSS JOIN model
        ), blocks AS (
            SELECT *, day // block_days AS block FROM numbered
        )
        SELECT day, CAST(block % 2 AS INTEGER) AS parity,
               pow(2.0, (day - block * block_days) / half_life) * scale / 1e6 AS grow,
               pow(2.0, ((block - block % 2) * block_days - day) / half_life) / scale AS shrink_even,
               pow(2.0, ((block - (1 - block % 2)) * block_days - day) / half_life) / scale AS shrink_odd
        FROM blocks
        """,
    ),
    Step(
        "kind_points",
        "Points of a kind: the content's, else the type's. Kinds without points are no engagement.",
        """
        SELECT kind.kind, touch_points.part, coalesce(content_points.points, touch_points.points) AS points
        FROM kind
        JOIN touch_points ON touch_points.touch_type = kind.touch_type
        LEFT JOIN content_points ON content_points.touch_type = kind.touch_type
                                AND content_points.content_type = kind.content_type
        """,
    ),
    Step(
        "earned",
        "Millionths of points that a contact earned on a day by touch type, role weight included, before caps.",
        """
        SELECT done.account, done.contact, done.day, kind_points.part, sum(done.touches) AS touches,
               CAST(sum(CAST(round(kind_points.points * role_weight.weight * done.millionths) AS BIGINT)) AS BIGINT)
                   AS earned
        FROM contact_day AS done
        JOIN kind_points ON kind_points.kind = done.kind
        JOIN role_weight ON role_weight.role_no = done.role_no
        GROUP BY ALL
        """,
    ),
    Step(
        "contact_total",
        "The same by day, with the cap: a person's own, or that of the touches that name nobody.",
        """
        SELECT account, contact, day, CAST(sum(earned) AS BIGINT) AS earned, CAST(sum(touches) AS INTEGER) AS touches,
               any_value(CASE WHEN contact = 0 THEN model.cap_account ELSE model.cap_contact END) AS cap
        FROM earned CROSS JOIN model
        GROUP BY account, contact, day
        """,
    ),
    Step(
        "part_day",
        "Fixed-point points of a touch type on a day; where the cap bites, touches share it pro rata.",
        """
        SELECT earned.account, earned.part, earned.day, any_value(calendar.parity) AS parity,
               CAST(sum(earned.touches) AS INTEGER) AS touches,
               CAST(sum(CAST(round(earned.earned * coalesce(over.cap / over.earned, 1.0) * calendar.grow) AS BIGINT))
                    AS BIGINT) AS u
        FROM earned
        JOIN calendar ON calendar.day = earned.day
        LEFT JOIN (SELECT * FROM contact_total WHERE earned > cap) AS over
               ON over.account = earned.account AND over.contact = earned.contact AND over.day = earned.day
        GROUP BY earned.account, earned.part, earned.day
        """,
    ),
    Step(
        "account_day",
        "Fixed-point points of an account on a day, and the contacts whose stay in the window begins or ends with it; "
        "without what has left the window before the days that are scored, and the seven before them.",
        # A contact is in the window from a touch to W days after its last one: an island of days without a gap of W.
        # If it began with what has left, it begins with the first day that has not.
        """
        WITH edge AS (
            SELECT account, contact, day, least(earned, cap) AS earned, touches,
                   day - lag(day, 1, -10000) OVER by_contact AS since,
                   lead(day, 1, 1000000) OVER by_contact - day AS until
            FROM contact_total
            WINDOW by_contact AS (PARTITION BY account, contact ORDER BY day)
        )
        SELECT edge.account, windows.window_days, edge.day, sum(edge.earned) AS earned,
               CAST(sum(edge.touches) AS INTEGER) AS touches,
               CAST(count(*) FILTER (
                   WHERE contact > 0
                     AND (since >= window_days OR edge.day - since + window_days <= segment.first_day - 7)
               ) AS INTEGER) AS arriving,
               CAST(count(*) FILTER (WHERE contact > 0 AND until >= window_days) AS INTEGER) AS leaving
        FROM edge CROSS JOIN windows CROSS JOIN segment
        WHERE edge.day + window_days > segment.first_day - 7
        GROUP BY edge.account, windows.window_days, edge.day
        """,
    ),
    Step(
        "account_change",
        "Everything that changes an account's window: touches entering and leaving, listing, and a start for all rest.",
        # `entered` and `follower` (the engaged day after the one that leaves) give the last and first day.
        """
        WITH fixed AS (
            SELECT account, window_days, account_day.day, parity, touches, arriving, leaving,
                   CAST(round(earned * grow) AS BIGINT) AS u,
                   lead(account_day.day) OVER (PARTITION BY account, window_days ORDER BY account_day.day) AS follower
            FROM account_day JOIN calendar ON calendar.day = account_day.day
        )
        SELECT account, window_days, day, CASE parity WHEN 0 THEN u ELSE 0 END AS even,
               CASE parity WHEN 1 THEN u ELSE 0 END AS odd, touches, arriving AS contacts, 0 AS lists,
               day AS entered, CAST(NULL AS INTEGER) AS follower
        FROM fixed
        UNION ALL
        SELECT account, window_days, day + window_days, CASE parity WHEN 0 THEN -u ELSE 0 END,
               CASE parity WHEN 1 THEN -u ELSE 0 END, -touches, -leaving, 0, NULL, follower
        FROM fixed CROSS JOIN segment
        WHERE day + window_days <= segment.last_day
        UNION ALL
        SELECT account, window_days, greatest(from_day, read_from), 0, 0, 0, 0, 1, NULL, NULL
        FROM listed CROSS JOIN windows CROSS JOIN segment
        WHERE from_day <= last_day
        UNION ALL
        SELECT account, window_days, greatest(to_day, read_from), 0, 0, 0, 0, -1, NULL, NULL
        FROM listed CROSS JOIN windows CROSS JOIN segment
        WHERE to_day <= last_day AND from_day <= last_day
        UNION ALL
        SELECT account, window_days, read_from, 0, 0, 0, 0, 0, NULL, NULL
        FROM (SELECT DISTINCT account FROM intent_topic) CROSS JOIN windows CROSS JOIN segment
        """,
        is_view=True,
    ),
    Step(
        "account_span",
        "What an account's window holds from one change to the next; empty ones only if listed or with intent.",
        # What changed before the days that are scored is one change on the first of them: one day costs one day's work.
        """
        WITH change AS (
            SELECT account, window_days, greatest(day, segment.first_day - 7) AS day,
                   CAST(sum(even) AS BIGINT) AS even, CAST(sum(odd) AS BIGINT) AS odd,
                   CAST(sum(touches) AS INTEGER) AS touches, CAST(sum(contacts) AS INTEGER) AS contacts,
                   CAST(sum(lists) AS INTEGER) AS lists,
                   min(entered) AS first_entered, max(entered) AS last_entered, max(follower) AS follower
            FROM account_change CROSS JOIN segment
            GROUP BY ALL
        ), running AS (
            SELECT account, window_days, day AS from_day,
                   lead(day, 1, segment.last_day + 1) OVER changes AS to_day,
                   CAST(sum(even) OVER changes AS BIGINT) AS even, CAST(sum(odd) OVER changes AS BIGINT) AS odd,
                   CAST(sum(touches) OVER changes AS INTEGER) AS touches,
                   CAST(sum(contacts) OVER changes AS INTEGER) AS contacts,
                   sum(lists) OVER changes > 0 AS is_target,
                   max(last_entered) OVER changes AS last_day,
                   coalesce(max(follower) OVER changes, min(first_entered) OVER changes) AS first_day
            FROM change CROSS JOIN segment
            WINDOW changes AS (PARTITION BY account, window_days ORDER BY day ROWS UNBOUNDED PRECEDING)
        )
        SELECT account, window_days, from_day, to_day, even, odd, touches, contacts, is_target,
               CASE WHEN touches > 0 THEN first_day END AS first_day,
               CASE WHEN touches > 0 THEN last_day END AS last_day
        FROM running
        WHERE touches > 0 OR is_target OR account IN (SELECT account FROM intent_topic)
        """,
    ),
    Step(
        "part_span",
        "What an account's window holds of a touch type from one change to the next.",
        """
        WITH signed AS (
            SELECT account, part, window_days, day, CASE parity WHEN 0 THEN u ELSE 0 END AS even,
                   CASE parity WHEN 1 THEN u ELSE 0 END AS odd, touches
            FROM part_day CROSS JOIN windows CROSS JOIN segment
            WHERE day + window_days > segment.first_day
            UNION ALL
            SELECT account, part, window_days, day + window_days, CASE parity WHEN 0 THEN -u ELSE 0 END,
                   CASE parity WHEN 1 THEN -u ELSE 0 END, -touches
            FROM part_day CROSS JOIN windows CROSS JOIN segment
            WHERE day + window_days > segment.first_day AND day + window_days <= segment.last_day
        ), change AS (
            SELECT account, part, window_days, greatest(day, segment.first_day) AS day,
                   CAST(sum(even) AS BIGINT) AS even, CAST(sum(odd) AS BIGINT) AS odd,
                   CAST(sum(touches) AS INTEGER) AS touches
            FROM signed CROSS JOIN segment
            GROUP BY ALL
        ), running AS (
            SELECT account, part, window_days, day AS from_day,
                   lead(day, 1, segment.last_day + 1) OVER changes AS to_day,
                   CAST(sum(even) OVER changes AS BIGINT) AS even, CAST(sum(odd) OVER changes AS BIGINT) AS odd,
                   CAST(sum(touches) OVER changes AS INTEGER) AS touches
            FROM change CROSS JOIN segment
            WINDOW changes AS (PARTITION BY account, part, window_days ORDER BY day ROWS UNBOUNDED PRECEDING)
        )
        SELECT * FROM running WHERE touches > 0
        """,
    ),
    Step(
        "intent_points",
        "Points of intent of an account on a day, in millionths, capped.",
        """
        SELECT account, day, least(cap_intent, sum(CAST(round(
                   points_per_topic * least(coalesce(score, full_score), full_score) / full_score * 1000000
               ) AS BIGINT))) / 1e6 AS points
        FROM intent_topic CROSS JOIN model
        GROUP BY account, day, cap_intent
        """,
    ),
)
