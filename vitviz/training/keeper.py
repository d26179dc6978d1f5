"""What a training leaves behind while it goes on. This one leaves nothing: see `working.py` for one that does."""

from __future__ import annotations

from vitviz.data import Dataset
from vitviz.training.race import PairedTiming
from vitviz.training.trainer import Trainer


class Keeper:
    """Is told how a training goes, may have it go on from an earlier one, and may have it stop."""

    def resume(self, trainers: list[Trainer], dataset: Dataset) -> PairedTiming:
        """Called once the trainers are compiled. May put them where they were; returns their timing so far."""
        return PairedTiming()

    def on_epoch(self, trainer: Trainer, timing: PairedTiming) -> None:
        """Called after each complete epoch of each trainer."""

    def on_progress(self, stage: str, trainers: list[Trainer], timing: PairedTiming) -> None:
        """Called often."""

    def stopping(self) -> bool:
        """Whether to stop now; what is complete is then evaluated and returned."""
        return False
