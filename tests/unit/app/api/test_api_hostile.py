"""Whatever programs send, allowed by the API's own description or not, is answered as told there.

Requests are made up by schemathesis from the description, the same ones at each run; some are about
a call and an upload that are there.
"""

import json
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from app.wiring import Services
from services.domain.people import EVERY_CALL, LOCAL_USER, Reach, Role
from tests.unit.app.api.serving import API, BEARER, ORG, program
from tests.unit.app.api.test_api_description import OPERATIONS

REQUESTS = 8
OF_EACH_KIND = 2
CANARY = "canary 4711 of Harbor"
HERE = {"Host": "localhost"}
# What is refused although the description allows it depends on what is there.
NOT_CHECKED = [positive_data_acceptance, not_a_server_error]


@pytest.fixture(scope="module")
def operations(services: Services) -> dict[str, Any]:
    """The operations that the API tells of, by their ids."""
    load_all_checks()
    client = program(services)
    told = client.get(f"{API}/openapi.json").json()
    for path in told["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
    described = schemathesis.openapi.from_dict(told)
    described.app = client.app
    found = [one.ok() for one in described.get_all_operations()]
    return {one.definition.raw["operationId"]: one for one in found}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_it_is_answered_as_told(
    asking: TestClient, services: Services, operations: dict[str, Any], name: str
) -> None:
    call_id = asking.post(f"{API}/calls", content=b"sound").json()["id"]
    upload_id = asking.post(f"{API}/uploads", json={"size": 10}).json()["id"]
    there = {"call_id": call_id, "upload_id": upload_id}
    operation = operations[name]
    allowed = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    barred = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    def about_what_is_there(case: Any) -> Any:
        known = case.path_parameters.keys() & there.keys()
        case.path_parameters = case.path_parameters | {one: there[one] for one in known}
        return case

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(allowed, allowed.map(about_what_is_there), barred))
    def ask(case: Any) -> None:
        answer = case.call(headers=BEARER | HERE)
        # Only what isn't set up is no fault of the program's.
        assert answer.status_code < 500 or answer.status_code == 501, answer.text
        case.validate_response(answer, excluded_checks=NOT_CHECKED)

    ask()


TOKENS = {
    "viewer": (LOCAL_USER.org_id, Role.VIEWER, Reach(queues=frozenset({"Billing"}))),
    "supervisor": (LOCAL_USER.org_id, Role.SUPERVISOR, Reach(queues=frozenset({"Billing"}))),
    "admin": (LOCAL_USER.org_id, Role.ADMIN, EVERY_CALL),
    "foreign admin": ("elsewhere", Role.ADMIN, EVERY_CALL),
}


@pytest.mark.parametrize("name", TOKENS)
def test_it_is_answered_as_told_whoever_asks(
    asking: TestClient, services: Services, operations: dict[str, Any], name: str
) -> None:
    """With tokens of all roles; what is told of, or done to, a call is theirs who may."""
    org_id, role, reach = TOKENS[name]
    giver = replace(LOCAL_USER, org_id=org_id)
    made = services.token_desk.add_service(giver, name, role, reach)
    about = {"X-Partyline-Call": json.dumps({"name": CANARY, "queue": "Billing"})}
    call_id = asking.post(f"{API}/calls", content=b"sound", headers=about).json()["id"]
    before = services.calls.row(ORG, call_id)
    seen, asked = False, [one for key, one in sorted(operations.items()) if key != "delete_call"]

    @settings(
        max_examples=OF_EACH_KIND,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        nonlocal seen
        for operation in asked:
            case = data.draw(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
            if "call_id" in case.path_parameters:
                case.path_parameters = case.path_parameters | {"call_id": call_id}
            answer = case.call(headers={"Authorization": f"Bearer {made.secret}"} | HERE)
            assert answer.status_code < 500 or answer.status_code == 501, answer.text
            case.validate_response(answer, excluded_checks=NOT_CHECKED)
            seen = seen or CANARY in answer.text

    ask()
    # The last: who may delete does.
    gone = asking.delete(
        f"{API}/calls/{call_id}", headers={"Authorization": f"Bearer {made.secret}"}
    )
    is_foreign = org_id != ORG
    assert seen is not is_foreign
    expected = 404 if is_foreign else 403 if role is Role.VIEWER else 204
    assert gone.status_code == expected
    if is_foreign:
        assert services.calls.row(ORG, call_id) == before
        for row in services.calls.list(org_id):
            services.desk.delete(giver, row.call.id)
