"""The error dialect of the Management API: ``{statusCode, error, message, errorCode?}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any


class ApiError(Exception):
    """A refusal: HTTP ``status``, the sentence, and the ``errorCode`` (left out when ``None``)."""

    def __init__(
        self, status: int, message: str, code: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, Any]:
        body = {"statusCode": self.status, "error": HTTPStatus(self.status).phrase, "message": self.message}
        if self.code is not None:
            body["errorCode"] = self.code
        return body


def invalid_body(message: str) -> ApiError:
    return ApiError(400, message, "invalid_body")


def invalid_query(message: str) -> ApiError:
    return ApiError(400, message, "invalid_query_string")


def not_supported(message: str) -> ApiError:
    """A business rule stands against it."""
    return ApiError(400, message, "operation_not_supported")


def unauthorized(message: str) -> ApiError:
    return ApiError(401, message, headers={"www-authenticate": 'Bearer realm="Management API"'})


def insufficient_scope(scopes: Iterable[str], *, every: bool = False) -> ApiError:
    wanted = "all" if every else "any"
    return ApiError(403, f"Insufficient scope, expected {wanted} of: {','.join(scopes)}", "insufficient_scope")


def not_found(message: str, code: str | None = None) -> ApiError:
    """An entity that does not exist, in the words and with the code of its kind."""
    return ApiError(404, message, code)


def conflict(message: str, code: str | None = None) -> ApiError:
    return ApiError(409, message, code)


def no_such_path() -> ApiError:
    return ApiError(404, "Not Found")
