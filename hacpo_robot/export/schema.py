"""The form of ``policy_metadata``, and where a document departs from it."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

LONGEST = 200
"""Characters of a sentence: a hostile document may hold megabytes where a word belongs."""
SCHEMA = Path(__file__).with_name("policy_metadata.schema.json")


def find_fault(document: Mapping[str, Any]) -> str | None:
    """What in a document its schema does not allow, by its place; ``None`` where all is well."""
    error = best_match(_validator().iter_errors(document))
    if error is None:
        return None
    place = error.json_path.removeprefix("$").lstrip(".")
    return _shortened(f"{place}: {error.message}" if place else error.message)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
