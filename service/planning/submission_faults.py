"""What pydantic finds wrong is told in Backsweep's words, with a path that people can follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from service.errors import Fault
from service.planning.plain_text import did_you_mean
from service.planning.strict_json import member

# Tags of unions (`<rows>`, `<fraction>`) and `[key]` are pydantic's, and no part of what was sent.
_NOT_SENT = ("<", "[key]")
_PLAIN = {
    "string_type": ("is not text", "text in quotes"),
    "int_type": ("is not a whole number", "a whole number"),
    "int_from_float": ("is not a whole number", "a whole number"),
    "float_type": ("is not a number", "a number"),
    "finite_number": ("is not finite", "a finite number"),
    "bool_type": ("is neither true nor false", "true, false"),
    "list_type": ("is not a list", "a list"),
    "dict_type": ("is not an object", "an object"),
    "model_type": ("is not an object", "an object"),
    "model_attributes_type": ("is not an object", "an object"),
}
_BOUNDED: Mapping[str, Callable[[Mapping[str, object]], tuple[str, str]]] = {
    "greater_than": lambda ctx: ("is too small", f"above {ctx['gt']:g}"),
    "greater_than_equal": lambda ctx: ("is too small", f"at least {ctx['ge']}"),
    "less_than_equal": lambda ctx: ("is too large", f"at most {ctx['le']}"),
    "string_too_short": lambda _: ("is empty", "some text"),
    "string_too_long": lambda ctx: ("is too long", f"at most {ctx['max_length']:,} characters"),
    "too_short": lambda ctx: ("has too few entries", f"at least {ctx['min_length']}"),
    "too_long": lambda ctx: ("has too many entries", f"at most {ctx['max_length']:,}"),
    "literal_error": lambda ctx: ("is not one of the choices", str(ctx["expected"]).replace("'", "")),
}


def translated(error: ErrorDetails, models: Mapping[tuple[str, ...], type[BaseModel]]) -> Fault:
    """One of pydantic's errors as a fault; `models` says which model stands at which place."""
    kind, value = error["type"], error["input"]
    last = (
        len(error["loc"]) - 1 if kind == "extra_forbidden" else None
    )  # a name that was sent, whatever it is
    place = tuple(
        part
        for index, part in enumerate(error["loc"])
        if index == last or not (isinstance(part, str) and part.startswith(_NOT_SENT))
    )
    path = path_of(place)
    if kind == "missing":
        return Fault(path, "is missing", None, _description(models, place))
    if kind == "extra_forbidden":
        names = list(models[tuple(str(part) for part in place[:-1])].model_fields)
        name = str(place[-1])
        message = f"there is no field {name[:100]!r}{did_you_mean(name, names)}"
        return Fault(path, message, value, ", ".join(names))
    ctx = error.get("ctx", {})
    if kind in _PLAIN:
        message, allowed = _PLAIN[kind]
        return Fault(path, message, value, allowed)
    if kind in _BOUNDED:
        message, allowed = _BOUNDED[kind](ctx)
        return Fault(path, message, value, allowed)
    # Our own validators say everything themselves.
    return Fault(path, error["msg"], value, ctx.get("allowed"))


def path_of(place: tuple[str | int, ...]) -> str:
    """`("split", "train")` as `split.train`, `("seeds", 3)` as `seeds[3]`."""
    path = ""
    for part in place:
        path = f"{path}[{part}]" if isinstance(part, int) else member(path, part)
    return path


def _description(
    models: Mapping[tuple[str, ...], type[BaseModel]], place: tuple[str | int, ...]
) -> str | None:
    model = models.get(tuple(str(part) for part in place[:-1]))
    field = model.model_fields.get(str(place[-1])) if model else None
    return field.description if field else None
