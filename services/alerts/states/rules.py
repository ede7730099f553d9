"""If no rule applies, the line is at risk."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, Self, get_type_hints

from pydantic import Field, PrivateAttr, model_validator

from schemas.codes import (
    Connection,
    MatchDecision,
    MatchLevel,
    MigrationKind,
    NoticeStatus,
    ServiceStatus,
    TargetService,
)
from services.core.texts import Closed


@dataclass(frozen=True, slots=True)
class LineFacts:
    # Each fact is a code from `schemas.codes`.
    match_level: MatchLevel
    decision: MatchDecision
    notice_status: NoticeStatus
    migration_kind: MigrationKind
    target_service: TargetService
    service_status: ServiceStatus
    connection: Connection


_CODES = {field: frozenset(kind) for field, kind in get_type_hints(LineFacts).items()}


FOLDER = files("services.alerts.states") / "rulesets"


@dataclass(frozen=True, slots=True)
class Assessment:
    at_risk: bool
    rule_id: str
    why: str


class Verdict(Closed):
    # `why` tells an officer the reason.
    id: str
    at_risk: bool
    why: str
    source: str


class Rule(Verdict):
    # A rule applies if each field in `when` has one of the listed codes.
    when: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]

    @model_validator(mode="after")
    def _speaks_of_known_codes(self) -> Self:
        for field, codes in self.when.items():
            if not codes or not _CODES.get(field, frozenset()).issuperset(codes):
                raise ValueError(f"rule {self.id}: {field} is no field, or has a code that does not exist")
        return self

    def applies(self, facts: LineFacts) -> bool:
        return all(getattr(facts, field) in codes for field, codes in self.when.items())


class Otherwise(Verdict):
    # The line is at risk if no rule applies.
    at_risk: Literal[True]


class Ruleset(Closed):
    # `name` is the name of the file without `.json`.
    name: str
    title: str
    rules: tuple[Rule, ...]
    otherwise: Otherwise
    # The verdicts so far. There are few different facts, and a case may have thousands of lines.
    _known: dict[LineFacts, Assessment] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [rule.id for rule in self.rules] + [self.otherwise.id]
        if len(set(ids)) != len(ids):
            raise ValueError("two rules have the same id")
        return self


def assess(ruleset: Ruleset, facts: LineFacts) -> Assessment:
    known = ruleset._known.get(facts)  # noqa: SLF001 - the memory of this function
    if known is None:
        known = ruleset._known[facts] = _judged(ruleset, facts)  # noqa: SLF001
    return known


def _judged(ruleset: Ruleset, facts: LineFacts) -> Assessment:
    applying = (rule for rule in ruleset.rules if rule.applies(facts))
    verdict: Verdict = next(applying, ruleset.otherwise)
    return Assessment(at_risk=verdict.at_risk, rule_id=verdict.id, why=verdict.why)


@cache
def load_ruleset(name: str) -> Ruleset:
    """Raises LookupError if there is no such rule set."""
    source = FOLDER / f"{name}.json"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not source.is_file():
        raise LookupError("there is no rule set of this name: name one that comes with the product, such as pstn-2026")
    return Ruleset.model_validate_json(source.read_bytes())
