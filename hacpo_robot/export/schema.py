"""The form of ``policy_metadata``, and where a document departs from it."""

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

SCHEMA = Path(__file__).with_name("policy_metadata.schema.json")


def find_fault(document: object) -> str | None:
    """What in a document its schema does not allow, by its place; ``None`` where all is well."""
    error = best_match(_validator().iter_errors(document))
    if error is None:
        return None
    place = error.json_path.removeprefix("$").lstrip(".")
    return f"{place}: {error.message}" if place else error.message


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
