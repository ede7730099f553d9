"""Refuses unknown query parameters, because a misspelt filter must not be ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from starlette.datastructures import QueryParams

from services.web.problems import ProblemError, ProblemType, capped_faults, shown_field


def refuse_unknown_parameters(request: Request) -> None:
    """Raises ProblemError 422 if a query parameter is unknown or repeated."""
    if not request.query_params:
        return
    faults = list(_faults(request.query_params, dict(_parameters(request.scope["route"].dependant))))
    if faults:
        detail = "this address does not take these query parameters: see `faults`"
        raise ProblemError(422, ProblemType.INVALID_REQUEST, detail, faults=capped_faults(faults))


def _parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    # Each name, and True if the parameter may be given several times.
    for one in dependant.query_params:
        yield one.alias, _is_list(one.field_info.annotation)
    for below in dependant.dependencies:
        yield from _parameters(below)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(_is_list(one) for one in get_args(annotation))


def _faults(given: QueryParams, known: Mapping[str, bool]) -> Iterator[dict[str, str]]:
    names = [name for name, _ in given.multi_items()]
    for name in dict.fromkeys(names):
        if name not in known:
            there = f"there are: {', '.join(sorted(known))}" if known else "this address takes none"
            yield _fault(name, f"there is no such query parameter; {there}")
        elif not known[name] and names.count(name) > 1:
            yield _fault(name, "this parameter is given more than once")


def _fault(name: str, reason: str) -> dict[str, str]:
    return {"field": shown_field(["query", name]), "reason": reason}
