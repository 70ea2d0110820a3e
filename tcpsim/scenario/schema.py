"""The JSON Schema of scenario files (draft-07), made from the types that validate them.

An editor that knows it completes keys and marks mistakes. It can't know everything: whether a phrase makes
sense and whether hosts exist is said by `load` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from .models import ScenarioFile

if TYPE_CHECKING:
    from pydantic_core import core_schema

DRAFT_07: Final = "http://json-schema.org/draft-07/schema#"


class _Draft07(GenerateJsonSchema):
    """pydantic's generator, without what only later drafts know and without null, which no key admits."""

    schema_dialect = DRAFT_07

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        # The default of a duration is held in nanoseconds, which nobody writes.
        return {**inner, "default": default} if isinstance(default, (bool, str)) else inner


def schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files, valid under draft-07."""
    made = ScenarioFile.model_json_schema(by_alias=True, schema_generator=_Draft07)
    definitions = made.pop("$defs", {})
    whole = {"$schema": DRAFT_07, **made, "definitions": definitions}
    converted: dict[str, Any] = _as_draft_07(whole)
    return converted


def _as_draft_07(part: Any) -> Any:
    if isinstance(part, list):
        return [_as_draft_07(each) for each in part]
    if not isinstance(part, dict):
        return part
    changed = {
        key: _as_draft_07(value)
        for key, value in part.items()
        if key not in ("discriminator", "title") or _is_property(value)
    }
    if "patternProperties" in changed:
        changed.setdefault("additionalProperties", False)  # a key that is no name is refused
    reference = changed.get("$ref")
    if isinstance(reference, str):
        target = {"$ref": reference.replace("#/$defs/", "#/definitions/")}
        rest = {key: value for key, value in changed.items() if key != "$ref"}
        # In draft-07 whatever stands beside $ref is ignored.
        return {"allOf": [target], **rest} if rest else target
    return changed


def _is_property(value: Any) -> bool:
    """Tell the property called `title` (a schema) from the annotation (a text)."""
    return isinstance(value, dict) and "mapping" not in value
