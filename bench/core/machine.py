"""The machine that figures belong to."""

import os
import platform
from pathlib import Path
from typing import Any


def machine(server_version: str) -> dict[str, Any]:
    """CPU, cores, memory, versions."""
    return {
        "cpu": cpu_model(), "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(terse=True), "python": platform.python_version(),
        "postgresql": server_version,
    }  # fmt: skip


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def load_average() -> float:
    return round(os.getloadavg()[0], 2)
