"""Menu entries, search and things to do of this app."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.actions import action_label, register_actions
from dianheng.common.menu import MenuEntry, register
from dianheng.common.pages import register_rights_source
from dianheng.common.search import AT_MOST, Hit, HitGroup, register_search
from dianheng.common.todo import SOON, TodoGroup, TodoItem, first_and_count, register_todo

from .models import Person, Qualification, SeparationException, Unit, UnusualChange
from .registry import all_rights
from .selectors import rights_of

RENEW_DAYS = 60

register_rights_source(all_rights, rights_of)
register_actions(
    {
        "access.clean_up": gettext_lazy("Clean up the security log"),
        "administrator.make": gettext_lazy("Make the first administrator"),
        "installation": gettext_lazy("Set the program up"),
        # The demo story is told by a command; only its entries of the trail are read here.
        "demo.areas": gettext_lazy("Demo: enter transformer areas"),
        "demo.chapter": gettext_lazy("Demo: tell a chapter of the story"),
        "demo.register": gettext_lazy("Demo: enter a block of the register"),
        "delegation.make": gettext_lazy("Name a stand-in"),
        "delegation.revoke": gettext_lazy("End a stand-in"),
        "person.activate": gettext_lazy("Switch a person on or off"),
        "person.make": gettext_lazy("Add a person"),
        "person.password": gettext_lazy("Change a password"),
        "post.define": gettext_lazy("Define a post"),
        "post.end": gettext_lazy("End a post"),
        "post.hold": gettext_lazy("Give a post"),
        "qualification.grant": gettext_lazy("Record a qualification"),
        "qualification.withdraw": gettext_lazy("Withdraw a qualification"),
        "separation.except": gettext_lazy("Grant an exception"),
        "signature.lock": gettext_lazy("Wrong passwords: signing rests"),
        "signature.refuse": gettext_lazy("Refuse a signature: wrong password"),
        "setting.change": gettext_lazy("Change a setting"),
        "token.make": gettext_lazy("Make a token"),
        "token.revoke": gettext_lazy("End a token"),
        "unit.make": gettext_lazy("Add a unit"),
        "unit.rename": gettext_lazy("Change a unit"),
        "unusual.acknowledge": gettext_lazy("Look at an unusual change"),
        "unusual.find": gettext_lazy("Find unusual changes"),
    }
)
register(
    MenuEntry("admin", gettext_lazy("Organisation"), "units", ("identity.view",), 10),
    MenuEntry("admin", gettext_lazy("People"), "people", ("identity.view",), 20),
    MenuEntry("admin", gettext_lazy("Posts and rights"), "posts", ("identity.view",), 30),
    MenuEntry("admin", gettext_lazy("Stand-ins"), "stand_ins", (), 40),
    MenuEntry("admin", gettext_lazy("Qualifications"), "qualifications", ("identity.view",), 50),
    MenuEntry(
        "admin", gettext_lazy("Exceptions of separation"), "exceptions", ("identity.view",), 60
    ),
    MenuEntry("admin", gettext_lazy("Settings"), "settings", ("identity.view",), 70),
    MenuEntry("admin", gettext_lazy("Audit trail"), "audit", ("audit.view",), 80),
    MenuEntry("admin", gettext_lazy("Daily log of master data"), "master_day", ("audit.view",), 82),
    MenuEntry("admin", gettext_lazy("Unusual changes"), "unusual_changes", ("audit.view",), 84),
    MenuEntry("admin", gettext_lazy("Security log"), "access_log", ("audit.view",), 86),
    MenuEntry("admin", gettext_lazy("Who was online"), "access_online", ("audit.view",), 88),
)


def find_people(request: HttpRequest, text: str) -> HitGroup | None:
    """People by name, pinyin, staff number or login."""
    if not request.rights.may("identity.view"):  # type: ignore[attr-defined]
        return None
    fits = Q(name__contains=text) | Q(person_no__startswith=text)
    fits |= Q(login__startswith=text.lower()) | Q(sort_key__startswith=text.lower())
    rows = Person.objects.filter(fits, is_system=False).select_related("unit")[:AT_MOST]
    hits = [
        Hit(p.name, reverse("person", args=[p.person_no]), f"{p.person_no} {p.unit or ''}")
        for p in rows
    ]
    return HitGroup(_("People"), hits, reverse("people"))


def find_units(request: HttpRequest, text: str) -> HitGroup | None:
    """Units by name or code."""
    if not request.rights.may("identity.view"):  # type: ignore[attr-defined]
        return None
    rows = Unit.objects.filter(Q(name__contains=text) | Q(code__startswith=text.upper()))[:AT_MOST]
    hits = [Hit(u.name, reverse("unit", args=[u.code]), u.get_kind_display()) for u in rows]
    return HitGroup(_("Organisation"), hits, reverse("units"))


def qualifications_to_renew(request: HttpRequest) -> Sequence[TodoGroup]:
    """My own that run out; all of the unit for who keeps them."""
    rights = request.rights  # type: ignore[attr-defined]
    today = timezone.localdate()
    wanted = Q(person_id=request.user.pk)
    for path in rights.paths("identity.qualify"):
        wanted |= Q(person__unit__path__startswith=path)
    rows = Qualification.objects.filter(
        wanted,
        withdrawn_on=None,
        person__is_active=True,
        valid_through__range=(today - timedelta(days=365), today + timedelta(days=RENEW_DAYS)),
    ).select_related("person")
    found, count = first_and_count(rows.order_by("valid_through"), 8)
    items = [
        TodoItem(
            q.number, reverse("qualification", args=[q.pk]),
            f"{q.person.name} · {q.get_kind_display()}", due_on=q.valid_through,
        )
        for q in found
    ]  # fmt: skip
    address = reverse("qualifications") + "?due=due&due=expired"
    return [TodoGroup(_("Qualifications to renew"), items, count, address, SOON)]


def exceptions_in_force(request: HttpRequest) -> Sequence[TodoGroup]:
    """For who reads the audit trail: where one person may do two steps, and until when."""
    rights = request.rights  # type: ignore[attr-defined]
    if not (rights.may("audit.view") and rights.may("identity.view")):
        return []
    units = Q(pk__in=[])
    for path in rights.paths("identity.view"):
        units |= Q(person__unit__path__startswith=path)
    rows = SeparationException.objects.filter(
        units, valid_through__gte=timezone.localdate()
    ).select_related("person")
    found, count = first_and_count(rows)
    items = [
        TodoItem(
            one.subject, reverse("exceptions"), f"{one.person.name} · {one.reason}",
            since=one.granted_at, due_on=one.valid_through,
        )
        for one in found
    ]  # fmt: skip
    title = _("Exceptions of separation in force")
    return [TodoGroup(title, items, count, reverse("exceptions"), SOON)]


def unusual_changes(request: HttpRequest) -> Sequence[TodoGroup]:
    """For who reads the audit trail: changes of others that nobody has looked at yet."""
    if not request.rights.may("audit.view"):  # type: ignore[attr-defined]
        return []
    mine = Q(batch__actor_id=request.user.pk) | Q(batch__acting_for_id=request.user.pk)
    rows = UnusualChange.objects.filter(acknowledged_at=None).exclude(mine).select_related("batch")
    found, count = first_and_count(rows.order_by("pk"))
    items = [
        TodoItem(
            str(action_label(one.batch.action)), reverse("unusual_change", args=[one.pk]),
            one.batch.actor_name, since=one.batch.began_at,
        )
        for one in found
    ]  # fmt: skip
    address = reverse("unusual_changes") + "?open=1"
    return [TodoGroup(_("Unusual changes of master data"), items, count, address)]


register_todo(exceptions_in_force)
register_todo(unusual_changes)
register_search(find_people)
register_search(find_units)
register_todo(qualifications_to_renew, counts=False)
