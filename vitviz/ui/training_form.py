"""What a page may ask of a training, as arguments of the command `train`. No Streamlit here."""

from __future__ import annotations

from vitviz.data.find import DEBIAN_FASHION_MNIST
from vitviz.data.keras_cache import cache_folder
from vitviz.ui.pictures import SAMPLE

# training pictures of one class
PER_CLASS = {"fashion_mnist": 6000, SAMPLE: 500, "mnist": 6000, "cifar10": 5000, "cifar100": 500}


def best_dataset() -> str:
    """The full Fashion-MNIST where it is at hand, and else the bundled sample: a page downloads nothing."""
    at_hand = DEBIAN_FASHION_MNIST.is_dir() or (cache_folder() / "fashion-mnist").is_dir()
    return "fashion_mnist" if at_hand else SAMPLE


def pictures_in(dataset: str, classes: int) -> int:
    """Training pictures of so many classes of a set."""
    return PER_CLASS.get(dataset, 1000) * classes


def arguments_for(*, limit: int | None = None, n_maps: int | None = None, **settings: object) -> list[str]:
    """The settings as arguments; what is None is left out."""
    given = settings | {"limit": limit, "n_maps": n_maps}
    return [
        part
        for name, value in given.items()
        if value is not None
        for part in (f"--{name.replace('_', '-')}", str(value))
    ]
