"""Writes of processes."""

from .instances import instance_start, instance_suspend, instance_withdraw, note_add, timers_tick
from .packs import lane_posts_set, pack_bring_into_force, pack_load, pack_switch
from .tasks import (
    draft_keep,
    task_claim,
    task_complete,
    task_hand_over,
    task_release,
    task_send_back,
    task_urge,
    tasks_doable,
)

__all__ = [
    "draft_keep",
    "instance_start",
    "instance_suspend",
    "instance_withdraw",
    "lane_posts_set",
    "note_add",
    "pack_bring_into_force",
    "pack_load",
    "pack_switch",
    "task_claim",
    "task_complete",
    "task_hand_over",
    "task_release",
    "task_send_back",
    "task_urge",
    "tasks_doable",
    "timers_tick",
]
