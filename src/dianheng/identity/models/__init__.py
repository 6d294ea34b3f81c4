from .access import ApiToken, RequestResult, RightUse, SeparationException, Setting
from .access_log import AccessCleanUp, AccessEvent, TrailWatch, UnusualChange
from .audit import AuditBatch, AuditSeal, AuditStatement
from .organisation import Delegation, Person, Post, PostHolding, Qualification, Unit

__all__ = [
    "AccessCleanUp",
    "AccessEvent",
    "ApiToken",
    "AuditBatch",
    "AuditSeal",
    "AuditStatement",
    "Delegation",
    "Person",
    "Post",
    "PostHolding",
    "Qualification",
    "RequestResult",
    "RightUse",
    "SeparationException",
    "Setting",
    "TrailWatch",
    "Unit",
    "UnusualChange",
]
