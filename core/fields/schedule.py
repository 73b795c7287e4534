"""Fields of the learning rate's course over a run; it moves with every batch."""

from __future__ import annotations

from types import MappingProxyType

from core.fields.choices import RPROP_FAMILY, SCHEDULES
from core.fields.field import Field, among, not_among

SCHEDULE = (
    Field(
        name="learning_rate_schedule",
        kind="choice",
        choices=SCHEDULES,
        default="constant",
        neutral="constant",
        chooser="optimizer",
        used_with=not_among(*RPROP_FAMILY),
        used_text="optimizer is not rprop or irprop_minus, which keep a step for each weight",
        free=True,
        text="What learning_rate is multiplied with at each step (batch), t = 0, 1, ... of T, where "
        "warmup_epochs are not counted. step: gamma^floor(epochs so far / step_size) (PyTorch's "
        "StepLR). exponential: gamma^(epochs so far), parts of epochs included (ExponentialLR, "
        "stepped by batch, with the root of gamma). cosine: "
        "from 1 to end_factor along (1 + cos(pi t / T)) / 2 (Loshchilov and Hutter 2017, equation 5; "
        "CosineAnnealingLR). linear: from 1 to end_factor along t / T (LinearLR). one_cycle: up to 1 "
        "and down again along cosines (Smith and Topin 2018; as PyTorch's OneCycleLR with two phases, "
        "momentum not cycled). range_test: from 1 / div_factor to 1 at equal ratios, a rate for each step, "
        "and each step is an epoch of its own (after Smith 2017); it belongs to the method of this name.",
    ),
    Field(
        name="warmup_epochs",
        kind="number",
        default=0.0,
        neutral=0.0,
        minimum=0.0,
        maximum=1_000_000,
        chooser="learning_rate_schedule",
        used_with=not_among("one_cycle", "range_test"),
        used_text="learning_rate_schedule is not one_cycle or range_test, which warm up themselves",
        free=True,
        text="Epochs, or parts of them, in which the rate first grows to learning_rate: step t = 1, 2, ... "
        "of W is taken at t / W of it (Goyal et al. 2017; Ma and Yarats 2021; PyTorch's LinearLR with "
        "start_factor 1 / W and total_iters W - 1). W is rounded to whole steps; after them the schedule "
        "begins. 0: none.",
    ),
    Field(
        name="step_size",
        kind="integer",
        default=10,
        minimum=1,
        maximum=1_000_000,
        chooser="learning_rate_schedule",
        used_with=among("step"),
        used_text="learning_rate_schedule is step",
        free=True,
        text="Epochs between two changes of the rate (PyTorch's StepLR, stepped once per epoch).",
    ),
    Field(
        name="gamma",
        kind="number",
        default=0.1,
        default_by=("learning_rate_schedule", MappingProxyType({"exponential": 0.95})),
        minimum=0.0,
        open_minimum=True,
        maximum=1.0,
        chooser="learning_rate_schedule",
        used_with=among("step", "exponential"),
        used_text="learning_rate_schedule is step or exponential",
        free=True,
        text="Factor of the rate: every step_size epochs in step, every epoch in exponential. Default: 0.1 "
        "in step (PyTorch), 0.95 in exponential.",
    ),
    Field(
        name="end_factor",
        kind="number",
        default=0.0,
        minimum=0.0,
        maximum=1.0,
        chooser="learning_rate_schedule",
        used_with=among("cosine", "linear"),
        used_text="learning_rate_schedule is cosine or linear",
        free=True,
        text="Share of learning_rate at the end of the schedule, one step after the last (LinearLR's name; "
        "CosineAnnealingLR's eta_min is this times learning_rate).",
    ),
    Field(
        name="pct_start",
        kind="number",
        default=0.3,
        minimum=0.0,
        maximum=1.0,
        chooser="learning_rate_schedule",
        used_with=among("one_cycle"),
        used_text="learning_rate_schedule is one_cycle",
        free=True,
        text="Share of all steps in which one_cycle raises the rate (PyTorch's OneCycleLR).",
    ),
    Field(
        name="div_factor",
        kind="number",
        default=25.0,
        minimum=1.0,
        maximum=1e12,
        chooser="learning_rate_schedule",
        default_by=("learning_rate_schedule", MappingProxyType({"range_test": 1e7})),
        used_with=among("one_cycle", "range_test"),
        used_text="learning_rate_schedule is one_cycle or range_test",
        free=True,
        text="one_cycle and range_test begin at learning_rate / div_factor (PyTorch's OneCycleLR). Default: "
        "25 in one_cycle, 1e7 in range_test.",
    ),
    Field(
        name="final_div_factor",
        kind="number",
        default=1e4,
        minimum=1.0,
        maximum=1e12,
        chooser="learning_rate_schedule",
        used_with=among("one_cycle"),
        used_text="learning_rate_schedule is one_cycle",
        free=True,
        text="one_cycle ends at its first rate divided by this (PyTorch's OneCycleLR).",
    ),
)
