"""The Time machine page alone, as a test visits it."""

from vitviz.ui import frame
from vitviz.ui.pages import time_machine

frame.begin()
time_machine.show()
