"""Fields that end a run before its last epoch, by what validation says."""

from __future__ import annotations

from core.fields.field import Field

STOPPING = (
    Field(
        name="validate_every",
        kind="integer",
        default=1,
        neutral=1,
        minimum=1,
        maximum=1_000_000,
        text="Epochs from one validation to the next, the k of Prechelt (1998); the last epoch is always "
        "validated.",
    ),
    Field(
        name="patience",
        kind="integer",
        default=None,
        minimum=1,
        maximum=1_000_000,
        free=True,
        text="The run stops after this many validations in a row whose loss was not below the best by more "
        "than min_delta. null: it does not.",
    ),
    Field(
        name="min_delta",
        kind="number",
        default=0.0,
        minimum=0.0,
        maximum=1e6,
        chooser="patience",
        used_with=lambda patience: patience is not None,
        used_text="patience is set",
        free=True,
        text="What a validation loss must be below the best by to count as better (Keras).",
    ),
    Field(
        name="stop_generalization_loss",
        kind="number",
        default=None,
        minimum=0.0,
        open_minimum=True,
        maximum=1e12,
        free=True,
        text="The run stops once the generalization loss, 100 (validation loss / its lowest so far - 1), is "
        "above this: GL of Prechelt (1998), in per cent. null: it does not.",
    ),
    Field(
        name="stop_progress",
        kind="number",
        default=None,
        minimum=0.0,
        open_minimum=True,
        maximum=1e12,
        free=True,
        switch=True,
        text="The run stops once its training progress over a strip of k epochs, 1000 (mean training loss / "
        "lowest - 1), is below this: P_k of Prechelt (1998), in thousandths. k is validate_every, or 5 "
        "where that is 1. With it, train_loss is evaluated after each epoch. null: it does not.",
    ),
    Field(
        name="restore_best",
        kind="flag",
        default=False,
        neutral=False,
        free=True,
        text="Whether the final weights are those of the epoch with the lowest validation loss.",
    ),
)
