"""Findings in words, for the command."""

from .check import GENUINE, Finding, Report
from .texts import said, words


def finding_in_words(finding: Finding, lang: str) -> str:
    """One finding as a sentence."""
    return said(finding.code, lang, **finding.facts)


def report_in_words(report: Report, lang: str, *, of_file: bool = True) -> list[str]:
    """A report as lines: verdict, facts, findings with a mark each (+ good, ! bad, · told)."""
    table = words()[lang]
    verdict = "genuine_code" if report.verdict == GENUINE and not of_file else report.verdict
    lines = [table[verdict]]
    if report.facts:
        facts = report.facts
        subject = "lot" if facts.kind == "sampling_report" else "subject"
        through = facts.valid_through.isoformat() if facts.valid_through else table["none"]
        lines += [
            f"  {table['kind']}: {table[facts.kind]}",
            f"  {table['number']}: {facts.number}",
            f"  {table[subject]}: {facts.subject}",
            f"  {table['conclusion']}: {table[facts.conclusion]}",
            f"  {table['tested_on']}: {facts.tested_on}",
            f"  {table['valid_through']}: {through}",
        ]
    for finding in report.findings:
        mark = {True: "+", False: "!", None: "·"}[finding.is_good]
        lines.append(f"{mark} {finding_in_words(finding, lang)}")
    return lines
