"""Which models the sliders find."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import timedelta

import pytest
from ui.untrained_runs import save_family, save_run, save_zoo

from vitviz.config import PRESETS
from vitviz.runs import RunStore
from vitviz.ui import lacking
from vitviz.ui.catalogue import catalogue
from vitviz.zoo import entries


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    save_family(root, patch_sizes=(7, 14), maps=(1, 2))
    return root


@pytest.fixture
def runs(saved, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(saved, tmp_path / "runs")


def test_a_vit_is_shared_by_all_n_maps_of_its_patch_size(runs, tmp_path):
    (family,) = catalogue(runs, tmp_path / "no zoo").families.values()
    assert family.patch_sizes() == [7, 14]
    assert family.n_maps(7) == [1, 2]
    pairs = [family.pair(7, count) for count in (1, 2)]
    assert pairs[0].vit.id == pairs[1].vit.id
    assert [pair.fast.model.n_maps for pair in pairs] == [1, 2]


def test_maps_that_would_save_nothing_are_not_offered(runs, tmp_path):
    train = dataclasses.replace(PRESETS["tuned"].train, epochs=2, limit=100)
    save_run(runs, dataclasses.replace(PRESETS["tuned"].model, patch_size=7, n_maps=8), train, "tuned", number=50)
    (family,) = catalogue(runs, tmp_path / "no zoo").families.values()
    assert family.n_maps(7) == [1, 2, 8]
    assert family.n_maps(14) == [1, 2]  # 4 tokens


def test_of_two_runs_alike_the_newest_counts_unless_a_link_names_the_other(runs, tmp_path):
    store = RunStore(runs)
    old = next(run for run in store.list() if run.model.patch_size == 7 and run.model.n_maps == 1)
    newer = dataclasses.replace(old, id="again", created=old.created + timedelta(days=1), path=None)
    store.save(newer, old.weights())
    (family,) = catalogue(runs, tmp_path / "no zoo").families.values()
    assert family.pair(7, 1).fast.id == "again"
    assert family.pair(7, 1, wanted=[old.id]).fast.id == old.id


def test_other_training_makes_another_family(runs, tmp_path):
    train = dataclasses.replace(PRESETS["tuned"].train, epochs=2, limit=100, seed=1)
    save_run(runs, dataclasses.replace(PRESETS["tuned"].model, patch_size=7), train, "tuned", number=60)
    found = catalogue(runs, tmp_path / "no zoo").families
    assert len(found) == 2
    assert [len(family.runs) for family in found.values()] == [6, 1]  # the one with most settings first


def test_what_ships_comes_first_and_says_so(runs, tmp_path):
    zoo = tmp_path / "zoo"
    train = dataclasses.replace(PRESETS["tuned"].train, epochs=2)
    save_run(zoo, dataclasses.replace(PRESETS["tuned"].model, patch_size=7), train, "tuned", number=70)
    first, second = catalogue(runs, zoo).families.values()
    assert first.shipped and "shipped" in first.title
    assert not second.shipped


def test_a_damaged_run_leaves_its_setting_out_and_says_why(runs, tmp_path):
    victim = next(path for path in runs.iterdir() if path.name.endswith("p14-fast2"))
    (victim / "config.json").write_text("{")
    found = catalogue(runs, tmp_path / "no zoo")
    (family,) = found.families.values()
    assert family.pair(14, 2).fast is None
    assert "config.json" in found.damaged[victim.name]


def test_a_new_run_is_seen_without_a_restart(runs, tmp_path):
    before = catalogue(runs, tmp_path / "no zoo")
    train = dataclasses.replace(PRESETS["tuned"].train, epochs=2, limit=100)
    save_run(runs, dataclasses.replace(PRESETS["tuned"].model, patch_size=4), train, "tuned", number=80)
    (family,) = catalogue(runs, tmp_path / "no zoo").families.values()
    assert family.patch_sizes() == [4, 7, 14]
    assert catalogue(runs, tmp_path / "no zoo") is not before


def test_a_zoo_says_what_it_lacks_and_the_sliders_leave_it_out(tmp_path):
    zoo = tmp_path / "zoo"
    save_zoo(zoo, "tuned-p14-*", "tuned-p7-vit", "tuned-p7-fast[12]")
    (zoo / "tuned-p7-fast2" / "config.json").write_text("{")
    (family,) = catalogue(tmp_path / "no runs", zoo).families.values()
    assert family.patch_sizes() == [7, 14]
    assert (family.n_maps(7), family.n_maps(14)) == ([1], [1, 2])
    assert "config.json" in family.lacking[7, 2]
    assert {family.lacking[7, 4], family.lacking[7, 8], family.lacking[4, None]} == {"missing"}
    assert (14, 2) not in family.lacking
    line = lacking.in_a_line(family)
    assert "patch size 4 and 5; n_maps 2, 4 and 8 at patch size 7" in line
    assert "under Settings" in line
    assert [reason for reason in lacking.reasons(family) if "n_maps 2" in reason]


def test_ones_own_run_stands_in_for_a_missing_entry_of_the_zoo(tmp_path):
    zoo, own = tmp_path / "zoo", tmp_path / "runs"
    save_zoo(zoo, "tuned-p14-vit", "tuned-p14-fast1")
    run = dataclasses.replace(PRESETS["tuned"].model, patch_size=14, n_maps=2)
    like_the_zoo = next(entry.train for entry in entries() if entry.id == "tuned-p14-vit")
    save_run(own, run, like_the_zoo, "tuned", number=90)
    (family,) = catalogue(own, zoo).families.values()
    assert family.n_maps(14) == [1, 2]
    assert (14, 2) not in family.lacking


def test_a_family_of_ones_own_lacks_nothing(runs, tmp_path):
    (family,) = catalogue(runs, tmp_path / "no zoo").families.values()
    assert family.lacking == {} and lacking.in_a_line(family) is None


def test_without_the_vit_the_fast_vits_of_a_patch_size_stay(runs, tmp_path):
    shutil.rmtree(next(path for path in runs.iterdir() if path.name.endswith("p14-vit")))
    (family,) = catalogue(runs, tmp_path / "no zoo").families.values()
    assert family.patch_sizes() == [7, 14]
    assert family.pair(14, 2).vit is None and family.pair(14, 2).fast is not None
