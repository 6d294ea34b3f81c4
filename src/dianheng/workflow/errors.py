"""What can be wrong with a pack, and with a step.

WorkflowError
├── WrongExpression     no expression of a pack, or it cannot be worked out with these data
├── NoDiagram           no BPMN that can be run
├── NoPack              the folder is no pack that can be read
└── StepGone            the step is not open: somebody was faster, or it was sent back
"""


class WorkflowError(ValueError):
    """The text says what is wrong."""


class WrongExpression(WorkflowError):  # noqa: N818 - the name is the sentence
    """No expression of a pack, or it cannot be worked out with these data."""


class NoDiagram(WorkflowError):  # noqa: N818 - the name is the sentence
    """The file is no BPMN that can be run."""


class NoPack(WorkflowError):  # noqa: N818 - the name is the sentence
    """The folder is no pack that can be read."""


class StepGone(WorkflowError):  # noqa: N818 - the name is the sentence
    """The step is not open: somebody was faster, or it was sent back."""
