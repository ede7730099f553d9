from __future__ import annotations

from justhtml import Comment, Element, JustHTML


def the_one(page: JustHTML, selector: str) -> Element | Comment:
    found = page.query_one(selector)
    assert found is not None, f"the page has no {selector}"
    return found


def attribute(element: Element | Comment, name: str) -> str:
    value = (element.attrs or {}).get(name)
    assert value is not None, f"<{element.name}> has no {name}"
    return value
