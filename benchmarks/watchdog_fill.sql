-- A record in which nothing is wrong, as uneven as a real one. The dice have a seed, so that each filling is the same.
SELECT setseed(0.25);
CREATE TEMP TABLE drawn ON COMMIT DROP AS
SELECT n, floor($councils * random() * random())::int AS council, random() AS what, random() AS sure, random() AS harm,
    random() AS told, random() AS often, random() AS slot, 15 + random() * random() * 300 AS age,
    (random() * $day)::bigint AS moment
FROM generate_series(1, $cases) n;
-- The state of each case, its harmful day in days from today, and how many days ago it was told last.
CREATE TEMP TABLE facts ON COMMIT DROP AS
SELECT *, CASE
    WHEN state IN ('closed', 'confirmed_safe', 'hold_confirmed') THEN (told * 90)::int
    WHEN urgent OR within < -8 THEN (told * 6)::int
    WHEN within < 3 THEN (told * 2)::int
    WHEN within > 55 THEN NULL
    ELSE (told * 16)::int END AS told_days
FROM (
    SELECT *, state IN ('line_restricted', 'migrated_unconfirmed', 'reverted') AS urgent, CASE
        WHEN state IN ('closed', 'confirmed_safe', 'hold_confirmed') THEN 1 + (harm * 150)::int
        WHEN state IN ('line_restricted', 'migrated', 'migrated_unconfirmed', 'reverted') THEN -20 - (harm * 30)::int
        WHEN harm < 0.04 THEN NULL
        WHEN harm < 0.08 THEN -2 - (harm * 300)::int
        WHEN harm < 0.12 THEN (harm * 50)::int - 3
        WHEN harm < 0.80 AND level = 'possible' THEN 3 + (harm * 9)::int
        WHEN harm < 0.80 THEN 3 + (harm * 45)::int
        ELSE 60 + (harm * 150)::int END AS within
    FROM (
        SELECT *, CASE WHEN sure < 0.7 THEN 'confirmed' WHEN sure < 0.9 THEN 'probable' ELSE 'possible' END AS level,
            CASE WHEN what < 0.42 THEN 'open' WHEN what < 0.54 THEN 'acknowledged' WHEN what < 0.59 THEN 'resident_contacted'
            WHEN what < 0.65 THEN 'visit_booked' WHEN what < 0.68 THEN 'no_access' WHEN what < 0.70 THEN 'solution_fitted'
            WHEN what < 0.86 THEN 'confirmed_safe' WHEN what < 0.91 THEN 'hold_confirmed' WHEN what < 0.93 THEN
            'line_restricted' WHEN what < 0.94 THEN 'migrated_unconfirmed' WHEN what < 0.95 THEN 'reverted'
            WHEN what < 0.98 THEN 'migrated' ELSE 'closed' END AS state
        FROM drawn) one) two;

INSERT INTO feeds (feed_id, kind, code, name, created_at, calendar)
SELECT 'council:' || code, 'council', code, 'council', $now, CASE WHEN n % 5 = 0
    THEN '{"nation": "wales", "closed": [["2026-12-24", "2027-01-03"], ["2026-11-30", "2026-11-30"]]}'::json END
FROM (SELECT n, 'E0600' || lpad(n::text, 4, '0') AS code FROM generate_series(0, $councils - 1) n) one;
INSERT INTO feeds (feed_id, kind, code, name, created_at) VALUES ('provider:RAVN', 'provider', 'RAVN', 'Raven', $now);

-- A third more records than have a match. Every tenth case has a second line, every thirtieth one whose match has ended.
INSERT INTO register_entries (pk, record_key, feed_id, shard, revision, updated_at, stamp_from, stamp_until, digest,
    received_at, live, service_status, connection, agreement_named, flags, submission_id, key_id, sealed)
SELECT n, decode(md5('e' || n), 'hex'), 'council:E0600' || lpad(coalesce(council, n % $councils)::text, 4, '0'), n % 64, 1,
    $old, $old, $old, decode(md5('d' || n), 'hex'), $old, true, 'active', 'analogue_line', false, '', 's', 'k', $sealed
FROM generate_series(1, $cases * 4 / 3) n LEFT JOIN drawn USING (n);
INSERT INTO notices (pk, record_key, feed_id, shard, revision, issued_at, stamp_from, stamp_until, digest, received_at,
    live, scope, status, migration_kind, target_service, planned_on, announced, flags, submission_id, key_id, sealed)
