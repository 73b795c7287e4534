"""One submitted sweep: look at it, wait for it, steer it, read its answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsweep_client import downloads, events, pages
from backsweep_client.comparison import Comparison
from backsweep_client.documents import Document
from backsweep_client.events import Event
from backsweep_client.importance import Importance
from backsweep_client.numbers import setting_in_words
from backsweep_client.problems import TimedOut
from backsweep_client.progress import reporting
from backsweep_client.runs import WithRuns
from backsweep_client.summary import BestResult, SettingSummary, Summary

if TYPE_CHECKING:
    from backsweep_client.pictures import Picture

FINAL_STATES = ("completed", "canceled", "failed")
MOST_LOOKS_FOR_HEADLINE = 40
FIRST_LOOK, LAST_LOOK = 0.05, 1.0  # seconds between two looks at a sweep that is waited for, growing

Progress = bool | Callable[["Sweep"], object] | None


class Sweep(Document, WithRuns):
    """A sweep as the service told of it last; `refresh` asks again.

    Its state is one of queued, running, paused, completed, canceled, failed.
    """

    collection = "sweeps"

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.document["name"])

    @property
    def is_final(self) -> bool:
        """Whether nothing happens any more of itself."""
        return self.state in FINAL_STATES

    @property
    def headline(self) -> str | None:
        """The answer in one sentence, once it is final."""
        headline: str | None = self.document["headline"]
        return headline

    @property
    def best_result(self) -> BestResult | None:
        """The answer in numbers, once it is final; None where no setting is named best."""
        found: Mapping[str, Any] | None = self.document["best_result"]
        return None if found is None else BestResult.of(found)

    @property
    def counts(self) -> Mapping[str, int]:
        """All runs by state, baselines included."""
        counts: Mapping[str, int] = self.document["counts"]
        return counts

    @property
    def fraction(self) -> float:
        """How much of it is done, from 0 to 1."""
        return float(self.document["progress"]["fraction"])

    @property
    def page(self) -> str:
        """The address of its page on the dashboard."""
        return self.transport.connection.url + str(self.document["links"]["page"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of what was accepted."""
        return tuple(self.document["warnings"])

    def wait(self, *, progress: Progress = None, timeout: float | None = None) -> Sweep:
        """Return when it is final and has its headline, which comes a moment later.

        `progress` is True for a bar, or is called with the sweep at every look.

        Raises: TimedOut after `timeout` seconds; the sweep goes on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        pause = FIRST_LOOK
        with reporting(progress) as tell:
            while True:
                self.refresh()
                tell(self)
                if self.is_final:
                    return self._with_its_headline()
                if deadline is not None and time.monotonic() >= deadline:
                    raise TimedOut(
                        f"{self.name!r} is {self.state} after {timeout:g} s: {self.fraction:.0%} is done"
                    )
                time.sleep(pause if deadline is None else max(0.0, min(pause, deadline - time.monotonic())))
                pause = min(LAST_LOOK, pause * 1.3)

    def _with_its_headline(self) -> Sweep:
        """The sentence is worded just after the last run has ended."""
        for _ in range(MOST_LOOKS_FOR_HEADLINE):
            if self.headline or self.state != "completed":
                break
            time.sleep(FIRST_LOOK)
            self.refresh()
        return self

    def events(self, after: str | int | None = None) -> Iterator[Event]:
        """What happens, as it happens, from the beginning or behind event `after`.

        A lost connection is made again, and nothing is missed or told twice.
        """
        return events.follow(self.transport, f"{self._path}/events", None if after is None else str(after))

    def hear(self, event: Event) -> Sweep:
        """Bring state, counts and progress up to date by one of its events, without asking the service."""
        told = event.data
        done, total = told["epochs_done"], told["epochs_total"]
        fraction = done / total if total else 0.0
        self.document |= {
            "state": told["state"],
            "counts": told["counts"],
            "progress": {"epochs_done": done, "epochs_total": total, "fraction": fraction},
            "last_event": int(event.id),
        }
        return self

    def summary(self, group_by: str | Iterable[str] | None = None) -> Summary:
        """The answer per setting; `group_by` names the parameters that make a setting."""
        names = group_by if isinstance(group_by, str) or group_by is None else ",".join(group_by)
        return Summary.of(self.transport.json(f"{self._path}/summary", {"group_by": names}))

    def importance(self) -> Importance:
        """How much of the differences between settings each parameter explains."""
        return Importance.of(self.transport.json(f"{self._path}/importance"))

    def compare(self, a: SettingSummary, b: SettingSummary) -> Comparison:
        """Whether one setting of the summary beats another at the same seeds.

        Raises: ValueError where one of them stands for several configurations.
        """
        for name, each in (("a", a), ("b", b)):
            if each.configuration_hash is None:
                raise ValueError(
                    f"{name} is {setting_in_words(each.setting)}, which stands for several configurations: "
                    "take settings of a summary over all parameters that vary"
                )
        query = {"a": a.configuration_hash, "b": b.configuration_hash}
        return Comparison.of(self.transport.json(f"{self._path}/comparison", query))

    def curves(self, column: str = "validation_loss", group_by: str | None = None) -> list[dict[str, Any]]:
        """Per setting and epoch the mean, lowest and highest value of a column over the seeds."""
        params = {"column": column, "group_by": group_by}
        return list(pages.items(self.transport, f"{self._path}/curves", params, limit=None, page_size=200))

    def export(self, target: str | Path, format: str | None = None) -> Path:  # noqa: A002 - the API's name
        """Write its runs to a file as CSV, Parquet or JSON Lines, by the file's name unless told."""
        return downloads.export(self.transport, f"{self._path}/export", Path(target), format)

    def pause(self) -> Sweep:
        """Hold every run back; workers stop within about a second."""
        return self._intend("pause")

    def resume(self) -> Sweep:
        """Let the runs go on, to the bits that they would have had without the pause."""
        return self._intend("resume")

    def cancel(self) -> Sweep:
        """End every run that is not final."""
        return self._intend("cancel")

    def retry(self) -> Sweep:
        """Queue every failed or canceled run again."""
        return self._intend("retry")

    def extend(
        self,
        *,
        seeds: int | list[int] | None = None,
        parameters: Mapping[str, Any] | None = None,
        run_cap: int | None = None,
        epochs: int | None = None,
        rerun: bool | None = None,
    ) -> Sweep:
        """Add seeds, values, draws or epochs: the result is that of a sweep submitted so at once.

        `rerun` trains new runs although they are known, or answers them from the store.
        A number of seeds asks for so many further ones each time, so it is not sent again where the answer
        was lost; a list of seeds is.
        """
        asked = {
            "seeds": seeds,
            "parameters": parameters,
            "run_cap": run_cap,
            "epochs": epochs,
            "rerun": rerun,
        }
        body = {name: value for name, value in asked.items() if value is not None}
        return self._intend("extend", body, repeatable=not isinstance(seeds, int))

    def update(
        self, *, name: str | None = None, notes: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Sweep:
        """Give it another name, notes or tags."""
        asked = {"name": name, "notes": notes, "tags": tags}
        changes = {field: value for field, value in asked.items() if value is not None}
        self.document = self.transport.request("PATCH", self._path, json=changes).json()
        return self

    def delete(self) -> None:
        """Remove it with all that belongs to it."""
        self.transport.request("DELETE", self._path)

    def picture(self) -> Picture:
        """Loss against the first number that varies, as SVG: it shows itself in a notebook."""
        from backsweep_client.pictures import response

        return response(self.summary())

    def _intend(self, verb: str, body: object = None, *, repeatable: bool = True) -> Sweep:
        self.document = self.transport.post(f"{self._path}:{verb}", body, repeatable=repeatable)
        return self

    @property
    def _sweep_of_runs(self) -> str:
        return self.id

    def __repr__(self) -> str:
        return f"<Sweep {self.name!r} {self.state} {self.fraction:.0%} {self.id}>"

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        """What a notebook shows: everything at once, so that no viewer has to choose a poorer form."""
        from backsweep_client.display import sweep_html

        return {"text/plain": repr(self), "text/html": sweep_html(self)}

    def _repr_html_(self) -> str:
        return self._repr_mimebundle_()["text/html"]
