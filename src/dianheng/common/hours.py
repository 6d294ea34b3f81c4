"""Hours of the clock in which people work: office hours of time limits, usual hours of changes."""

import re
from dataclasses import dataclass
from datetime import time

SPAN = re.compile(r"(\d{1,2}:\d{2})[-–—~～](\d{1,2}:\d{2})")


@dataclass(frozen=True)
class OfficeHours:
    """When people work on a working day: spans of the clock, in order, not overlapping."""

    spans: tuple[tuple[time, time], ...]

    @classmethod
    def parse(cls, text: str) -> "OfficeHours":
        """Read hours as people write them.

        Raises:
            ValueError: no span, no time of day, or spans that overlap or run backwards.

        >>> str(OfficeHours.parse("8:30-12:00，13:30-18:00"))
        '08:30–12:00, 13:30–18:00'
        """
        spans: list[tuple[time, time]] = []
        for part in re.split("[,，、;；]", text.replace(" ", "").replace("：", ":")):
            found = SPAN.fullmatch(part)
            if found is None:
                raise ValueError(text)
            first, last = (time.fromisoformat(each.zfill(5)) for each in found.groups())
            if first >= last or (spans and spans[-1][1] > first):
                raise ValueError(text)
            spans.append((first, last))
        return cls(tuple(spans))

    def __str__(self) -> str:
        return ", ".join(f"{first:%H:%M}–{last:%H:%M}" for first, last in self.spans)

    def covers(self, clock: time) -> bool:
        """Whether a time of day lies in one of the spans; the end of a span is outside.

        >>> OfficeHours.parse("08:30–12:00").covers(time(12, 0))
        False
        """
        return any(first <= clock < last for first, last in self.spans)
