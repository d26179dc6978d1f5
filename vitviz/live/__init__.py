"""Trainings on their way: what a page or another terminal may see and ask of a training that runs elsewhere.

A training works in a folder of its own, `<runs>/.live/<job id>/`, and everybody else reads that folder:

    job.json               what is trained, with which settings, and the arguments of `train`
    worker.json            which process does it
    heartbeat              the time, written once a second whatever the process is busy with
    progress.json          stage, steps, clocks, latest scores, time left; how it ended, and why
    last_words.json        reserved room for the end, for when nothing more can be written
    history-<kind>.jsonl   a line per complete epoch, and lines in between for curves that move
    checkpoints/<kind>/    the full state after the last two complete epochs, to go on from
    epochs/<kind>/NNN.npz  half-precision weights after each epoch, for the time machine
    log.txt                what was said, and the traceback of a failure
    stop                   somebody wants it to stop

`<kind>` is `vit` or `fast`. When the training is finished its records move into the runs that it made,
`<run>/training/` and `<run>/epochs/`, and the working folder goes. Nothing here imports TensorFlow.
"""

from vitviz.live.control import continue_command, delete, request_stop, start, start_again
from vitviz.live.error import JobError, Stopped
from vitviz.live.job import ENDED, STATES, Job
from vitviz.live.jobs import find_job, label, list_jobs, queue, read_job
from vitviz.live.measure import Measurement, estimate
from vitviz.live.snapshots import Snapshots

__all__ = [
    "ENDED", "STATES", "Job", "JobError", "Measurement", "Snapshots", "Stopped", "continue_command", "delete",
    "estimate", "find_job", "label", "list_jobs", "queue", "read_job", "request_stop", "start", "start_again",
]  # fmt: skip
