"""Lists groups of case states."""
# Repeats the groups of the engine, because the watchdog shares no code with the engine.

from __future__ import annotations

from typing import Final

ENDED: Final = frozenset({"post_check_passed", "closed", "false_match", "service_ended", "notice_withdrawn"})

# In these states nobody is sent messages: the case is over, the resident is safe, or the provider holds the line.
SILENT: Final = ENDED | {"confirmed_safe", "hold_confirmed"}

# The line was moved or restricted while the resident was not safe.
URGENT: Final = frozenset({"line_restricted", "migrated_unconfirmed", "reverted"})

# The line has moved. The date of the move no longer sets the pace of the messages.
MOVED: Final = frozenset({"migrated", "migrated_unconfirmed"})

# In these states an interim solution is looked at again when its day comes.
LOOKED_AT_AGAIN: Final = frozenset({"confirmed_safe", "post_check_passed", "closed"})
