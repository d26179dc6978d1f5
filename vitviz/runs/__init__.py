"""The run store: one folder per trained model, written whole or not at all, read without unpickling.

    <root>/<id>/config.json       model, train, preset, class_names, data_source, pair, created, vitviz
                history.csv       a row per epoch
                timing.json       set-up, compilation and steady state apart
                metrics.json      loss, accuracy, precision, recall, top5 of every split
                operations.json   params, macs
                status.json       state, epochs_done, reason
                weights.npz       plain arrays, float32 or (compact) float16

Whatever else stands in a run's folder is left alone. Names with a leading dot are not runs: a folder
is filled as `.saving-…` and emptied as `.deleted-…`.
"""

from vitviz.runs.error import RunError
from vitviz.runs.record import HISTORY_COLUMNS, SPLITS, STATES, RunRecord, new_id
from vitviz.runs.several import Runs
from vitviz.runs.store import RunStore

__all__ = ["HISTORY_COLUMNS", "SPLITS", "STATES", "RunError", "RunRecord", "RunStore", "Runs", "new_id"]
