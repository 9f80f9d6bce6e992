"""What the API says of itself: a valid description, for anybody who reaches the server."""

from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from fastapi.openapi.models import OpenAPI

from services.access.api_tokens import ApiTokens
from services.domain.people import LOCAL_USER
from tests.unit.app.api.serving import API, program

METHODS = {"get", "put", "post", "delete", "patch", "head"}
OPERATIONS = {
    "add_call",
    "begin_upload",
    "call",
    "call_audio",
    "call_runs",
    "call_transcript",
    "calls",
    "cancel_run",
    "complete_upload",
    "continue_upload",
    "delete_call",
    "give_up_upload",
    "run_again",
    "search_lines",
    "upload",
    "upload_offset",
    "ask_summary",
    "begin_phone_call",
    "change_language",
    "hang_up",
    "phone_call",
    "phone_calls",
    "phone_readiness",
    "ringing_calls",
    "start_transcription",
    "stop_transcription",
}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    off = SimpleNamespace(api_tokens=ApiTokens(None, LOCAL_USER))
    answer = program(off, token=None).get(f"{API}/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(description: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        told
        for path in description["paths"].values()
        for method, told in path.items()
        if method in METHODS
    ]


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [one for value in part.values() for one in references(value)]
    if isinstance(part, list):
        return [one for value in part for one in references(value)]
    return []


def test_the_description_is_valid(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    assert description["servers"] == [{"url": API}]
    OpenAPI.model_validate(description)
    schemas = description["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    found = references(description)
    assert found
    assert {one.removeprefix("#/components/schemas/") for one in found} <= schemas.keys()
    assert "HTTPValidationError" not in schemas


def test_operations_have_ids_and_tell_their_errors(description: dict[str, Any]) -> None:
    told = operations(description)
    assert {one["operationId"] for one in told} == OPERATIONS
    assert len(told) == len(OPERATIONS)
    for operation in told:
        assert operation["description"].endswith(".")
        assert operation["security"] == [{"token": []}]
        errors = {s: a for s, a in operation["responses"].items() if not s.startswith("2")}
        assert errors.keys() >= {"400", "401", "403", "404", "500", "503", "default"}
        for answer in errors.values():
            schema = answer["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}
            assert answer["description"].endswith(".")


def test_what_is_asked_for_takes_nothing_unknown(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    forms = {name: schema for name, schema in schemas.items() if name.endswith("Form")}
    assert forms.keys() >= {"PhoneCallForm", "WishForm", "BeginningForm", "LanguageForm"}
    assert forms.keys() >= {"RunForm", "UploadForm"}
    assert all(schema["additionalProperties"] is False for schema in forms.values())
