from __future__ import annotations

from typing import Final

BEGIN: Final = "<!-- generated: begin -->"
END: Final = "<!-- generated: end -->"


def with_generated(page: str, content: str) -> str:
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs a line {BEGIN} and a line {END}")
    return f"{before}{BEGIN}\n\n{content}\n\n{END}{after}"
