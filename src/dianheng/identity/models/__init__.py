from .access import ApiToken, RequestResult, SeparationException, Setting
from .audit import AuditBatch, AuditSeal, AuditStatement
from .organisation import Delegation, Person, Post, PostHolding, Qualification, Unit

__all__ = [
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
    "SeparationException",
    "Setting",
    "Unit",
]
