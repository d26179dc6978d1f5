"""Which machine: its name and, as one name covers fast and slow ones, its vectors."""

from __future__ import annotations

import pytest

from vitviz.training.machine import describe_machine, processor


@pytest.mark.parametrize(
    ("listing", "said"),
    [
        ("processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx avx2 avx512f\n", "AMD EPYC, AVX-512"),
        ("processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx avx2\n", "AMD EPYC, AVX2"),
        ("model name\t: Old: one\nflags\t: fpu sse2\n", "Old: one"),
        ("model name\t: Without flags\n", "Without flags"),
        ("processor\t: 0\nFeatures\t: fp asimd\n", ""),
        ("", ""),
    ],
)
def test_a_processor_is_told_by_its_name_and_its_widest_vectors(listing, said):
    assert processor(listing) == said


def test_this_machine_has_a_name():
    assert describe_machine()["cpu"]
