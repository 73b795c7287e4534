"""Submit sweeps of small neural networks to a Backsweep service, and read what came of them."""

from backsweep_client.client import Client
from backsweep_client.comparison import Comparison
from backsweep_client.events import Event
from backsweep_client.importance import Importance, ParameterImportance
from backsweep_client.keys import Keys, NewKey
from backsweep_client.layers import Layers
from backsweep_client.losses import Losses
from backsweep_client.problems import (
    BacksweepError,
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    NoToken,
    Problem,
    ServiceFailed,
    TimedOut,
    TooLarge,
    TooMany,
    Unauthorized,
    Unreachable,
)
from backsweep_client.runs import Run
from backsweep_client.summary import BestResult, Interval, SettingSummary, Summary
from backsweep_client.sweeps import Sweep

__all__ = [
    "BacksweepError",
    "BestResult",
    "Client",
    "Comparison",
    "Conflict",
    "Event",
    "Fault",
    "Forbidden",
    "Importance",
    "Interval",
    "Invalid",
    "Keys",
    "Layers",
    "Losses",
    "NewKey",
    "NoToken",
    "NotFound",
    "ParameterImportance",
    "Problem",
    "Run",
    "ServiceFailed",
    "SettingSummary",
    "Summary",
    "Sweep",
    "TimedOut",
    "TooLarge",
    "TooMany",
    "Unauthorized",
    "Unreachable",
]
