"""Every table of the store, in one place for migrations and tests."""

from __future__ import annotations

from service.store.models.access import ApiKey, AuditEntry, KeyRequests, LoginSession, Owner
from service.store.models.base import Base
from service.store.models.configuration import ConfigurationRow
from service.store.models.dataset import Dataset
from service.store.models.gathered import Gathered
from service.store.models.population import PopulationRow
from service.store.models.run import Checkpoint, LastState, LayerRow, LossRow, Run, Weights
from service.store.models.sweep import Event, Sweep
from service.store.models.verification import Verification
from service.store.models.worker import Environment, Worker

metadata = Base.metadata

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Base",
    "Checkpoint",
    "ConfigurationRow",
    "Dataset",
    "Environment",
    "Event",
    "Gathered",
    "KeyRequests",
    "LastState",
    "LayerRow",
    "LoginSession",
    "LossRow",
    "Owner",
    "PopulationRow",
    "Run",
    "Sweep",
    "Verification",
    "Weights",
    "Worker",
    "metadata",
]
