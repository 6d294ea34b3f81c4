"""What keeps a usage point from being closed, or from going to another unit: other apps say it.

register_point_hold(function)      function(point, closed_on) -> refusals; without a day it is asked
                                   whether the point may go to another unit
register_point_follower(function)  function(point): what is called after the point is written anew
"""

from collections.abc import Callable, Sequence
from datetime import date

from dianheng.common.errors import Refusal

from .models import UsagePoint

Hold = Callable[[UsagePoint, date | None], Sequence[Refusal]]
_holds: list[Hold] = []
_followers: list[Callable[[UsagePoint], None]] = []


def register_point_hold(hold: Hold) -> None:
    """Add reasons; called in `AppConfig.ready`."""
    _holds.append(hold)


def register_point_follower(follow: Callable[[UsagePoint], None]) -> None:
    """Add what is written with the point, in the same batch; called in `AppConfig.ready`."""
    _followers.append(follow)


def point_holds(point: UsagePoint, closed_on: date | None = None) -> list[Refusal]:
    """Everything that holds the point, each with the way out."""
    return [refusal for hold in _holds for refusal in hold(point, closed_on)]


def point_written(point: UsagePoint) -> None:
    """Bring along what is called after the point."""
    for follow in _followers:
        follow(point)
