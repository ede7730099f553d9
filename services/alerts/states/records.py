"""What each event must carry before it may change a case: who, when, and the evidence.

Every model is closed and cannot change. Stored as JSON. Errors name the field, the reason and the remedy;
use `errors(include_input=False)` where they leave the process.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from schemas.codes import CaseEvent
from schemas.times import Day, Moment
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


RECORD_FOR: dict[CaseEvent, type[Record]] = {
    CaseEvent.ACKNOWLEDGE: HumanAct,
    CaseEvent.ACKNOWLEDGEMENT_LAPSED: Record,
    CaseEvent.CONTACT_RESIDENT: ContactResident,
    CaseEvent.BOOK_VISIT: BookVisit,
    CaseEvent.FIT_SOLUTION: FitSolution,
    CaseEvent.PASS_TEST: PassTest,
    CaseEvent.FAIL_TEST: FailTest,
    CaseEvent.CONFIRM_SAFE: ConfirmSafe,
    CaseEvent.FIND_NO_ACCESS: HumanAct,
    CaseEvent.DECLINE: HumanAct,
    CaseEvent.REQUEST_HOLD: HumanAct,
    CaseEvent.CONFIRM_HOLD: ConfirmHold,
    CaseEvent.REFUSE_HOLD: RefuseHold,
    CaseEvent.END_HOLD: Record,
    CaseEvent.REVIEW_DUE: Record,
    CaseEvent.RESTRICT_LINE: LineFact,
    CaseEvent.MIGRATE_LINE: LineFact,
    CaseEvent.REVERT_LINE: LineFact,
    CaseEvent.PASS_POST_CHECK: PassTest,
    CaseEvent.CLOSE: HumanAct,
    CaseEvent.REJECT_MATCH: RejectMatch,
    CaseEvent.END_SERVICE: EndService,
    CaseEvent.WITHDRAW_NOTICE: Record,
    CaseEvent.NEW_NOTICE: Record,
    CaseEvent.MATCH_SURER: Record,
    CaseEvent.CLAIM_LINE: LineFact,
    CaseEvent.LINE_AT_RISK: Record,
    CaseEvent.PORT_LINE: PortLine,
    CaseEvent.SETTLE_VERSIONS: HumanAct,
    CaseEvent.VERSIONS_DIFFER: Record,
    CaseEvent.CORRECT_CLOCK: Record,
    CaseEvent.MOVE_DATE_EARLIER: MoveDate,
    CaseEvent.MOVE_DATE_LATER: MoveDate,
}
