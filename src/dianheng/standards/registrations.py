"""What this app tells the others at start: names of actions, things to do, a figure."""

from django.utils.translation import gettext_lazy

from dianheng.common.actions import register_actions
from dianheng.common.figures import register_figure
from dianheng.common.ticks import register_tick
from dianheng.common.todo import register_todo

from .figures import standards_in_time
from .services import reminders_tick
from .todo import papers_due, reminders, sendouts, sendouts_soon

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
        "installation.unequip": gettext_lazy("Take a standard out of a measuring standard"),
        "outside.save": gettext_lazy("Record a standard of another body"),
        "paper.withdraw": gettext_lazy("Withdraw a paper of the laboratory"),
        "reminder.acknowledge": gettext_lazy("Acknowledge reminders"),
        "reminder.raise": gettext_lazy("Raise reminders"),
        "sendout.agree": gettext_lazy("Agree a plan of send-outs"),
        "sendout.cancel": gettext_lazy("Cancel a send-out"),
        "sendout.correct": gettext_lazy("Correct when a send-out left"),
        "sendout.costs": gettext_lazy("Enter costs of a send-out"),
        "sendout.drop": gettext_lazy("Take a line off a plan of send-outs"),
        "sendout.hand_over": gettext_lazy("Hand standards over to a higher body"),
        "sendout.list": gettext_lazy("List standards for a send-out"),
        "sendout.lost": gettext_lazy("Report a standard lost on the way"),
        "sendout.plan": gettext_lazy("Draw up a plan of send-outs"),
        "sendout.plan_edit": gettext_lazy("Edit a plan of send-outs"),
        "sendout.receive": gettext_lazy("Take standards in from a higher body"),
        "sendout.reopen": gettext_lazy("Open a plan of send-outs again"),
        "sendout.scan": gettext_lazy("Scan standards of a send-out"),
        "sendout.take_off": gettext_lazy("Take a standard off a send-out"),
        "standard.test": gettext_lazy("Record a test of a measuring standard"),
        "standard.certify": gettext_lazy("Record the certificate of a standard"),
    }
)
register_todo(reminders)
register_todo(sendouts)
register_todo(sendouts_soon, counts=False)
register_todo(papers_due, counts=False)
register_tick("standards.reminders", 600, reminders_tick)
register_figure(50, standards_in_time)
