"""Findings in words, for the command."""

from collections.abc import Iterable

from .check import GENUINE, WHERE, Finding, Report
from .rework import Line
from .texts import names, said, words


def finding_in_words(finding: Finding, lang: str) -> str:
    """One finding as a sentence."""
    facts, table = dict(finding.facts), words()[lang]
    if "item" in facts:
        facts["item"] = _named([facts["item"], *facts.get("where", "").split(WHERE)], lang)
    for name in ("stated", "found"):
        if name in facts:
            facts[name] = table.get(facts[name], facts[name])
    if "what" in facts:
        facts["what"] = table[f"what_{facts['what']}"]
    return said(finding.code, lang, **facts)


def _named(codes: Iterable[str], lang: str) -> str:
    return " ".join(filter(None, (names()[lang].get(code, code) for code in codes)))


def line_in_words(line: Line, lang: str) -> str:
    """One line of the rework: readings → mean → rounded → limit → conclusion."""
    table = words()[lang]
    mark = "·" if line.is_stated else "!" if line.differences else "="
    seen = [
        f"{table.get(f'fact_{name}', name)} {table.get(f'said_{value}', value)}"
        for name, value in line.facts
    ]
    count = line.first_count or len(line.readings)
    first, further = " ".join(line.readings[:count]), " ".join(line.readings[count:])
    if further:
        further = f"{table['col_further']} {further}"
    steps = ["; ".join(filter(None, (*seen, first, further)))]
    if not line.is_stated:
        steps.append(line.mean)
        if line.interval:
            steps.append(f"{line.rounded} ({line.interval})")
        steps.append(f"±{line.limit} {line.unit}".rstrip())
    steps.append(table.get(line.conclusion, line.conclusion))
    where = _named((line.item, *line.where), lang)
    return f"{mark} {where}: {' → '.join(filter(None, steps))}"


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
    if report.lines:
        lines += ["", table["worked_out"]]
        lines += [f"  {line_in_words(line, lang)}" for line in report.lines]
    if report.chain:
        lines += ["", table["chain"]]
        lines += [
            "  "
            + said(
                "chain_link",
                lang,
                standard=link.standard,
                certificate=link.certificate_no,
                through=link.valid_through or table["none"],
                above=" ".join(filter(None, (link.traced_to, link.kept_by))),
                national=table["chain_national"] if link.is_national else "",
            ).rstrip()
            for link in report.chain
        ]
    return lines
