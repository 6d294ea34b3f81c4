"""What this app tells the others at start: names of actions, things to do, a figure."""

from django.utils.translation import gettext_lazy

from dianheng.common.actions import register_actions
from dianheng.common.figures import register_figure
from dianheng.common.todo import register_todo

from .figures import standards_in_time
from .todo import papers_due

register_actions(
    {
        "authorisation.record": gettext_lazy("Record an authorisation"),
        "environment.set": gettext_lazy("Set bounds of the environment"),
        "installation.certify": gettext_lazy("Record an examination certificate"),
        "installation.equip": gettext_lazy("Add a standard to a measuring standard"),
        "installation.record": gettext_lazy("Record a measuring standard"),
        "installation.stop": gettext_lazy("Take a measuring standard out of use"),
        "paper.withdraw": gettext_lazy("Withdraw a paper of the laboratory"),
        "standard.certify": gettext_lazy("Record the certificate of a standard"),
    }
)
register_todo(papers_due, counts=False)
register_figure(50, standards_in_time)
