"""Writes of processes."""

from . import called  # noqa: F401  what packs may call
from .catalogue import (
    catalogue_check,
    catalogue_receive,
    catalogue_take,
    marked_catalogue,
)
from .decisions import (
    Decided,
    guard_alike,
    task_complete,
    task_refusal,
    tasks_decide,
)
from .duties import duty_accept, wide_accept
from .events import late_tick, message_receive, starts_tick, timers_tick
from .instances import instance_start, instance_suspend, instance_withdraw, note_add
from .packs import lane_posts_set, pack_bring_into_force, pack_load, pack_switch
from .remarks import remark_add, remarks_revise
from .tasks import (
    draft_keep,
    task_ask,
    task_claim,
    task_guard,
    task_hand_over,
    task_release,
    task_send_back,
    task_urge,
    tasks_doable,
)
from .versions import instance_migrate
from .watches import instance_watch

__all__ = [
    "Decided",
    "catalogue_check",
    "catalogue_receive",
    "catalogue_take",
    "draft_keep",
    "duty_accept",
    "guard_alike",
    "instance_migrate",
    "instance_start",
    "instance_suspend",
    "instance_watch",
    "instance_withdraw",
    "lane_posts_set",
    "late_tick",
    "marked_catalogue",
    "message_receive",
    "note_add",
    "pack_bring_into_force",
    "pack_load",
    "pack_switch",
    "remark_add",
    "remarks_revise",
    "starts_tick",
    "task_ask",
    "task_claim",
    "task_complete",
    "task_guard",
    "task_hand_over",
    "task_refusal",
    "task_release",
    "task_send_back",
    "task_urge",
    "tasks_decide",
    "tasks_doable",
    "timers_tick",
    "wide_accept",
]
