-- A council sends an alert every day. Each case is in three of the alerts of the last days, and had the newest of them.
INSERT INTO feeds (feed_id, kind, code, name, created_at)
SELECT 'council:E0600' || lpad(n::text, 4, '0'), 'council', 'E0600' || lpad(n::text, 4, '0'), 'council', $now
FROM generate_series(0, $councils - 1) n;
INSERT INTO feeds (feed_id, kind, code, name, created_at) VALUES ('provider:RAVN', 'provider', 'RAVN', 'Raven', $now);
INSERT INTO register_entries
SELECT n, decode(md5('e' || n), 'hex'), 'council:E0600' || lpad((n % $councils)::text, 4, '0'), n % 64, 1, $old, $old, $old,
    decode(md5('d' || n), 'hex'), $old, true, 'active', 'analogue_line', NULL, false, NULL, '', 's', 'k', $sealed
FROM generate_series(1, $cases) n;
INSERT INTO notices (pk, record_key, feed_id, shard, revision, issued_at, stamp_from, stamp_until, digest, received_at,
    live, scope, status, migration_kind, target_service, planned_on, announced, flags, submission_id, key_id, sealed)
SELECT n, decode(md5('n' || n), 'hex'), 'provider:RAVN', n % 64, 1, $old, $old, $old, decode(md5('f' || n), 'hex'), $old,
    true, 'line', 'planned', 'voluntary', 'voip', DATE '2026-11-20' + (n % 70)::int, true, '', 's', 'k', $sealed
FROM generate_series(1, $cases) n;
INSERT INTO entry_tokens SELECT decode(md5('t' || k || n), 'hex'), n, k
FROM generate_series(1, $cases) n, generate_series(1, 3) k;
INSERT INTO notice_tokens SELECT decode(md5('t' || k || n), 'hex'), n, k
FROM generate_series(1, $cases) n, generate_series(1, 3) k;
INSERT INTO matches (notice_pk, entry_pk, live, level, reasons, notice_revision, entry_revision, found_at, decision)
SELECT n, n, true, 'confirmed', 'same_telephone_number', 1, 1, $old, 'undecided' FROM generate_series(1, $cases) n;
INSERT INTO cases (pk, reference, feed_id, entry_pk, state, state_since, level, harm_on, planned_on, lines, providers,
    opened_at, last_alert_at, last_threshold, warned, paused_until, seen, facts, claimed_by, time_steps, due_at, rulesets,
    revision, hold_until)
SELECT n, 'C-' || n, 'council:E0600' || lpad((n % $councils)::text, 4, '0'), n,
    CASE WHEN n % 20 = 0 THEN 'confirmed_safe' WHEN n % 20 = 1 THEN 'hold_confirmed' WHEN n % 20 = 2 THEN 'acknowledged'
        WHEN n % 20 = 3 THEN 'visit_booked' WHEN n % 100 = 4 THEN 'line_restricted' ELSE 'open' END,
    $old, 'confirmed', CASE WHEN n % 20 < 2 THEN DATE '2027-02-01' ELSE DATE '2026-11-20' + (n % 70)::int END,
    CASE WHEN n % 20 < 2 THEN DATE '2027-02-01' ELSE DATE '2026-11-20' + (n % 70)::int END,
    1, 'RAVN', $old, $now - (n % 3) * $day - 180 * $minute, 14, true,
    CASE WHEN n % 20 IN (2, 3) THEN $now + 2 * $day END, '{}', 1, '', '[]', $now + (n % 1000) * $minute, 'pstn-2026', 5,
    CASE WHEN n % 20 = 1 THEN DATE '2027-01-20' END
FROM generate_series(1, $cases) n;
INSERT INTO alerts (pk, reference, feed_id, threshold, reason, created_at, cases, accepted_at)
SELECT d * $councils + c + 1, 'A-' || (d * $councils + c), 'council:E0600' || lpad(c::text, 4, '0'), 14, 'repeat',
    $now - d * $day - 181 * $minute, 9, $now - d * $day - 180 * $minute
FROM generate_series(0, 9) d, generate_series(0, $councils - 1) c;
INSERT INTO alert_cases SELECT (n % 3 + d) * $councils + n % $councils + 1, n, 14, 'repeat', 1
FROM generate_series(1, $cases) n, generate_series(0, 2) d;
INSERT INTO deliveries SELECT a.pk * 2 + k, a.pk, 'duty', 'duty desk', $sealed, '\x00', 'sent', 1, a.created_at, NULL,
    a.accepted_at FROM alerts a, generate_series(0, 1) k;
INSERT INTO delivery_attempts SELECT pk, 1, created_at, created_at + $minute, settled_at, 'sent', 'accepted' FROM deliveries;
INSERT INTO audit (pk, at, action, feed_id, subject, fields)
SELECT pk * 2, $old, 'case_opened', feed_id, reference, '{"case": "C"}' FROM cases;
INSERT INTO audit (pk, at, action, feed_id, subject, fields)
SELECT pk * 2 + 1, $old, 'case_moved', feed_id, reference, json_build_object('case', reference, 'to', state)
FROM cases WHERE state <> 'open';
