"""A business process as a folder: diagram, plan of its tasks, forms, texts.

process.bpmn     drawn in any BPMN 2.0 modeller; lanes are posts
pack.toml        what stands beside each task: form, time limit, service
forms/*.json     JSON Schema of each form
"""

from .check import Finding, check
from .pack import FormPlan, Lane, Pack, TaskPlan, read_pack

__all__ = ["Finding", "FormPlan", "Lane", "Pack", "TaskPlan", "check", "read_pack"]
