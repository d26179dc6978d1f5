"""A loaded set in another size or with another number of channels."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .dataset import Split
from .pictures import check_channels, check_image_size, square


def fit(split: Split, *, image_size: int | None, channels: int | None) -> Split:
    """The split with pictures of `image_size`² and `channels`; None leaves that as it is.

    Grey becomes RGB by repetition; RGB becomes grey by the luma weights of ITU-R 601, as Pillow does it.

    Raises:
        DataError: a size or a number of channels out of range.
    """
    images = split.images
    if image_size is not None:
        check_image_size(image_size)
        if images.shape[1:3] != (image_size, image_size):
            scaled = [np.asarray(square(_picture(image), image_size)) for image in images]
            images = np.array(scaled, np.uint8).reshape(len(images), image_size, image_size, images.shape[3])
    if channels is not None:
        check_channels(channels)
        if channels == 3 and images.shape[3] == 1:
            images = np.repeat(images, 3, axis=3)  # (N, H, W, 1) -> (N, H, W, 3)
        elif channels == 1 and images.shape[3] == 3:
            grey = [np.asarray(_picture(image).convert("L")) for image in images]
            images = np.array(grey, np.uint8).reshape(*images.shape[:3], 1)
    return Split(images, split.labels, split.index)


def _picture(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