SELECT n, decode(md5('n' || n), 'hex'), 'provider:RAVN', n % 64, 1, $old, $old, $old, decode(md5('f' || n), 'hex'), $old,
    true, 'line', 'planned', 'voluntary', 'voip', $today + coalesce(within, 100), true, '', 's', 'k', $sealed
FROM generate_series(1, $cases * 4 / 3) n LEFT JOIN facts USING (n);
INSERT INTO matches (notice_pk, entry_pk, live, level, reasons, weight, settles, notice_revision, entry_revision,
    found_at, decision)
SELECT n, n, true, level, 'same_telephone_number', 0, level = 'confirmed', 1, 1, $old,
    CASE WHEN level = 'possible' THEN 'confirmed' ELSE 'undecided' END FROM facts
UNION ALL SELECT $cases + n / 10, n, true, 'confirmed', 'same_uprn', 0, false, 1, 1, $old, 'undecided' FROM facts
    WHERE n % 10 = 0 AND n < $cases * 3;
INSERT INTO matches (notice_pk, entry_pk, live, level, reasons, weight, settles, notice_revision, entry_revision,
    found_at, ended_at, decision)
SELECT $cases + n / 10 + $cases / 8, n, false, 'possible', 'same_uprn', 0, false, 1, 1, $old, $old + n / 3000, 'undecided'
FROM drawn WHERE n % 30 = 0;
-- Numbers are of one home, properties of some, postcodes of fifteen. Sectors hold thousands of homes.
INSERT INTO entry_tokens (token, entry_pk, kind)
SELECT decode(md5('number' || n), 'hex'), n, 1 FROM generate_series(1, $cases * 4 / 3) n
UNION ALL SELECT decode(md5('uprn' || n), 'hex'), n, 2 FROM generate_series(1, $cases * 4 / 3) n WHERE n % 10 < 6
UNION ALL SELECT decode(md5('postcode' || n / 15), 'hex'), n, 3 FROM generate_series(1, $cases * 4 / 3) n
UNION ALL SELECT decode(md5('sector' || n / 3000), 'hex'), n, 4 FROM generate_series(1, $cases * 4 / 3) n;
INSERT INTO notice_tokens (token, notice_pk, kind)
SELECT decode(md5(CASE WHEN n > $cases THEN 'other' ELSE 'number' END || n), 'hex'), n, 1
FROM generate_series(1, $cases * 4 / 3) n
UNION ALL SELECT decode(md5('uprn' || n), 'hex'), n, 2 FROM generate_series(1, $cases) n WHERE n % 10 < 3
UNION ALL SELECT decode(md5('postcode' || n / 15), 'hex'), n, 3 FROM generate_series(1, $cases) n
UNION ALL SELECT decode(md5('uprn' || n), 'hex'), $cases + n / 10, 2 FROM generate_series(1, $cases) n WHERE n % 10 = 0;

-- Up to four alerts of a council a day. The oldest have the lowest ids, and each holds cases of any age.
CREATE TEMP TABLE told ON COMMIT DROP AS
SELECT n, (400 - days) * $councils * 4 + council * 4 + floor(slot * 4)::int AS alert, days, council, floor(slot * 4)::int AS slot
FROM facts, generate_series(0, (often * 6)::int) nth, LATERAL (SELECT told_days + nth * (1 + (often * 9)::int) AS days) one
-- A case that has opened again had messages before, and every fiftieth is such a case.
WHERE told_days IS NOT NULL AND days <= 120 AND (nth = 0 OR days < age - 2 OR n % 50 = 0);
INSERT INTO alerts (pk, reference, feed_id, threshold, reason, created_at, cases, urgent, owed_since, accepted_at)
SELECT alert, 'A-' || alert, 'council:E0600' || lpad(council::text, 4, '0'), 14, 'repeat', at, count, slot = 3, at,
    at + $minute
FROM (SELECT alert, days, council, slot, count(*) AS count FROM told GROUP BY 1, 2, 3, 4) one,
    LATERAL (SELECT $now - days * $day - (10 + slot * 25 + council % 20) * $minute - alert * 7919 % 60000000 AS at) two;
