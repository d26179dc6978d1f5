"""Words for times, states and numbers, the same wherever a training is spoken of. No Streamlit here."""

from __future__ import annotations

from vitviz.live import Job

LABELS = {"vit": "ViT", "fast": "fast ViT"}
STAGES = {
    "loading": "reading the pictures", "compile": "compiling", "evaluate": "evaluating on all pictures",
    "save": "saving the runs",
}  # fmt: skip


def state(job: Job) -> str:
    """One of the states that a visitor sees: those of `vitviz.live`, and `stopping`."""
    return "stopping" if job.stopping and not job.ended else job.state


def duration(seconds: float) -> str:
    """As a person says it."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} hours"


def clock(seconds: float) -> str:
    """As a stopwatch shows it."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)}:{int(seconds % 60):02d} min"


def doing(job: Job, ahead: int = 0) -> str:
    """Where a training is, in a few words."""
    now = state(job)
    if now == "stopping":
        return "stopping: what is complete is being kept"
    if now == "queued":
        return f"waits for {ahead} other training{'s' if ahead > 1 else ''}" if ahead else "starting"
    if now != "running":
        return now
    if job.stage != "train":
        return STAGES.get(job.stage, "starting")
    left = "" if job.seconds_left is None else f", about {duration(job.seconds_left)} left"
    return f"{job.share:.0%} trained{left}"
