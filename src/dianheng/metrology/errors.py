"""What the rules refuse to answer.

MetrologyError
├── WrongValue      a value that no rule can take: not a number, out of range, unknown code
└── NoRule          the rule set has no row for what was asked
"""

from collections.abc import Mapping

from dianheng.metrology.words import said


class MetrologyError(ValueError):
    """A rule was asked something it cannot answer; `code` and `facts` say what."""

    def __init__(self, code: str, text: str, facts: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.facts: dict[str, str] = dict(facts or {})

    def said(self, language: str) -> str:
        """The reason in the language of who reads it.

        >>> NoRule("no_level", "not an inspection level", {"level": "IV"}).said("zh-hans")
        '检验水平不正确（检验水平：IV）'
        """
        return said(self.code, self.text, self.facts, language)


class WrongValue(MetrologyError):  # noqa: N818 - the name is the sentence
    """The value itself is wrong, whatever the rule set."""


class NoRule(MetrologyError):  # noqa: N818 - the name is the sentence
    """The value may be right, but this rule set says nothing about it."""
