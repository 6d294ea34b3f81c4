from .audit import AuditBatch, AuditSeal, AuditStatement
from .organisation import Delegation, Person, Post, PostHolding, Qualification, Unit
from .access import ApiToken, RequestResult, SeparationException, Setting

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
