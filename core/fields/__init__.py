"""FIELDS is the one source of what a configuration may say: types, ranges, defaults, conventions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.fields.choices import (
    ACTIVATIONS,
    CLASS_LOSSES,
    FUSED,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    RANGE_TEST,
    RPROP_FAMILY,
    SCHEDULES,
)
from core.fields.descent import OPTIMIZER, SETTINGS
from core.fields.field import Field
from core.fields.network import FIRST, LAST
from core.fields.regularization import REGULARIZATION
from core.fields.schedule import SCHEDULE
from core.fields.stopping import STOPPING

__all__ = [
    "ACTIVATIONS",
    "CLASS_LOSSES",
    "FIELDS",
    "FUSED",
    "INITIALIZERS",
    "LOSSES",
    "OPTIMIZERS",
    "RANGE_TEST",
    "RPROP_FAMILY",
    "SCHEDULES",
    "Field",
]

_ALL = (*FIRST, *OPTIMIZER, *SCHEDULE, *SETTINGS, *REGULARIZATION, *STOPPING, *LAST)

FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _ALL})
