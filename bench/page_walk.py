"""Which settings the sliders reach, in what order the benches go over them, and what must be shown at each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from vitviz.ui.catalogue import Family, catalogue
from vitviz.ui.controls import FIRST_MAPS, FIRST_PATCH_SIZE, nearest
from vitviz.ui.pictures import Gallery, gallery_for


@dataclass(frozen=True)
class Stop:
    """One setting of the page, and the key on which slider leads there."""

    patch_size: int
    n_maps: int
    picture: str
    slider: str = ""
    key: str = ""

    @property
    def setting(self) -> tuple[int, int]:
        """Without the picture."""
        return self.patch_size, self.n_maps

    @property
    def scene(self) -> dict[str, str]:
        """What every panel must carry when it shows this, told from the run store alone: the models and the picture
        that its figures depend on.."""
        pair = family().pair(self.patch_size, self.n_maps)
        vit, fast, picture = pair.vit.id, pair.fast.id, self.picture
        return {
            "strip": f"{vit} {fast} {picture}", "answers": f"{vit} {fast} {picture}",
            "attention": f"{vit} {fast} {picture}", "tokens": f"{vit} {picture}", "positions": f"{vit} {fast}",
            "weight-maps": f"{fast} {picture}", "curves": f"{vit} {fast}", "timing": f"{vit} {fast}",
        }  # fmt: skip

    @property
    def query(self) -> str:
        """The link to it."""
        return urlencode({"patch_size": self.patch_size, "n_maps": self.n_maps, "image": self.picture})


@cache
def family() -> Family:
    """The models of a first visit."""
    return next(iter(catalogue().families.values()))


@cache
def gallery() -> Gallery:
    """The pictures that go with them."""
    return gallery_for(family().example)


def picture_names(count: int) -> list[str]:
    """Pictures spread over the gallery, the one of a first visit among them."""
    names = gallery().names
    return [first_stop().picture, *names[:: max(1, len(names) // count)]][:count]


def first_stop(picture: str | None = None, patch_size: int | None = None) -> Stop:
    """What a first visit shows, or another picture or patch size."""
    size = patch_size or nearest(family().patch_sizes(), FIRST_PATCH_SIZE)
    place = gallery().of_class(len(gallery().class_names) - 1)[0]
    return Stop(size, nearest(_trained(size), FIRST_MAPS), picture or gallery().names[place])


def _trained(patch_size: int) -> list[int]:
    """Every n_maps of which there is a fast ViT."""
    found = family()
    return [maps for maps in found.n_maps(patch_size) if found.pair(patch_size, maps).fast is not None]


def walk(picture: str) -> Iterator[Stop]:
    """From the setting of a first visit to the smallest patches, over every setting to the largest, and back.

    One press of an arrow key a stop. A new patch size keeps the wanted n_maps, or takes the nearest that it has.
    """
    at = first_stop(picture)
    sizes = family().patch_sizes()
    wanted = at.n_maps
    down = list(reversed([size for size in sizes if size < at.patch_size]))
    for number, size in enumerate([*down, *sizes[1:], *reversed(sizes[:-1])]):
        key = "ArrowRight" if size > at.patch_size else "ArrowLeft"
        at = Stop(size, nearest(_trained(size), wanted), picture, "patch_size", key)
        yield at
        if number < len(down) - 1:
            continue  # on the way to the first one
        there = _trained(size)
        # to the nearer end of the slider, then to the other one
        first, last = (there[0], there[-1])
        ends = (first, last) if there.index(at.n_maps) < len(there) / 2 else (last, first)
        for end in ends:
            while at.n_maps != end:
                step = 1 if end > at.n_maps else -1
                key = "ArrowRight" if step > 0 else "ArrowLeft"
                wanted = there[there.index(at.n_maps) + step]
                at = Stop(size, wanted, picture, "n_maps", key)
                yield at
