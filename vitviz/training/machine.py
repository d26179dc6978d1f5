"""Which machine a time was measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import tensorflow as tf

# flags of a processor and what they are called, the widest vectors first
VECTORS = (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("avx", "AVX"), ("sve", "SVE"), ("asimd", "NEON"))


def describe_machine() -> dict[str, str | int | float]:
    """Processor and its vectors, usable cores, memory in GB, operating system, versions that matter for speed."""
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
        if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names
        else 0.0,
        "os": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
    }


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    try:
        return processor(listing.read_text()) or platform.processor() or platform.machine()
    except OSError:  # another system
        return platform.processor() or platform.machine()


def processor(listing: str) -> str:
    """Name and widest vectors of the first processor in the text of `/proc/cpuinfo`; empty where it has no name.

    One name covers processors with and without AVX-512, and those differ twofold in speed.
    """
    first: dict[str, str] = {}
    for line in listing.splitlines():
        name, _, value = line.partition(":")
        first.setdefault(name.strip(), value.strip())
    flags = first.get("flags", first.get("Features", "")).split()
    widest = [words for flag, words in VECTORS if flag in flags][:1]
    return ", ".join([first["model name"], *widest]) if "model name" in first else ""
