"""Where pictures come from: the bundled sample, Fashion-MNIST and its kin, a folder, an upload."""

from .dataset import Dataset, Split
from .errors import DataError
from .load import NAMES, load
from .splits import hold_out
from .upload import Upload, picture_to_image

__all__ = ["NAMES", "DataError", "Dataset", "Split", "Upload", "hold_out", "load", "picture_to_image"]
