"""vitviz: look inside a Vision Transformer, and see what a TokenLearner changes."""

__version__ = "0.1.0"
