"""The colours that mean something. Each is named here once and is the same in every picture and theme.

`VIT` and `FAST` come from the blue and the vermilion of Okabe & Ito's set, moved until both have a contrast of at
least 3:1 on the light and on the dark page. No scale relies on telling red from green.
"""

from __future__ import annotations

import numpy as np

VIT = "#1F7FC4"
FAST = "#D9690F"

# Weights and shares, from none to most: Viridis (van der Walt & Smith 2015), even in lightness, safe for
# every common form of colour blindness and in grey
SEQUENTIAL = (
    "#440154", "#482475", "#414487", "#355F8D", "#2A788E", "#21918C", "#22A884", "#44BF70", "#7AD151",
    "#BDDF26", "#FDE725",
)

# Cosines, -1 … 0 … 1: purple–white–green (ColorBrewer's PRGn), told apart by colour-blind eyes, and apart from
# the blue and the orange of the two models
DIVERGING = (
    "#40004B", "#762A83", "#9970AB", "#C2A5CF", "#E7D4E8", "#F7F7F7", "#D9F0D3", "#A6DBA0", "#5AAE61",
    "#1B7837", "#00441B",
)

# Lines drawn over pictures, whatever the theme: seen on black, on grey, and still on white
OVER_PICTURE = "#A98BFF"


def model_colour(label: str) -> str:
    """The colour of "ViT" or "fast ViT" (also "vit", "fast")."""
    return FAST if label.lower().startswith("fast") else VIT


def plotly_scale(colours: tuple[str, ...]) -> list[tuple[float, str]]:
    """A scale in the form that Plotly takes: evenly spaced `(position, colour)`."""
    return [(i / (len(colours) - 1), colour) for i, colour in enumerate(colours)]


def colour_table(colours: tuple[str, ...], steps: int = 256) -> np.ndarray:
    """A scale as `(steps, 3)` uint8, for code that paints pixels itself (the browser component)."""
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours])  # (stops, 3)
    at = np.linspace(0, len(colours) - 1, steps)
    channels = [np.interp(at, np.arange(len(colours)), stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def with_alpha(colour: str, alpha: float) -> str:
    """`#RRGGBB` as a CSS colour of that opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def mixed(colour: str, ground: str, share: float) -> str:
    """`#RRGGBB` over a ground, as the solid colour that one sees; `share` is the colour's."""
    both = [[int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in (colour, ground)]
    return "#" + "".join(f"{round(share * over + (1 - share) * under):02X}" for over, under in zip(*both, strict=True))


def luminance(colour: str) -> float:
    """Relative luminance of `#RRGGBB`, 0…1 (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def ink_on(colour: str) -> str:
    """Black or white, whichever stands out more from `#RRGGBB`: one of them has a contrast of 4.5:1 on any colour."""
    return "#000000" if luminance(colour) > 0.179 else "#FFFFFF"
