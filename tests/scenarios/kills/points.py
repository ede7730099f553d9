"""Lists the functions that commit transactions."""
# A new function that commits needs a line in `POINTS` and a step in the story, or else a line in `ELSEWHERE`.

from __future__ import annotations

from typing import Final

from tests.scenarios.kills.commits import HAND_OVER

POINTS: Final = {
    "ingest/recording/service.accept": "a submission is written with its event, in one transaction",
    "ingest/recording/written_submission.write": "a turn of a large submission is written",
    "ingest/recording/written_submission.finish": "the receipt of a large submission is written",
    "storage/events/process.process of matcher": "matches are written",
    "storage/events/process.process of alerts": "cases are opened and reviewed",
    "storage/events/process.set_aside": "an event that cannot be handled is set aside",
    "runtime/embedded/event_dispatcher.run_once": "events are marked as published",
    "runtime/embedded/event_dispatcher.republish_missed_to": "it is noted that no event was missed",
    "matcher/decisions.decide_match": "a person decides on a match",
    "alerts/case/new_rules.apply_ruleset": "a council is reviewed by the rule set",
    "alerts/case/put_back.note_time": "the time of the engine is noted, and a clock that was put back is found",
    "alerts/engine._run_council": "due cases are reviewed, and alerts are intended",
    "alerts/delivery/claiming.claim": "deliveries are claimed, what waits is joined, attempts are recorded",
    HAND_OVER: "not a commit: the message leaves, and its outcome is in doubt until the next commit",
    "alerts/delivery/queue.settle": "an outcome is settled, and acceptance is counted",
    "alerts/delivery/queue.cancel_delivery": "a message is found to be needed no more",
    "alerts/delivery/recipients/reached.ask_others": "it is checked who was reached, and others are asked",
    "alerts/delivery/receipts/polling._claimed": "a look for a receipt is claimed",
    "alerts/delivery/receipts/noting.note_receipt": "a receipt is written",
    "alerts/delivery/refused_contacts/reporting.report_refused_contacts": "a refused contact is reported",
    "alerts/delivery/operator.alert_operator": "the operator is alerted",
    "alerts/delivery/contacts/checks.queue_test": "a test message is intended",
    "alerts/delivery/contacts/checks.queue_code": "a code is intended",
    "alerts/delivery/contacts/verification.verify_contact": "a code is brought back",
    "alerts/delivery/contacts/removal.apply_policy": "what waits for a removed contact is routed to others",
    "alerts/policy/councils.set_policy": "a policy is saved",
    "alerts/case/recompute._batches": "cases are recomputed after a change of policy or clock",
    "alerts/case/recompute.recompute": "the council is marked as recomputed",
    "alerts/case/acts.acknowledge": "an alert is acknowledged",
    "alerts/case/acts.act": "a person's act is recorded",
    "alerts/case/acts.accept_changes": "a person accepts changes of a feed",
    "alerts/case/links.revoke_link": "links are revoked",
    "audit/month_end.run_once": "a month is closed",
    "runtime/maintenance/backups.record_backup": "a backup is recorded",
}

# The folders of `services` whose commits are all in POINTS or here.
LOOKED_AT: Final = ("alerts", "audit", "ingest", "matcher", "runtime/embedded", "storage/events")

# Functions that commit and are not on this way, with the reason.
ELSEWHERE: Final = {
    "alerts/case/put_back.recompute_all": "one statement of the clock guard, which asks again if it fails",
    "alerts/delivery/drills/answering.record_answer": "one act of a person, who has the answer",
    "alerts/delivery/drills/running.move_on": "killed between its steps: test_drills_of_the_month.py",
    "alerts/delivery/drills/starting.start_by_person": "one act of a person, who has the answer",
    "alerts/delivery/drills/starting.start_monthly": "killed between its steps: test_drills_of_the_month.py",
    "alerts/delivery/restoring.settle_restore": "a command that is given again: test_restored_alerts.py",
    "alerts/reveal.reveal_numbers": "notes who looked at a number; nothing is owed",
    "ingest/recording/refused/files.note_refused_file": "the sender has the refusal as its answer",
    "ingest/recording/rereading.read_again": "a command that is given again: test_reading_addresses_again.py",
    "ingest/recording/service.dry_run": "writes nothing",
    "ingest/recording/store/chosen_words.forget_words": "a setting",
    "ingest/recording/store/chosen_words.keep_words": "a setting",
    "ingest/recording/turns._locked": "the transaction of the turns of a submission, which are points",
    "ingest/recording/withdrawals.withdraw_one": "one record, with its event, as `service.accept`",
    "ingest/recording/written_submission._record_refusal": "the sender has the refusal as its answer",
    "ingest/recording/written_submission._repeated": "notes that a request came again",
    "ingest/recording/written_submission.withdraw": "a turn, as `written_submission.write`",
    "runtime/embedded/heartbeat.__call__": "a sign of life",
    "runtime/embedded/heartbeat.processing": "passes on the transaction of a loop",
    "runtime/embedded/heartbeat.writing": "passes on the transaction of a loop",
    "storage/events/process.process": "a point for each consumer",
    "storage/events/quarantine.drop": "a command that is given again",
    "storage/events/quarantine.requeue": "a command that is given again",
}