INSERT INTO alert_cases (alert_pk, case_pk, threshold, reason, first_level, last_level, facts)
SELECT alert, n, 14, 'repeat', 0, 0, 1 FROM told ORDER BY alert, n;
-- Of each alert one or more messages. One in seven was accepted at the second attempt, one in nine is in doubt.
INSERT INTO deliveries (pk, alert_pk, tier, contact, channel, verified, address_sealed, destination, state, attempts,
    created_at, settled_at)
SELECT pk * 4 + k, pk, 'duty', 'desk', 'email', true, $sealed, '\x00', CASE WHEN k = 2 THEN 'given_up' ELSE 'sent' END,
    1 + (pk % 7 = 0)::int, created_at, accepted_at
FROM alerts, generate_series(0, pk % 3) k;
INSERT INTO delivery_attempts (delivery_pk, number, started_at, deadline_at, ended_at, outcome, reason, acknowledge_hash,
    changes_hash)
SELECT pk, number, created_at, created_at + $minute, created_at + (number * 20 + pk % 20) * $minute / 60, CASE
    WHEN number < attempts THEN 'temporary' WHEN state = 'given_up' AND pk % 9 > 0 THEN 'permanent'
    WHEN state = 'given_up' THEN 'in_doubt' ELSE 'sent' END, 'said', '\x01', '\x02'
FROM deliveries, generate_series(1, attempts) number;

INSERT INTO cases (pk, reference, feed_id, entry_pk, state, state_since, level, harm_on, planned_on, lines, providers,
    opened_at, last_alert_at, asked, unanswered, acknowledged_times, warned, paused_until, hold_until, review_on,
    tested_on, seen, facts, claimed_by, time_steps, due_at, rulesets, policy_version, revision)
SELECT n, 'C-' || n, 'council:E0600' || lpad(council::text, 4, '0'), n, state,
    CASE WHEN urgent THEN $now - 10 * $day - moment ELSE $now - 8 * $day + moment END, level, $today + within,
    $today + within, CASE WHEN state = 'closed' THEN 0 ELSE 1 + (n % 10 = 0)::int END, 'RAVN',
    coalesce(least($now - (age * $day)::bigint, at - $day / 24), $now - (age * $day)::bigint), at, 0, 0, 0, true,
    CASE WHEN state IN ('acknowledged', 'visit_booked') AND harm < 0.5 THEN $now + (harm * 6)::int * $day + moment
        WHEN state IN ('acknowledged', 'visit_booked') THEN at - $day END,
    CASE WHEN state = 'hold_confirmed' THEN $today + (harm * 60)::int END,
    CASE WHEN state IN ('confirmed_safe', 'closed') AND sure < 0.5 THEN $today + 1 + (sure * 300)::int END,
    CASE WHEN state = 'closed' THEN $today - 7 END, '{}', 1,
    CASE WHEN state = 'migrated_unconfirmed' AND sure < 0.5 THEN 'RAVN' ELSE '' END, '[]',
    CASE WHEN state <> 'closed' THEN $now + (told * 6)::int * $day + moment / 2 END, 'pstn-2026', 0, 5
FROM facts LEFT JOIN (SELECT n, max(alert) AS alert FROM told GROUP BY n) newest USING (n)
LEFT JOIN (SELECT pk AS alert, accepted_at AS at FROM alerts) one USING (alert);

-- The first move of a case is the opening, the last one leads to its state. Between them people act.
INSERT INTO audit (pk, at, action, feed_id, subject, fields)
SELECT pk * 8, $old, 'case_opened', feed_id, reference, json_build_object('case', reference) FROM cases
UNION ALL SELECT pk * 8 + 1 + k, $old + k, CASE WHEN k % 2 = 0 THEN 'case_moved' ELSE 'case_acknowledged' END, feed_id,
    reference, json_build_object('case', reference, 'to', 'acknowledged')
FROM cases, generate_series(0, pk % 4) k WHERE state <> 'open'
UNION ALL SELECT pk * 8 + 6, $old, 'case_moved', feed_id, reference, json_build_object('case', reference, 'to', state)
FROM cases WHERE state <> 'open';
INSERT INTO audit (pk, at, action, fields)
SELECT $cases * 10 + ended_at % 1000000000, ended_at, 'lines_unmatched', json_build_object('records',
    json_agg(json_build_array(notice_pk, entry_pk))) FROM matches WHERE NOT live GROUP BY ended_at
