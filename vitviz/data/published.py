"""The published sets that Keras can download: their names, classes, shapes and counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .dataset import Split
from .errors import DataError


@dataclass(frozen=True)
class PublishedSet:
    """What must be true of a set, wherever its files were found."""

    name: str
    title: str
    image_shape: tuple[int, int, int]
    n_train: int
    n_test: int
    class_names: tuple[str, ...]

    def split(self, images: np.ndarray, labels: np.ndarray, *, train: bool, where: str) -> Split:
        """A checked `Split` of arrays read from `where`; grey pictures may come without a channel axis.

        Raises:
            DataError: another count or shape than the published one, or a label that is no class.
        """
        count = self.n_train if train else self.n_test
        part = "training" if train else "test"
        if self.image_shape[2] == 1 and images.ndim == 3:
            images = images[..., np.newaxis]  # (N, H, W) -> (N, H, W, 1)
        labels = labels.reshape(-1)  # Keras gives CIFAR's labels as (N, 1)
        if images.shape != (count, *self.image_shape) or len(labels) != count:
            raise DataError(
                f"{self.title} has {count:,} {part} pictures of shape {self.image_shape}, but {where} gave "
                f"{len(labels):,} labels and pictures of shape {images.shape}."
            )
        if count and not 0 <= labels.min() <= labels.max() < len(self.class_names):
            raise DataError(
                f"{self.title} has labels 0 to {len(self.class_names) - 1}, "
                f"but the {part} labels from {where} run from {labels.min()} to {labels.max()}: "
                "the file is damaged or belongs to another set."
            )
        return Split(images, labels)


FASHION_MNIST = PublishedSet(
    name="fashion_mnist",
    title="Fashion-MNIST",
    image_shape=(28, 28, 1),
    n_train=60_000,
    n_test=10_000,
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
)

MNIST = PublishedSet(
    name="mnist",
    title="MNIST",
    image_shape=(28, 28, 1),
    n_train=60_000,
    n_test=10_000,
    class_names=tuple("0123456789"),
)

CIFAR10 = PublishedSet(
    name="cifar10",
    title="CIFAR-10",
    image_shape=(32, 32, 3),
    n_train=50_000,
    n_test=10_000,
    class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
)

# The 100 fine classes; labels follow the alphabet.
CIFAR100 = PublishedSet(
    name="cifar100",
    title="CIFAR-100",
    image_shape=(32, 32, 3),
    n_train=50_000,
    n_test=10_000,
    class_names=tuple(
        """
        apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
        butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch
        crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo
        keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
        mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain
        plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk
        skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone
        television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
        """.split()  # noqa: SIM905 - a hundred quoted words would be harder to read
    ),
)

PUBLISHED = {each.name: each for each in (FASHION_MNIST, MNIST, CIFAR10, CIFAR100)}
