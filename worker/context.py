"""What a worker process holds for its whole life."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Event

from service.datasets.cache import ContentCache
from service.lifecycle.materials import Materials, load_materials
from service.settings import Settings
from service.store.database import Database

MOST_CACHED_SWEEPS = 16
CACHED_SHARE = 0.25  # of a training process's memory


@dataclass(slots=True)
class Context:
    """A worker's database, name and environment class, and the examples of the sweeps it saw last."""

    database: Database
    settings: Settings
    name: str
    environment_class: str
    stopping: Event = field(default_factory=Event)  # set at a soft shutdown
    _materials: OrderedDict[int, Materials] = field(default_factory=OrderedDict)

    def forget_materials(self) -> None:
        """Let go of every sweep's examples."""
        self._materials.clear()

    def materials(self, sweep_id: int) -> Materials:
        """What the sweep's runs train on, from this process's memory if it was here lately."""
        if sweep_id not in self._materials:
            cache = ContentCache(self.settings.home / "datasets", self.settings.dataset_cache)
            with self.database.read() as session:
                self._materials[sweep_id] = load_materials(session, sweep_id, cache)
        self._materials.move_to_end(sweep_id)
        while len(self._materials) > 1 and self._too_many():
            self._materials.popitem(last=False)
        return self._materials[sweep_id]

    def _too_many(self) -> bool:
        size = sum(materials.size for materials in self._materials.values())
        most = CACHED_SHARE * self.settings.worker_memory
        return len(self._materials) > MOST_CACHED_SWEEPS or size > most
