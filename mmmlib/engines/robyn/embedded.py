"""R inside this process: the only file that knows rpy2. Runs in a host, never in a kernel.

Plain vectors are made and read through rpy2's lowest layer; its conversion of pandas tables is
not used (``frames`` says why).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmmlib.engines.robyn.messages import Argument, Call, Failed, Frame, Kept, Returned, Vector

OPTIONS = ("rpy2", "--quiet", "--no-save", "--no-restore", "--no-init-file")
NA_DOUBLE = np.array([0x7FF00000000007A2], dtype=np.uint64).view(np.float64)[0]
NA_INTEGER = np.int32(-(2**31))
GUARD = "mmmr_guard"


class Embedded:
    """R with the functions of some source files, and the objects that calls keep there."""

    def __init__(self, sources: Sequence[Path]) -> None:
        import rpy2.rinterface_lib.callbacks as callbacks
        import rpy2.rinterface_lib.embedded as embedded
        from rpy2 import rinterface

        embedded.set_initoptions(OPTIONS)
        rinterface.initr()
        # after initr, which puts its own in place; they must neither buffer nor ask anybody
        callbacks.consolewrite_print = _say
        callbacks.consolewrite_warnerror = _say
        callbacks.consoleread = _nobody_answers
        callbacks.showmessage = _say
        self._ri = rinterface
        self._base = rinterface.baseenv
        self._kept: dict[str, Any] = {}
        self._functions = self._base["new.env"](parent=rinterface.globalenv)
        self._base["options"](warn=rinterface.IntSexpVector([1]))
        for source in sources:
            self._base["sys.source"](
                str(source), self._functions, **{"keep.source": rinterface.BoolSexpVector([False])}
            )

    def version(self) -> str:
        """R's version, such as 4.2.2."""
        return str(self._base["as.character"](self._base["getRversion"]())[0])

    def answer(self, call: Call) -> Returned | Failed:
        """Run a call; what goes wrong in R is an answer too."""
        ri = self._ri
        try:
            arguments = ri.ListSexpVector([self._to_r(value) for value in call.arguments])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            return Failed(f"an argument of {call.function} cannot be handed to R: {error}")
        guard = self._base["get"](ri.StrSexpVector([GUARD]), envir=self._functions)
        done = _by_name(guard(ri.StrSexpVector([call.function]), arguments, self._functions))
        if not done["ok"][0]:
            (message,), (at,) = list(done["message"]), list(done["call"])
            return Failed(str(message), str(at), tuple(map(str, done["traceback"])))
        if call.keep:
            self._kept[call.keep] = done["value"]
            return Returned(None)
        try:
            return Returned(self._from_r(done["value"], f"the value of {call.function}"))
        except _StrangeError as error:
            return Failed(str(error), call.function)

    def _to_r(self, value: Argument) -> Any:
        ri = self._ri
        match value:
            case None:
                return ri.NULL
            case bool():
                return ri.BoolSexpVector([value])
            case int():
                return ri.IntSexpVector([value])
            case float():
                return ri.FloatSexpVector([value])
            case str():
                return ri.StrSexpVector([value])
            case tuple():
                return ri.StrSexpVector(list(value))
            case Kept(name):
                return self._kept[name]
            case Frame(columns):
                return self._data_frame(columns)

    def _data_frame(self, columns: Sequence[Vector]) -> Any:
        vectors = self._ri.ListSexpVector([self._vector(column) for column in columns])
        names = self._ri.StrSexpVector([column.name for column in columns])
        rows = len(columns[0].values) if columns else 0
        # NA and minus the number of rows is R's short form of row names 1, 2, …
        row_names = self._ri.IntSexpVector(np.array([NA_INTEGER, -rows], dtype=np.int32))
        vectors.do_slot_assign("names", names)
        vectors.do_slot_assign("row.names", row_names)
        return self._of_class(vectors, "data.frame")

    def _of_class(self, vector: Any, name: str) -> Any:
        # R's own way: a slot alone would be a class that methods do not see
        return self._base["class<-"](vector, self._ri.StrSexpVector([name]))

    def _vector(self, column: Vector) -> Any:
        ri, values, missing = self._ri, column.values, column.missing
        match column.kind:
            case "double":
                return ri.FloatSexpVector(_contiguous(np.where(missing, NA_DOUBLE, values)))
            case "date":
                days = ri.FloatSexpVector(_contiguous(np.where(missing, NA_DOUBLE, values)))
                return self._of_class(days, "Date")
            case "integer" | "logical":
                whole = np.where(missing, NA_INTEGER, values.astype(np.int32)).astype(np.int32)
                vector = ri.IntSexpVector(_contiguous(whole))
                return vector if column.kind == "integer" else self._base["as.logical"](vector)
            case "text":
                pairs = zip(values, missing, strict=True)
                return ri.StrSexpVector([ri.NA_Character if na else text for text, na in pairs])

    def _from_r(self, value: Any, what: str) -> Any:
        ri = self._ri
        if value.typeof == ri.RTYPES.NILSXP:
            return None
        if "data.frame" in value.rclass:
            names = list(value.names)
            return Frame(
                tuple(
                    self._column(str(name), column, f"column {name!r} of {what}")
                    for name, column in zip(names, value, strict=True)
                )
            )
        if value.typeof == ri.RTYPES.VECSXP:
            parts = _names(value) or [str(i) for i in range(len(value))]
            items = {
                name: self._from_r(item, f"{name!r} in {what}")
                for name, item in zip(parts, value, strict=True)
            }
            return items if _names(value) else list(items.values())
        column = self._column("", value, what)
        scalars = [
            None if na else getattr(item, "item", lambda item=item: item)()
            for item, na in zip(column.values, column.missing, strict=True)
        ]
        names = _names(value)
        return dict(zip(names, scalars, strict=True)) if names else scalars

    def _column(self, name: str, vector: Any, what: str) -> Vector:
        ri = self._ri
        classes = set(vector.rclass)
        if classes & {"POSIXct", "POSIXlt", "difftime"}:
            raise _StrangeError(f"{what} has times; give dates (as.Date) or numbers")
        if "factor" in classes:
            vector = self._base["as.character"](vector)
        match vector.typeof:
            case ri.RTYPES.REALSXP:
                values = _values(vector, np.float64)
                is_na = values.view(np.uint64) & 0xFFFFFFFF == 1954
                missing = np.isnan(values) & is_na
                return Vector(name, "date" if "Date" in classes else "double", values, missing)
            case ri.RTYPES.INTSXP:
                whole = _values(vector, np.int32)
                missing = whole == NA_INTEGER
                if "Date" in classes:
                    return Vector(name, "date", whole.astype(np.float64), missing)
                return Vector(name, "integer", whole, missing)
            case ri.RTYPES.LGLSXP:
                flags = _values(self._base["as.integer"](vector), np.int32)
                return Vector(name, "logical", flags == 1, flags == NA_INTEGER)
            case ri.RTYPES.STRSXP:
                missing = np.array(self._base["is.na"](vector), dtype=np.bool_)
                texts = np.empty(len(vector), dtype=object)
                texts[:] = ["" if na else str(t) for t, na in zip(vector, missing, strict=True)]
                return Vector(name, "text", texts, missing)
        raise _StrangeError(f"{what} is an R {vector.typeof.name}, which has no place in a table")


class _StrangeError(Exception):
    """R returned what cannot pass to Python."""


def _say(text: str) -> None:
    """R's console goes where the process's own output goes: one stream, in order, at once."""
    data = text.encode("utf-8", errors="replace")
    while data:
        data = data[os.write(1, data) :]


def _nobody_answers(prompt: str) -> str:
    raise EOFError(f"R asks {prompt!r}; nobody can answer here")


def _contiguous(values: np.ndarray[Any, Any]) -> memoryview:
    return np.ascontiguousarray(values).data


def _values(vector: Any, dtype: Any) -> np.ndarray[Any, Any]:
    """A copy: R may reuse the memory. An empty vector has no memory to view."""
    return np.array(vector.memoryview() if len(vector) else [], dtype=dtype)


def _names(value: Any) -> list[str]:
    names = value.names
    return [] if names.typeof == 0 else [str(name) for name in names]


def _by_name(value: Any) -> dict[str, Any]:
    return dict(zip(_names(value), value, strict=True))
