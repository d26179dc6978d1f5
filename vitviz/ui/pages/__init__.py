"""One file per page, each with `show()`."""
