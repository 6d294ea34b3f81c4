"""Rights of this app."""

from django.utils.translation import gettext_lazy as _

from .registry import register_rights

RIGHTS = {
    "identity.view": _("See organisation and people"),
    "identity.organise": _("Change units, people and posts"),
    "identity.qualify": _("Keep qualifications"),
    "identity.delegate": _("Name a stand-in for others"),
    "identity.except": _("Grant exceptions of separation"),
    "identity.settings": _("Change settings of the company"),
    "audit.view": _("Read the audit trail"),
    "figures.view": _("See the figures of the units on the home page"),
    "jobs.view_all": _("See everybody's jobs"),
}
register_rights(RIGHTS)
