"""What is wrong with the params of a node that reads or writes a file, as far as it can be told without the file?"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Any, Final

from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.models.spec import Kind
from studio.nodes.base import Params
from studio.workflow.params import LATER, is_dynamic

_KINDS: Final = frozenset(str(kind) for kind in Kind) - {"enum"}


def delimiter_of(params: Params) -> str:
    """The character between two cells."""
    given: str = params.get("delimiter", ",")
    return "\t" if given == "\\t" else given


def check_file(params: Params) -> list[Problem]:
    """What is wrong with the params that all of them have."""
    found = []
    if params.get("path") == "":
        found.append(
            Problem(code="missing-param", message="No file is named.", hint="Give its path.", field="path")
        )
    encoding = params.get("encoding")
    if isinstance(encoding, str) and not is_dynamic(encoding) and not _is_encoding(encoding):
        hint = did_you_mean(encoding, ("utf-8", "utf-16", "latin-1", "cp1252", "ascii"))
        found.append(
            Problem(
                code="param-type",
                message=f"There is no encoding {encoding!r}.",
                hint=hint,
                field="encoding",
            )
        )
    delimiter = params.get("delimiter")
    if (
        isinstance(delimiter, str)
        and not is_dynamic(delimiter)
        and (len(delimiter_of(params)) != 1 or delimiter in '"\r\n')
    ):
        found.append(
            Problem(
                code="param-type",
                message=f"The delimiter {delimiter!r} is not one character.",
                hint="Write a comma, a semicolon, or \\t for a tab.",
                field="delimiter",
            )
        )
    return found


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - what open() itself looks at
    except (LookupError, ValueError):
        return False


def check_types(types: Any) -> list[Problem]:
    """What is wrong with `{field: type}`."""
    if types is LATER or not isinstance(types, Mapping) or is_dynamic(types):
        return []
    return [
        Problem(
            code="field-kind",
            message=f"{name!r} is of no type {kind!r}.",
            hint=did_you_mean(str(kind), sorted(_KINDS)),
            field="types",
        )
        for name, kind in types.items()
        if not isinstance(kind, str) or kind not in _KINDS
    ]
