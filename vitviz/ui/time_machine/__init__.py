"""The time machine: a training's models as they were after each epoch, and the same while it is at work.

    films           which trainings kept snapshots, and which epochs to show
    fixed_pictures  the fixed set of pictures that they are watched with
    frames          what a model sees in them after one epoch, a byte per value
    tracer          makes frames in a thread, and keeps them
    newest          a training at work, in small
    payload, view   what the browser gets, and what it reports
    machine         the component in the browser
    link            the way here from other pages
"""

from vitviz.ui.time_machine.films import Film, Training, trainings
from vitviz.ui.time_machine.newest import forming

__all__ = ["Film", "Training", "forming", "trainings"]
