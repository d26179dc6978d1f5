"""The layers and the two networks: a ViT, and a ViT with a TokenLearner."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow loads: its start-up notes are not for users

from vitviz.models.vit import Seen, VisionTransformer, build

__all__ = ["Seen", "VisionTransformer", "build"]
