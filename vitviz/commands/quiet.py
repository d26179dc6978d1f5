"""Importing TensorFlow without its start-up notes."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import tempfile


def quiet_import(name: str) -> None:
    """Imports a module while standard error is held back; what was written there is shown only if the import fails.

    TensorFlow's C++ side writes a few lines about the processor before its log level can be set. They would stand
    among the one-line errors that a person or a script reads.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its warnings are about how we call it, not for users
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            importlib.import_module(name)
        except BaseException:
            os.dup2(kept, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
