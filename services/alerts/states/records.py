"""Show a validation error only with `errors(include_input=False)`, because the input may identify a person."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from schemas.codes import CaseEvent
from schemas.times import Day, Moment
from services.core.days.plausible_days import EARLIEST, LATEST, is_plausible
from services.core.texts import Closed, Label, Note, PersonName, Reference


class ContactMethod(StrEnum):
    """A way to reach a resident.

    The values come from the non-voluntary migration checklist of 18 November 2024.
    """

    LETTER = "letter"
    EMAIL = "email"
    SMS = "sms"
    CALL = "call"
    DOOR = "door"


class SolutionKind(StrEnum):
    """The kind of solution that carries the alarm."""

    DIGITAL = "digital"
    CONVERTER_INTERIM = "converter_interim"
    EXISTING_DEVICE_PROVED = "existing_device_proved"
    NOT_LINE_DEPENDENT = "not_line_dependent"
    PDPL = "pdpl"


class ConfirmingParty(StrEnum):
    """A party that may confirm a compatible and functioning solution (PSTN charter, commitment 2)."""

    PROVIDER = "provider"
    CUSTOMER = "customer"
    TELECARE_COMPANY = "telecare_company"


def _plausible(day: date) -> date:
    if not is_plausible(day):
        raise ValueError(f"is not between {EARLIEST.year} and {LATEST.year}: check the year")
    return day


# A day in a plausible year: a hold that ends in 2926 by mistake would stop the clock for good.
NearDay = Annotated[Day, AfterValidator(_plausible)]


# A provider's four-letter RCPID.
ProviderCode = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{4}$")]


class Record(Closed):
    pass


class HumanAct(Record):
    """An act of a person. `by` is the name of the person."""

    by: PersonName
    note: Note | None = None


class ContactResident(HumanAct):
    method: ContactMethod


class BookVisit(HumanAct):
    visit_on: NearDay


class FitSolution(HumanAct):
    """A solution was fitted at the home.

    A converter needs `retest_on`, the day of the next test. An exchange-based line (PDPL) needs `review_on`, the day of
    the next review. Other kinds have neither day.
    """

    kind: SolutionKind
    retest_on: NearDay | None = None
    review_on: NearDay | None = None

    @property
    def due_again_on(self) -> date | None:
        """Return the day of the next test or review. Return None for a lasting solution."""
        return self.retest_on or self.review_on

    @model_validator(mode="after")
    def _interim_has_its_day(self) -> Self:
        if (self.retest_on is not None) != (self.kind is SolutionKind.CONVERTER_INTERIM):
            raise ValueError("retest_on: a converter needs the day of its re-test; give it for a converter only")
        if (self.review_on is not None) != (self.kind is SolutionKind.PDPL):
            raise ValueError("review_on: an exchange-based line needs a review day; give it for such a line only")
        return self


class PassTest(HumanAct):
    """A test call reached an alarm receiving centre (ARC). `arc_name` is the name of the centre."""

    arc_name: Label
    at: Moment
    tested_by: PersonName


class FailTest(HumanAct):
    """A test call did not work. `arc_name` is None if the call reached no alarm receiving centre."""

    at: Moment
    tested_by: PersonName
    arc_name: Label | None = None


class ConfirmSafe(HumanAct):
    """A person confirmed a compatible and functioning telecare solution (PSTN charter, commitment 2).

    `told_provider_at` is the time when the provider heard of the confirmation. The time is evidence for General
    Condition C5. Only a confirmation by the provider may leave out the time.
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
    """A provider promised not to change the line until after `ends_on`.

    `provider_reference` is the provider's own reference for the promise.
    """

    provider_reference: Reference
    ends_on: NearDay
    # The provider that holds its line. It is needed if lines of several providers are at risk.
    provider: ProviderCode | None = None
    # True if an end more than a year ahead is meant, and is no slip in the year.
    more_than_a_year: bool = False


class PortLine(HumanAct):
    """A person says that the number has moved to another provider.

    The notices of `from_provider` no longer apply to the line. A notice applies again if `from_provider` changes the
    notice later.
    """

    from_provider: ProviderCode
    to_provider: ProviderCode | None = None


class RefuseHold(HumanAct):
    provider_reference: Reference | None = None


class RejectMatch(HumanAct):
    """A person says that the matched line is not the line of this resident."""

    evidence: Note


class LineFact(Record):
    # `happened_on` is None if the provider gave no day.
    happened_on: date | None = None


class EndService(Record):
    """The register says that the telecare service has ended."""

    ended_on: date | None = None


class MoveDate(Record):
    # None means that the day is not known.
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
    CaseEvent.ACCEPT_CHANGES: HumanAct,
    CaseEvent.CHANGES_WAIT: Record,
    CaseEvent.CORRECT_CLOCK: Record,
    CaseEvent.MOVE_DATE_EARLIER: MoveDate,
    CaseEvent.MOVE_DATE_LATER: MoveDate,
}
