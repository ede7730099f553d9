"""All functions are pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    # Events in the month.
    FLOW = "flow"
    # The state at the end of the month.
    STOCK = "stock"
    # Whole days that a wait took which ended in the month. The kinds of a wait are bands of days.
    WAIT = "wait"


class Figure(StrEnum):
    """The codes are published, so no code may ever change."""

    MIGRATED_UNCONFIRMED = "migrated_unconfirmed"
    RESTRICTED_WHILE_OPEN = "restricted_while_open"
    PAST_DATE_UNCONFIRMED = "past_date_unconfirmed"
    CASES_OPENED = "cases_opened"
    CASES_OPEN = "cases_open"
    WAIT_TO_ACKNOWLEDGEMENT = "wait_to_acknowledgement"
    WAIT_TO_CONFIRMATION = "wait_to_confirmation"
    NOTICE_LEAD = "notice_lead"
    CONFIRMATIONS = "confirmations"
    HOLDS = "holds"
    POST_CHECKS_DUE = "post_checks_due"
    POST_CHECKS_DONE = "post_checks_done"
    NOBODY_TOLD = "nobody_told"
    DRILLS_HELD = "drills_held"
    DRILLS = "drills"
    REGISTER_ENTRIES = "register_entries"
    AGREEMENTS = "agreements"
    FEEDS = "feeds"
    IDENTIFICATION = "identification"


@dataclass(frozen=True, slots=True)
class Definition:
    figure: Figure
    title: str
    kind: Kind
    counts: str
    rule: str
    # The property that the kinds distinguish. Empty if the figure has no kinds.
    kinds_are: str = ""
    # The codes of the kinds in the order shown. Empty if there are too many to list.
    kinds: tuple[str, ...] = ()
    # The figure of which this figure counts a part. The rest of that other figure must not reveal a small count either.
    part_of: Figure | None = None
    # A figure that is shown beside this one as its denominator, although this one counts no exact part of it.
    beside: Figure | None = None
    # The other figure that counts the same cases. Which counts are withheld is decided for both figures together.
    counted_as: Figure | None = None
    # The tables that show the figure, besides the national total.
    by: tuple[str, ...] = ("council", "provider")
    # True if the figure counts people or their lines, so that small counts are withheld.
    of_people: bool = True

    @property
    def out_of(self) -> Figure | None:
        return self.part_of or self.beside


# A notice with fewer days than this to its harmful day is shown as late (our own choice).
LATE_DAYS: Final = 56

# A register entry not confirmed for this many days is stale (our own choice).
STALE_DAYS: Final = 365

# A feed that sent nothing for this many days is silent (our own choice).
SILENT_DAYS: Final = 31

# Medians are shown of at least this many waits (our own choice).
SMALLEST_WAITS: Final = 10

# The bands in which waits are shown, each with its last day (our own choice).
BANDS: Final = (
    (2, "0_to_2_days"),
    (7, "3_to_7_days"),
    (14, "8_to_14_days"),
    (28, "15_to_28_days"),
    (56, "29_to_56_days"),
    (None, "over_56_days"),
)

BAND_NAMES: Final = tuple(name for _, name in BANDS)

CHARTER_2: Final = (
    "PSTN charter (December 2023), commitment 2: nobody with telecare is migrated until a compatible and functioning "
    "telecare solution is confirmed"
)
FINE: Final = "Ofcom's decision on Virgin Media (December 2025)"
# Drills are policy of the deployment [P].
OWN_PROPOSAL: Final = "no source prescribes a drill"
CHECKLIST: Final = "Non-voluntary migration checklist (18 November 2024)"

# In the order in which they are shown.
DEFINITIONS: Final = (
    Definition(
        Figure.MIGRATED_UNCONFIRMED,
        "Migrated unconfirmed",
        Kind.FLOW,
        "Cases whose line was migrated while no compatible and functioning telecare solution had been confirmed.",
        CHARTER_2,
        # Every such case also counts in the other figure, so a reader can compute the difference.
        part_of=Figure.POST_CHECKS_DUE,
    ),
    Definition(
        Figure.RESTRICTED_WHILE_OPEN,
        "Restricted while open",
        Kind.FLOW,
        "Cases whose line was restricted while nobody had confirmed that the resident was safe.",
        f"{FINE}: customers who did not respond were disconnected",
    ),
    Definition(
        Figure.PAST_DATE_UNCONFIRMED,
        "Past the date without confirmation",
        Kind.STOCK,
        "Cases whose earliest harmful day had passed at the end of the month, without a confirmation, a confirmed hold "
        "or a withdrawn notice.",
        CHARTER_2,
        part_of=Figure.CASES_OPEN,
    ),
    Definition(
        Figure.CASES_OPENED,
        "Cases opened",
        Kind.FLOW,
        "Register entries for which a line at risk was found for the first time.",
        "Telecare National Action Plan (February 2025), outcome 1",
        beside=Figure.REGISTER_ENTRIES,
    ),
    Definition(
        Figure.CASES_OPEN,
        "Cases at risk",
        Kind.STOCK,
        "Cases at the end of the month in which nobody was yet safe: no confirmation or confirmed hold, or the line "
        "had moved and its test call was still owed.",
        "Telecare National Action Plan (February 2025), outcome 1",
        kinds_are="where the case stood",
        beside=Figure.REGISTER_ENTRIES,
    ),
    Definition(
        Figure.WAIT_TO_ACKNOWLEDGEMENT,
        "Wait until a named person acted",
        Kind.WAIT,
        "Days from when the provider issued the notice until a named person first acted on the case: acknowledged an "
        "alert, or recorded a step. Counted from the issue, so that the provider's delay and the council's are one "
        "combined wait.",
        f"{FINE}: customers who did not respond were disconnected",
        kinds_are="how long it took",
        kinds=BAND_NAMES,
    ),
    Definition(
        Figure.WAIT_TO_CONFIRMATION,
        "Wait until confirmed safe",
        Kind.WAIT,
        "Days from when the provider issued the notice to the first confirmation of a compatible and functioning "
        "telecare solution.",
        CHARTER_2,
        kinds_are="how long it took",
        kinds=BAND_NAMES,
        counted_as=Figure.CONFIRMATIONS,
    ),
    Definition(
        Figure.NOTICE_LEAD,
        "How early notices came",
        Kind.FLOW,
        f"New notices accepted, by how long before their earliest harmful day they reached us. Late is under "
        f"{LATE_DAYS} days; no source prescribes a number.",
        f"{CHECKLIST}: customers are contacted well in advance",
        kinds_are="how early the notice came",
        kinds=("past", "late", "in_time", "without_a_date"),
        by=("provider",),
    ),
    Definition(
        Figure.CONFIRMATIONS,
        "Confirmations",
        Kind.FLOW,
        "Cases in which a compatible and functioning telecare solution was confirmed for the first time, by who "
        "confirmed it.",
        CHARTER_2,
        kinds_are="who confirmed",
        kinds=("provider", "customer", "telecare_company"),
    ),
    Definition(
        Figure.HOLDS,
        "Holds asked for, granted and refused",
        Kind.FLOW,
        "What became of holds of a migration: each request by a council, and each answer by a provider. The total "
        "counts requests and answers together.",
        f"{CHECKLIST}; the pause of December 2023",
        kinds_are="what was asked or answered",
        kinds=("asked", "granted", "refused"),
    ),
    Definition(
        Figure.POST_CHECKS_DUE,
        "Checks after migration fallen due",
        Kind.FLOW,
        "Cases whose line was migrated, so that a test call after the migration fell due.",
        "Prove Telecare (September 2025)",
    ),
    Definition(
        Figure.POST_CHECKS_DONE,
        "Checks after migration done",
        Kind.FLOW,
        "Cases whose test call after the migration reached the alarm receiving centre.",
        "Prove Telecare (September 2025)",
    ),
    Definition(
        Figure.NOBODY_TOLD,
        "Alerts that reached nobody",
        Kind.FLOW,
        "Alerts for which nobody of the council could be told.",
        f"{FINE}: customers who did not respond were disconnected",
        by=("council",),
    ),
    Definition(
        Figure.DRILLS_HELD,
        "Councils that had a drill",
        Kind.FLOW,
        "Councils that had the drill of the month, which asks their people for an answer. Councils are no people, so "
        "none is withheld.",
        OWN_PROPOSAL,
        by=("council",),
        of_people=False,
    ),
    Definition(
        Figure.DRILLS,
        "Drills, answered and not",
        Kind.FLOW,
        "Monthly drills that were over in the month: a person of the council answered within one working day, later, "
        "or nobody did until the links ended. Councils are no people, so none is withheld.",
        OWN_PROPOSAL,
        kinds_are="whether somebody answered",
        kinds=("within_a_working_day", "later", "not_at_all"),
        beside=Figure.DRILLS_HELD,
        by=("council",),
        of_people=False,
    ),
    Definition(
        Figure.REGISTER_ENTRIES,
        "Register entries, fresh and stale",
        Kind.STOCK,
        f"Live register entries at the end of the month. Stale: not confirmed for {STALE_DAYS} days, or never; no "
        "source prescribes a number.",
        f"{CHECKLIST}: data-sharing with every local authority",
        kinds_are="whether somebody confirmed them lately",
        kinds=("fresh", "stale"),
        by=("council",),
    ),
    Definition(
        Figure.AGREEMENTS,
        "Councils covered by an agreement",
        Kind.STOCK,
        "Councils at the end of the month, by the data-sharing agreements that their register entries name: one is in "
        "force, all have expired, or none is named. They are no people, so none is withheld.",
        f"{CHECKLIST}: data-sharing agreements with every local authority",
        kinds_are="whether an agreement is in force",
        kinds=("in_force", "expired", "none_named"),
        by=("council",),
        of_people=False,
    ),
    Definition(
        Figure.FEEDS,
        "Feeds, heard and silent",
        Kind.STOCK,
        f"Councils and providers that take part at the end of the month. Silent: not heard for {SILENT_DAYS} days, or "
        "never; no source prescribes a number. They are no people, so none is withheld.",
        f"{CHECKLIST}: data-sharing agreements with every local authority",
        kinds_are="whether it was heard lately",
        kinds=("heard", "silent"),
        of_people=False,
    ),
    Definition(
        Figure.IDENTIFICATION,
        "Who knew of the alarm",
        Kind.STOCK,
        "Lines matched at the end of the month that a register says carry an alarm, by whether the provider's own "
        "notice said so.",
        f"{FINE}: telecare users were not identified and recorded",
        kinds_are="who knew",
        kinds=("known_to_provider", "council_only"),
    ),
)

DEFINED: Final = {definition.figure: definition for definition in DEFINITIONS}
