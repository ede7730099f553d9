"""What each event must carry before it may change a case: who, when, and the evidence.

Every model is closed and cannot change. Stored as JSON. Errors name the field, the reason and the remedy;
use `errors(include_input=False)` where they leave the process.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from schemas.times import Day, Moment
from services.alerts.states.machine_states import Event
from services.core.plausible_days import EARLIEST, LATEST, is_plausible
from services.core.texts import Closed, Label, Note, PersonName, Reference


class ContactMethod(StrEnum):
    """How a resident was reached: the forms of the non-voluntary migration checklist (18 November 2024)."""

    LETTER = "letter"
    EMAIL = "email"
    SMS = "sms"
    CALL = "call"
    DOOR = "door"


class SolutionKind(StrEnum):
    """What now carries the alarm."""

    DIGITAL = "digital"
    CONVERTER_INTERIM = "converter_interim"
    EXISTING_DEVICE_PROVED = "existing_device_proved"
    NOT_LINE_DEPENDENT = "not_line_dependent"
    PDPL = "pdpl"


class ConfirmingParty(StrEnum):
    """Who may confirm a compatible and functioning solution (PSTN charter, commitment 2)."""

    PROVIDER = "provider"
    CUSTOMER = "customer"
    TELECARE_COMPANY = "telecare_company"


def _plausible(day: date) -> date:
    if not is_plausible(day):
        raise ValueError(f"is not between {EARLIEST.year} and {LATEST.year}: check the year")
    return day


# A day that can be meant: a hold that ends in 2926 would stop the clock for good.
NearDay = Annotated[Day, AfterValidator(_plausible)]


# A provider's four-letter RCPID.
ProviderCode = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{4}$")]


class Record(Closed):
    """What an event carries. By itself: nothing, for an event that only says that a time has come."""


class HumanAct(Record):
    """Something a named person did; `by` is that person."""

    by: PersonName
    note: Note | None = None


class ContactResident(HumanAct):
    method: ContactMethod


class BookVisit(HumanAct):
    visit_on: NearDay


class FitSolution(HumanAct):
    """A solution at the home.

    A converter is an interim and needs the day of its re-test; an exchange-based line (PDPL) needs the day
    on which it is looked at again. No other kind has such a day.
    """

    kind: SolutionKind
    retest_on: NearDay | None = None
    review_on: NearDay | None = None

    @property
    def due_again_on(self) -> date | None:
        """The day on which an interim solution must be looked at again; None for a lasting one."""
        return self.retest_on or self.review_on

    @model_validator(mode="after")
    def _interim_has_its_day(self) -> Self:
        if (self.retest_on is not None) != (self.kind is SolutionKind.CONVERTER_INTERIM):
            raise ValueError("retest_on: a converter needs the day of its re-test; give it for a converter only")
        if (self.review_on is not None) != (self.kind is SolutionKind.PDPL):
            raise ValueError("review_on: an exchange-based line needs a review day; give it for such a line only")
        return self


class PassTest(HumanAct):
    """A test call that reached the alarm receiving centre: which one, when, and who tested."""

    arc_name: Label
    at: Moment
    tested_by: PersonName


class FailTest(HumanAct):
    """A test call that did not work; `arc_name` is None when it reached no centre."""

    at: Moment
    tested_by: PersonName
    arc_name: Label | None = None


class ConfirmSafe(HumanAct):
    """A compatible and functioning telecare solution, confirmed (PSTN charter, commitment 2).

    `told_provider_at`: when the provider was told, which is evidence under General Condition C5; None only
    when the provider itself confirms.
    """

    party: ConfirmingParty
    evidence: Note
    told_provider_at: Moment | None = None

    @model_validator(mode="after")
    def _the_provider_knows(self) -> Self:
        if self.told_provider_at is None and self.party is not ConfirmingParty.PROVIDER:
            raise ValueError("told_provider_at: is missing; tell the provider, and give the date and time")
        return self


class ConfirmHold(HumanAct):
    """The provider's promise not to touch the line up to and including `ends_on`, under its own reference."""

    provider_reference: Reference
    ends_on: NearDay
    provider: ProviderCode | None = None
    """Whose hold it is; needed where lines of several providers are at risk. It holds no other provider's line."""
    more_than_a_year: bool = False
    """Says that an end more than a year ahead is meant."""


class PortLine(HumanAct):
    """A person says that the number has gone from one provider to another: the first one's notices are void."""

    from_provider: ProviderCode
    to_provider: ProviderCode | None = None


class RefuseHold(HumanAct):
    provider_reference: Reference | None = None


class RejectMatch(HumanAct):
    """A person says that this line is not this resident's."""

    reason: Note


class LineFact(Record):
    """Something that happened to the line; `happened_on` is None when the provider gave no day."""

    happened_on: date | None = None


class EndService(Record):
    """The register says that the telecare service has ended."""

    ended_on: date | None = None


class MoveDate(Record):
    """The harmful day before and after; None: not known."""

    harm_on: date | None
    was: date | None = None


RECORD_FOR: dict[Event, type[Record]] = {
    Event.ACKNOWLEDGE: HumanAct,
    Event.ACKNOWLEDGEMENT_LAPSED: Record,
    Event.CONTACT_RESIDENT: ContactResident,
    Event.BOOK_VISIT: BookVisit,
    Event.FIT_SOLUTION: FitSolution,
    Event.PASS_TEST: PassTest,
    Event.FAIL_TEST: FailTest,
    Event.CONFIRM_SAFE: ConfirmSafe,
    Event.FIND_NO_ACCESS: HumanAct,
    Event.DECLINE: HumanAct,
    Event.REQUEST_HOLD: HumanAct,
    Event.CONFIRM_HOLD: ConfirmHold,
    Event.REFUSE_HOLD: RefuseHold,
    Event.END_HOLD: Record,
    Event.REVIEW_DUE: Record,
    Event.RESTRICT_LINE: LineFact,
    Event.MIGRATE_LINE: LineFact,
    Event.REVERT_LINE: LineFact,
    Event.PASS_POST_CHECK: PassTest,
    Event.CLOSE: HumanAct,
    Event.REJECT_MATCH: RejectMatch,
    Event.END_SERVICE: EndService,
    Event.WITHDRAW_NOTICE: Record,
    Event.NEW_NOTICE: Record,
    Event.MATCH_SURER: Record,
    Event.CLAIM_LINE: LineFact,
    Event.LINE_AT_RISK: Record,
    Event.PORT_LINE: PortLine,
    Event.SETTLE_VERSIONS: HumanAct,
    Event.VERSIONS_DIFFER: Record,
    Event.CORRECT_CLOCK: Record,
    Event.MOVE_DATE_EARLIER: MoveDate,
    Event.MOVE_DATE_LATER: MoveDate,
}
