"""The layers and the two networks: a ViT, and a ViT with a TokenLearner."""

from vitviz.models.vit import Seen, VisionTransformer, build

__all__ = ["Seen", "VisionTransformer", "build"]
