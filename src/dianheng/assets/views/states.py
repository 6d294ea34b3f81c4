"""The declared states of a device and the steps between them, drawn."""

import math
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
WIDTH, HEIGHT, STEP_X, STEP_Y = 112, 40, 170, 104


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
        "width": 20 + 6 * STEP_X + WIDTH, "height": 60 + 3 * STEP_Y + HEIGHT,
        "box_width": WIDTH, "box_height": HEIGHT,
    }  # fmt: skip
    return render(request, "assets/states.html", context)


def _arrow(a: int, b: int, c: int, d: int, label: str) -> dict[str, Any]:
    """A curve from edge to edge, bent to its left, so that there and back stand apart."""
    x1, y1 = 10 + a * STEP_X + WIDTH / 2, 40 + b * STEP_Y + HEIGHT / 2
    x2, y2 = 10 + c * STEP_X + WIDTH / 2, 40 + d * STEP_Y + HEIGHT / 2
    dx, dy = x2 - x1, y2 - y1
    length = math.hypot(dx, dy)
    bend = 20 + 0.16 * length
    side_x, side_y = dy / length * bend, -dx / length * bend
    middle = (x1 + x2) / 2 + side_x, (y1 + y2) / 2 + side_y
    start, end = _edge(x1, y1, *middle), _edge(x2, y2, *middle)
    points = (f"{x:.0f} {y:.0f}" for x, y in (start, middle, end))
    return {"path": "M{} Q{} {}".format(*points), "label": label}


def _edge(x: float, y: float, to_x: float, to_y: float) -> tuple[float, float]:
    """Where the way from the middle of a box to a point leaves the box."""
    dx, dy = to_x - x, to_y - y
    share = min(
        (WIDTH / 2 + 2) / abs(dx) if dx else math.inf,
        (HEIGHT / 2 + 2) / abs(dy) if dy else math.inf,
    )
    return x + dx * share, y + dy * share
