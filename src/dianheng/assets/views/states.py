"""The declared states of a device and the steps between them, drawn."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dianheng.common.pages import needs

from ..choices import STATE_TONE, DeviceState, Verb
from ..rules import TRANSITIONS

# Where each state stands in the picture: column, row.
DRAWN = {
    "on_order": (0, 0), "awaiting_acceptance": (1, 0), "returned_to_maker": (1, 2),
    "awaiting_verification": (2, 0), "in_verification": (3, 0), "unqualified": (3, 2),
    "outside_control": (3, 1), "qualified": (4, 0), "preallocated": (5, 1), "issued": (5, 0),
    "lent": (4, 1), "in_service": (6, 0), "removed": (6, 1), "suspended": (5, 2),
    "awaiting_scrap": (4, 2), "scrapped": (4, 3), "lost": (6, 3),
}  # fmt: skip
WIDTH, HEIGHT, STEP_X, STEP_Y = 118, 40, 150, 92


@needs("assets.view")
def states(request: HttpRequest) -> HttpResponse:
    """The declared list of states and steps, drawn."""
    boxes = [
        {"x": 10 + c * STEP_X, "y": 40 + r * STEP_Y, "label": DeviceState(s).label, "tone": STATE_TONE[DeviceState(s)]}
        for s, (c, r) in DRAWN.items()
    ]  # fmt: skip
    arrows = []
    rows = []
    for t in TRANSITIONS.values():
        rows.append(
            {
                "verb": Verb(t.verb).label,
                "sources": [
                    DeviceState(s).label if s else _("not in the register")
                    for s in sorted(t.sources)
                ],
                "target": DeviceState(t.target).label if t.target else _("stays"),
                "needs_reason": t.needs_reason,
            }
        )
        if t.target is None or len(t.sources) > 8:
            continue
        for source in sorted(t.sources - {""}):
            (a, b), (c, d) = DRAWN[source], DRAWN[t.target]
            arrows.append(_arrow(a, b, c, d, str(Verb(t.verb).label)))
    context = {
        "title": _("States of a device"), "boxes": boxes, "arrows": arrows, "rows": rows,
        "width": 20 + 7 * STEP_X, "height": 40 + 4 * STEP_Y, "box_width": WIDTH, "box_height": HEIGHT,
    }  # fmt: skip
    return render(request, "assets/states.html", context)


def _arrow(a: int, b: int, c: int, d: int, label: str) -> dict[str, Any]:
    x1, y1 = 10 + a * STEP_X + WIDTH / 2, 40 + b * STEP_Y + HEIGHT / 2
    x2, y2 = 10 + c * STEP_X + WIDTH / 2, 40 + d * STEP_Y + HEIGHT / 2
    if b == d:
        x1, x2 = (x1 + WIDTH / 2, x2 - WIDTH / 2) if c > a else (x1 - WIDTH / 2, x2 + WIDTH / 2)
    elif a == c:
        y1, y2 = (y1 + HEIGHT / 2, y2 - HEIGHT / 2) if d > b else (y1 - HEIGHT / 2, y2 + HEIGHT / 2)
    else:
        y1, y2 = (y1 + HEIGHT / 2, y2 - HEIGHT / 2) if d > b else (y1 - HEIGHT / 2, y2 + HEIGHT / 2)
    lift = -26 if b == d and abs(c - a) > 1 else (10 if c < a or d < b else 0)
    middle = f"{(x1 + x2) / 2:.0f} {(y1 + y2) / 2 + lift:.0f}"
    return {"path": f"M{x1:.0f} {y1:.0f} Q{middle} {x2:.0f} {y2:.0f}", "label": label}
