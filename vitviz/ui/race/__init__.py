"""The parts of the Train page: the form, what it will be, the race, the queue, and what was trained before.

Nothing is kept here that matters: what is trained stands in the working folders of `vitviz.live`, what the form says in
the address of the page.
"""
