"""What this app tells the others at start: names of actions, things to do, a figure."""

from django.utils.translation import gettext_lazy

from dianheng.common.actions import register_actions
from dianheng.common.figures import register_figure
from dianheng.common.ticks import register_tick
from dianheng.common.todo import register_todo

from .figures import standards_in_time
from .services import reminders_tick
from .todo import papers_due, reminders

register_actions(
    {
        "authorisation.record": gettext_lazy("Record an authorisation"),
        "certificate.values": gettext_lazy("Enter the values of a certificate"),
        "environment.take_in": gettext_lazy("Take in records of the environment"),
        "environment.set": gettext_lazy("Set bounds of the environment"),
        "installation.certify": gettext_lazy("Record an examination certificate"),
        "installation.equip": gettext_lazy("Add a standard to a measuring standard"),
        "installation.record": gettext_lazy("Record a measuring standard"),
        "installation.stop": gettext_lazy("Take a measuring standard out of use"),
        "outside.save": gettext_lazy("Record a standard of another body"),
        "paper.withdraw": gettext_lazy("Withdraw a paper of the laboratory"),
        "reminder.acknowledge": gettext_lazy("Acknowledge reminders"),
        "reminder.raise": gettext_lazy("Raise reminders"),
        "standard.test": gettext_lazy("Record a test of a measuring standard"),
        "standard.certify": gettext_lazy("Record the certificate of a standard"),
    }
)
register_todo(reminders)
register_todo(papers_due, counts=False)
register_tick("standards.reminders", 600, reminders_tick)
register_figure(50, standards_in_time)
