"""`python -m vitviz`: train, look at and list runs from a terminal."""

import sys

from vitviz.commands import main

if __name__ == "__main__":
    sys.exit(main())
