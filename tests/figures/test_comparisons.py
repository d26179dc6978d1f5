"""Pictures that set the two models side by side."""

from __future__ import annotations

import numpy as np
import pytest

from vitviz.analysis.operations import layers, total_macs, total_params
from vitviz.config import ARTICLE
from vitviz.figures.answers import answers
from vitviz.figures.curves import curves
from vitviz.figures.layer_costs import layer_costs
from vitviz.figures.palette import FAST, VIT
from vitviz.figures.theme import LIGHT
from vitviz.figures.timing import ratio, step_time, total_time

HISTORY = [
    {"epoch": 1, "seconds": 20.0, "loss": 0.9, "val_loss": 0.8, "top5": 1.0, "val_top5": 1.0},
    {"epoch": 2, "seconds": 40.5, "loss": 0.5, "val_loss": 0.6, "top5": 1.0, "val_top5": 1.0},
]


def said(picture) -> str:
    return " ".join(note.text for note in picture.layout.annotations)


def test_training_is_dashed_validation_is_solid_and_each_model_has_its_colour():
    picture = curves({"ViT": HISTORY, "fast ViT": HISTORY[:1]}, "loss", LIGHT)
    lines = {(trace.name, trace.line.dash == "solid"): trace for trace in picture.data}
    assert list(lines["ViT", True].y) == [0.8, 0.6]
    assert list(lines["ViT", False].y) == [0.9, 0.5]
    assert lines["ViT", True].line.color == VIT and lines["fast ViT", True].line.color == FAST
    assert [trace.name for trace in picture.data if trace.showlegend] == ["ViT", "fast ViT"]


def test_curves_run_over_epochs_or_over_the_clock():
    assert list(curves({"ViT": HISTORY}, "loss", LIGHT).data[0].x) == [1, 2]
    clock = curves({"ViT": HISTORY}, "loss", LIGHT, x="seconds")
    assert list(clock.data[0].x) == [20.0, 40.5]
    assert clock.layout.xaxis.range[1] > 40.5


def test_a_run_without_held_out_pictures_still_has_a_name_in_the_legend():
    rows = [{"epoch": 1, "seconds": 3.0, "accuracy": 0.5, "val_accuracy": None}]
    picture = curves({"ViT": rows}, "accuracy", LIGHT)
    assert [(trace.name, trace.showlegend) for trace in picture.data] == [("ViT", True)]
    assert not curves({"ViT": []}, "accuracy", LIGHT).data


def test_top_five_of_four_classes_is_said_to_be_always_right():
    assert "4 classes" in said(curves({"ViT": HISTORY}, "top5", LIGHT, classes=4))
    assert "classes" not in said(curves({"ViT": HISTORY}, "top5", LIGHT, classes=10))


def test_answers_put_every_class_in_its_own_order_and_the_answer_in_bold():
    vit, fast = np.array([0.1, 0.7, 0.2]), np.array([0.02, 0.08, 0.9])
    picture = answers({"ViT": vit, "fast ViT": fast}, ["bag", "coat", "dress"], LIGHT, truth=2)
    assert [list(trace.x) for trace in picture.data] == [list(vit), list(fast)]
    assert [text for text in picture.data[0].text] == ["10%", "<b>70%</b>", "20%"]
    assert picture.data[1].text[2] == "<b>90%</b>" and picture.data[1].text[0] == ""
    assert ["<b>" in label for label in picture.layout.yaxis.ticktext] == [False, False, True]


def test_of_many_classes_the_likeliest_are_shown_and_the_true_one():
    vit = np.full(100, 0.001)
    vit[42] = 0.9
    picture = answers({"ViT": vit, "fast ViT": vit}, [f"class {k}" for k in range(100)], LIGHT, truth=99)
    names = list(picture.data[0].customdata)
    assert len(names) == 10 and names[0] == "class 42" and "class 99" in names
    assert picture.data[0].x[0] == 0.9


def test_step_time_shows_the_median_and_its_quartiles():
    picture = step_time({"ViT": {"median": 20, "q1": 18, "q3": 25}}, LIGHT)
    bar = picture.data[0]
    assert list(bar.x) == [20]
    assert (list(bar.error_x.arrayminus), list(bar.error_x.array)) == ([2], [5])
    assert picture.layout.xaxis.range[1] > 25


def test_total_time_is_the_sum_of_its_parts():
    picture = total_time({"ViT": {"set-up": 2.0, "compilation": 8.0, "training": 90.0}}, LIGHT)
    assert [list(trace.x) for trace in picture.data] == [[2], [8], [90]]
    assert "100 s" in said(picture)


def test_the_ratio_names_what_was_measured_counted_and_published():
    picture = ratio(LIGHT, measured=0.71, quartiles=(0.65, 0.8), counted=0.582)
    assert [trace.x[0] for trace in picture.data] == [0.71, 0.582, 0.636]
    assert all(number in said(picture) for number in ("0.710", "0.582", "0.636"))
    assert picture.data[0].error_x.visible and not picture.data[1].error_x.visible


def test_a_ratio_that_was_not_measured_keeps_its_line_and_says_so():
    picture = ratio(LIGHT, counted=0.6)
    assert "not measured" in said(picture)
    assert [trace.y[0] for trace in picture.data] == [1, 2]


def test_a_fast_vit_that_is_slower_still_fits_on_the_axis():
    assert ratio(LIGHT, measured=1.6, quartiles=(1.5, 1.9)).layout.xaxis.range[1] >= 1.9


@pytest.mark.parametrize(("what", "total"), [("macs", total_macs), ("params", total_params)])
def test_the_pieces_of_a_bar_follow_one_another_and_add_up(what, total):
    vit, fast = ARTICLE.model, ARTICLE.model.fast(4)
    picture = layer_costs({"ViT": layers(vit), "fast ViT": layers(fast)}, LIGHT, what=what)
    for bar, config in zip(picture.data, (vit, fast), strict=True):
        ends = np.add(bar.base, bar.x)
        np.testing.assert_array_equal(bar.base[1:], ends[:-1])
        assert ends[-1] == total(config)
    learners = [name for name, *_ in picture.data[1].customdata if name == "token learner"]
    assert learners and picture.data[1].marker.color.count(LIGHT.accent) == 1
