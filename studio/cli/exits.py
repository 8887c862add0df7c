"""What does an exit code say? As `studio --help` has it."""

from __future__ import annotations

from typing import Final

OK: Final = 0
RUN_FAILED: Final = 1
BAD_USAGE: Final = 2
PROBLEMS: Final = 3
CANCELLED: Final = 130
