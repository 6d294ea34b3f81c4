"""What a certificate costs beside bare Typst; the bench prints the same with machine and size."""

import re
import subprocess
import sys

import pytest

from dianheng.documents.papers.measure import certificates, compose_times, peer_html

from .reading import text


@pytest.mark.slow
def test_a_batch_of_certificates_costs_little_more_than_typst_alone():
    ratios = []
    for _ in range(3):  # another load on the machine may spoil one
        times = compose_times(40)
        ratios.append(times["product"] / times["bare"])
        if ratios[-1] <= 1.2:
            return
    raise AssertionError(ratios)


def test_the_peer_gets_the_same_words():
    from dianheng.documents.papers.compose import compose

    paper = certificates(2)[1]
    page = re.sub(r"<[^>]*>|\s", "", peer_html(paper))
    made = text(compose("verification_certificate", paper))
    for fact in (paper.number, paper.device.bar_code, "计度器总电能示值组合误差", "DNJZ2026-00318"):
        assert fact in page
        assert fact in made


@pytest.mark.slow
def test_the_memory_of_a_run_does_not_grow_with_its_length():
    script = (
        "from pathlib import Path;"
        "from dianheng.documents.papers.compose import compose_run;"
        "from dianheng.documents.papers.measure import certificates;"
        "resident = lambda: int(Path('/proc/self/statm').read_text().split()[1]) * 4096;"
        "run = compose_run('verification_certificate', certificates(240), size=40);"
        "print(*[resident() for _ in run])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    sizes = [int(size) for size in told.stdout.split()]
    assert len(sizes) == 6
    assert max(sizes[3:]) < 1.15 * max(sizes[:3])
