"""The OpenAPI document of the operations this server performs, made from their declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from doorward import __version__
from doorward.management.kit.operation import Effect, Operation
from doorward.management.kit.schema import (
    Boolean,
    Choice,
    Either,
    Items,
    MappingOf,
    Nullable,
    Number,
    Record,
    Rule,
    Tagged,
    Text,
    integer,
    record,
    text,
)

BEARER = "bearer"
JSON, TEXT, FORM = "application/json", "text/plain", "multipart/form-data"
REFUSALS = {
    "400": "The request is wrong, or a rule stands against it.",
    "401": "The token is missing, expired, or not for this API or host.",
    "403": "The token lacks the scope.",
    "404": "There is no such entity.",
    "409": "Something else has the name, or changed it at the same time.",
    "413": "The body is too large.",
    "414": "The URL is too long.",
    "415": "The body is of a type the operation does not read.",
    "429": "Too many requests.",
    "503": "The database does not answer in time.",
}
ERROR = record(
    {"statusCode": integer(), "error": text(), "message": text(), "errorCode": text()},
    required=("statusCode", "error", "message"),
)
_parameter = re.compile(r"{(\w+)}")


def openapi(operations: Iterable[Operation], issuer: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document; ``issuer`` (``https://host/``) is the server it is about.

    Operations that are refused are not in it.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        if operation.effect is not Effect.REFUSED:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Doorward Management API", "version": __version__},
        "servers": [{"url": f"{issuer}api/v2"}],
        "paths": paths,
        "components": {
            "securitySchemes": {BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {"error": schema_of(ERROR)},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": _name(operation),
        "tags": [operation.path.split("/")[1]],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {**_successes(operation), **_refusals()},
        "security": [{BEARER: [scope]} for scope in (*operation.scopes, *operation.own)],
    }
    if operation.every_scope:
        described["security"] = [{BEARER: list(operation.scopes)}]
    if operation.body is not None:
        schema = schema_of(operation.body)
        for name in operation.uploads:
            schema["properties"][name] = {"type": "string", "contentMediaType": "application/octet-stream"}
            schema["required"] = [*schema.get("required", ()), name]
        kind = FORM if operation.uploads else JSON
        described["requestBody"] = {"content": {kind: {"schema": schema}}, "required": True}
    return described


def _name(operation: Operation) -> str:
    words = re.findall(r"\w+", operation.path)
    return "_".join([operation.method.lower(), *words])


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": schema_of(operation.parameters.get(name, text(min=1))),
        }
        for name in _parameter.findall(operation.path)
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": schema_of(rule)} for name, rule in operation.query.items()]


def _successes(operation: Operation) -> dict[str, Any]:
    def content(rule: Rule | None) -> Mapping[str, Any]:
        return {} if rule is None else {"content": {JSON: {"schema": schema_of(rule)}}}

    return {str(status): {"description": "Done.", **content(rule)} for status, rule in operation.answers.items()}


def _refusals() -> dict[str, Any]:
    api = {JSON: {"schema": {"$ref": "#/components/schemas/error"}}}
    edge = {TEXT: {"schema": {"type": "string"}}}  # said before the request has reached the API
    busy = {JSON: {"schema": {"type": "object"}}}
    contents = dict.fromkeys(("413", "414"), edge) | {"503": busy}
    return {
        status: {"description": sentence, "content": contents.get(status, api)} for status, sentence in REFUSALS.items()
    }


def schema_of(rule: Rule) -> dict[str, Any]:
    """The JSON Schema of a rule."""
    schema = _schema_of(rule)
    return {**schema, "description": rule.about} if rule.about else schema


def _schema_of(rule: Rule) -> dict[str, Any]:
    match rule:
        case Nullable():
            return {"anyOf": [schema_of(rule.rule), {"type": "null"}]}
        case Boolean():
            return {"type": "boolean"}
        case Text():
            pattern = None if rule.pattern is None else f"^(?:{rule.pattern})$"
            return _given(
                {"type": "string"}, minLength=rule.min or None, maxLength=rule.max, pattern=pattern, format=rule.format
            )
        case Number():
            kind = "integer" if rule.whole else "number"
            return _given({"type": kind}, minimum=rule.min, maximum=rule.max)
        case Choice():
            return {"type": "string", "enum": list(rule.values)}
        case Items():
            bounds = {"minItems": rule.min or None, "maxItems": rule.max, "uniqueItems": rule.unique or None}
            return _given({"type": "array", "items": schema_of(rule.item)}, **bounds)
        case MappingOf():
            names = None if rule.max_name is None else {"maxLength": rule.max_name}
            values = schema_of(rule.item)
            return _given(
                {"type": "object", "additionalProperties": values}, maxProperties=rule.max, propertyNames=names
            )
        case Record():
            properties = {name: schema_of(item) for name, item in rule.properties.items()}
            closed = None if rule.open else False
            required = list(rule.required) or None
            return _given(
                {"type": "object", "properties": properties},
                required=required,
                additionalProperties=closed,
                minProperties=rule.min or None,
            )
        case Either():
            return {"anyOf": [schema_of(each) for each in rule.rules]}
        case Tagged():
            return {"oneOf": [schema_of(each) for each in rule.records.values()]}
    return {}


def _given(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**schema, **{name: value for name, value in more.items() if value is not None}}
