"""Finds recipients of a route that Apprise misreads. For example, Apprise reads `o'brien@x` as `brien@x`."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from services.alerts.delivery.channels.library import NotifyBase, is_email
from services.alerts.delivery.channels.written import WrittenRoute

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_NUMBER = re.compile(r"\+?[0-9]{7,}")
_SHORTEST = 6  # digits without leading zeros; as only ends are compared, a shorter number would match too many
# Matches signs between digits, and a prefix that some services want, such as `sms:`.
_WITHIN_A_NUMBER = re.compile(r"^[A-Za-z]+:|[\s().+-]")

# Plugins of Apprise have no common attribute for their targets, so these are the names that they use.
_HOLDS_TARGETS = re.compile(r"_?(targets?(_[a-z]+)?|users|channels|phones?|emails)")
_HOLDS_A_SENDER = re.compile(r"source|from_[a-z]+|sender(_[a-z]+)?")
_HOLDS_WHAT_WAS_DROPPED = re.compile(r"_?invalid_[a-z]+")


def left_out(service: NotifyBase, written: WrittenRoute) -> bool:
    words = frozenset(_words(service, written))
    return (
        any(_held(service, _HOLDS_WHAT_WAS_DROPPED))
        or any(_is_misread(word) for word in words)
        or any(not _was_written(target, words, service, written) for target in targets_of(service))
    )


def names_nobody(service: NotifyBase, written: WrittenRoute) -> bool:
    # Without a target, a service sends to its own sender or to nobody.
    if any(_words(service, written)):
        return False
    senders, targets = _senders(service), targets_of(service)
    itself = any(
        _ADDRESS.fullmatch(target) or (_NUMBER.fullmatch(target) and _is_one_of(target, senders)) for target in targets
    )
    return itself or (bool(senders) and not targets and hasattr(service, "targets"))


def targets_of(service: NotifyBase) -> tuple[str, ...]:
    kept = (value for value in _held(service, _HOLDS_TARGETS) if isinstance(value, list | tuple | set | dict))
    return tuple(dict.fromkeys(text for value in kept for text in _texts(value)))


def _words(service: NotifyBase, written: WrittenRoute) -> Iterator[str]:
    yield from written.path
    for name, value in written.options.items():
        if name == "to" or service.template_args.get(name, {}).get("map_to") == "targets":
            yield value


def _is_misread(word: str) -> bool:
    # Some services parse an address only when they send, so the parser that they use is run now.
    found = is_email(word) if "@" in word[1:] else False  # type: ignore[no-untyped-call]
    return isinstance(found, dict) and found["full_email"] != word


def _was_written(target: str, words: frozenset[str], service: NotifyBase, written: WrittenRoute) -> bool:
    if _ADDRESS.fullmatch(target):
        return target in words
    if not _NUMBER.fullmatch(target) or _is_one_of(target, words):
        return True
    # Some services take the number from the host part: `service://number@…`. The number of a sender is no target.
    first = re.split("[@:/]", written.authority)
    return _is_one_of(target, first) and not _is_one_of(target, _senders(service))


def _is_one_of(target: str, words: Iterable[str]) -> bool:
    # The service may have added a country code in front of the number, so only the ends are compared.
    digits = target.lstrip("+")
    numbers = (_WITHIN_A_NUMBER.sub("", word).lstrip("0") for word in words)
    return any(number.isdigit() and len(number) >= _SHORTEST and digits.endswith(number) for number in numbers)


def _senders(service: NotifyBase) -> list[str]:
    return [text for value in _held(service, _HOLDS_A_SENDER) for text in _texts(value)]


def _held(service: NotifyBase, names: re.Pattern[str]) -> list[Any]:
    return [value for name, value in vars(service).items() if names.fullmatch(name)]


def _texts(value: Any) -> Iterator[str]:
    # The last item of a tuple is the target. The items before it are a name or a kind.
    if isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, tuple):
        yield from next((found for item in reversed(value) if (found := list(_texts(item)))), [])
    elif isinstance(value, list | set | frozenset):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
