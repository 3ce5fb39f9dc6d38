"""The OpenAPI documents are valid, name what they describe in the same way, and show what a person would write."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from identity_service.installation import OWN_SCOPES, POSTS_SCOPES
from posts_service.dependencies import SCOPE_TEXTS
from tests.openapi.conftest import SERVICES
from tests.openapi.operations import OPERATIONS
from tests.support.characters import JOINED
from tests.support.services import IDENTITY_URL, Identity, Posts
from tests.support.tools import ROOT

EXAMPLES = {
    "course": {"COURSE_ISSUER": IDENTITY_URL, "COURSE_AUDIENCE": "http://localhost:8004"},
    "task_manager": {
        "TASKS_ISSUER": IDENTITY_URL,
        "TASKS_AUDIENCE": "http://localhost:8003",
        "TASKS_CLIENT_SECRET": "a-secret-of-thirty-two-characters",
        "TASKS_DATABASE_URL": "postgresql://tasks@localhost/tasks",
    },
}
SAID_BY_ITSELF = {"enum", "const", "default"}
FORMATS = {"uuid": "0199a3c1-e5f0-7d6b-8a2e-3f1c5b7d9e10", "date-time": "2026-11-26T12:00:00Z", "uri": IDENTITY_URL}
OF_TYPE = {"integer": 1, "number": 1.0, "boolean": True, "null": None}

each_service = pytest.mark.parametrize("name", SERVICES)

Document = dict[str, Any]


@pytest.fixture
async def document(name: str, identity: Identity, posts: Posts) -> Document:
    http: httpx.AsyncClient = {"identity": identity.http, "posts": posts.http}[name]
    document: Document = (await http.get("/openapi.json")).json()
    return document


def operations(document: Document) -> Iterator[Document]:
    for item in document["paths"].values():
        yield from item.values()


def json_contents(operation: Document) -> Iterator[Document]:
    """What describes the JSON of each body and each successful answer."""
    answers = [answer for status, answer in operation["responses"].items() if status < "4"]
    for described in (operation.get("requestBody", {}), *answers):
        yield from (
            content for media, content in described.get("content", {}).items() if media.endswith(("/json", "+json"))
        )


def shown(schema: Document, document: Document) -> Any:
    """The example that a documentation page shows for a schema. Fails for a text that nobody has given one."""
    if "$ref" in schema:
        return shown(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    if examples := schema.get("examples") or ([schema["example"]] if "example" in schema else []):
        return examples[0]
    if alternatives := schema.get("anyOf") or schema.get("oneOf"):
        return shown(alternatives[0], document)
    if said := SAID_BY_ITSELF & schema.keys():
        value = schema[said.pop()]
        return value[0] if isinstance(value, list) and value else value
    if schema["type"] == "object":
        return {name: shown(member, document) for name, member in schema.get("properties", {}).items()}
    if schema["type"] == "array":
        return [shown(schema["items"], document)]
    return FORMATS[schema["format"]] if schema["type"] == "string" else OF_TYPE[schema["type"]]


@each_service
def test_a_document_is_valid(document: Document) -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


@pytest.mark.parametrize("example", sorted(EXAMPLES))
def test_the_document_of_a_service_of_ones_own_is_valid(example: str) -> None:
    script = f"import json; from examples.{example} import app; print(json.dumps(app.openapi()))"
    written = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=EXAMPLES[example], capture_output=True, text=True, check=True
    )
    document = json.loads(written.stdout)
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    for operation in operations(document):
        assert "HTTPValidationError" not in json.dumps(operation)
        guarded = operation["security"] != []
        assert guarded == bool({"401", "403", "503"} & operation["responses"].keys())


@each_service
def test_operations_have_stable_names_of_a_resource_and_a_verb(document: Document, name: str) -> None:
    assert {operation["operationId"] for operation in operations(document)} == OPERATIONS[name]


@each_service
def test_operations_that_refuse_other_versions_say_how_a_caller_names_one(document: Document) -> None:
    conditional = [one for one in operations(document) if {"412", "428"} & one["responses"].keys()]
    assert len(conditional) > 5
    for operation in conditional:
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert "If-Match" in names, operation["operationId"]


@each_service
def test_every_body_and_every_answer_shows_a_valid_example(document: Document) -> None:
    tried = 0
    for operation in operations(document):
        for content in json_contents(operation):
            schema = content["schema"]
            example = shown(schema, document)
            whole = {**schema, "components": document["components"]}
            assert Draft202012Validator(whole).is_valid(example), (operation["operationId"], example)
            tried += 1
    assert tried > 5


@pytest.mark.parametrize("name", ["posts"])
def test_the_example_of_a_post_is_one_that_a_person_would_write(document: Document) -> None:
    draft = document["components"]["schemas"]["PostDraft"]
    assert shown(draft, document)["title"] == "On engines"


@pytest.mark.parametrize(
    ("name", "body", "member"),
    [
        ("identity", "Registration", "full_name"),
        ("posts", "PostDraft", "title"),
        ("posts", "PostChanges", "summary"),
        ("posts", "CommentDraft", "body"),
        ("posts", "Unpublication", "reason"),
    ],
)
def test_a_text_of_which_nothing_is_seen_is_not_valid_by_the_document(
    document: Document, body: str, member: str
) -> None:
    schema = document["components"]["schemas"][body]["properties"][member]
    text = Draft202012Validator(schema.get("anyOf", [schema])[0])
    for seen in ("Ada Lovelace", " a", *JOINED.values()):
        assert text.is_valid(seen), seen
    for unseen in ("", " ", "\u3000", "\u200b", "\u00ad\u2060\ufe0f", "\u2800", "\u3164", "a\x00b"):
        assert not text.is_valid(unseen), unseen


@pytest.mark.parametrize("name", ["identity"])
def test_the_oauth_endpoints_describe_what_they_answer(document: Document) -> None:
    schemas = document["components"]["schemas"]
    token = document["paths"]["/oauth/token"]["post"]["responses"]
    assert token["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/TokenRead"}
    assert schemas["TokenRead"]["required"] == ["access_token", "token_type", "expires_in"]
    errors = schemas["OAuthRefusal"]["properties"]["error"]["enum"]
    for path in ("/oauth/token", "/oauth/revoke", "/oauth/introspect"):
        responses = document["paths"][path]["post"]["responses"]
        assert set(responses["400"]["content"]["application/json"]["examples"]) <= set(errors), path
        assert responses["401"]["headers"].keys() == {"WWW-Authenticate"}, path
    assert schemas["IntrospectionRead"]["required"] == ["active"]


@pytest.mark.parametrize("name", ["identity"])
def test_media_types_are_those_that_are_sent(document: Document) -> None:
    keys = document["paths"]["/.well-known/jwks.json"]["get"]["responses"]["200"]
    assert list(keys["content"]) == ["application/jwk-set+json"]
    [metrics] = document["paths"]["/metrics"]["get"]["responses"]["200"]["content"]
    assert metrics.startswith("text/plain; version=")


@pytest.mark.parametrize(("name", "own"), [("identity", {"account", "admin", "openid"}), ("posts", {"posts:write"})])
def test_people_are_offered_the_scopes_that_they_can_get_each_with_its_text(document: Document, own: set[str]) -> None:
    flows = document["components"]["securitySchemes"]["watchword"]["flows"]
    assert flows["authorizationCode"]["scopes"].keys() == own
    assert "password" not in flows
    assert all(text for flow in flows.values() for text in flow["scopes"].values())


@each_service
def test_every_security_scheme_that_an_operation_names_is_described(document: Document) -> None:
    named = {
        scheme for operation in operations(document) for requirement in operation["security"] for scheme in requirement
    }
    assert named == document["components"]["securitySchemes"].keys()


@each_service
def test_what_every_answer_has_is_not_optional(document: Document) -> None:
    schemas = document["components"]["schemas"]
    names = {
        "ConsentRead",
        "SessionRead",
        "PollAnswer",
        "UserRead",
        "PostRead",
        "ListedPost",
    } & schemas.keys()
    assert len(names) >= 2
    for name in names:
        # Only people who are signed in get the one, and only answers to a search have the other.
        assert set(schemas[name]["required"]) == schemas[name]["properties"].keys() - {"liked", "headline"}, name


@each_service
def test_no_bound_is_written_as_pydantic_writes_it(document: Document) -> None:
    assert not re.search(r'"(ge|le|gt|lt)":', json.dumps(document))


@pytest.mark.parametrize("name", ["identity"])
def test_a_stream_is_described_as_it_is_answered(document: Document) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["DeliveryRead"]["required"] == ["method", "endpoint_url"]
    left_out = (schemas["StreamRead"]["properties"]["description"], schemas["StatusRead"]["properties"]["reason"])
    assert [member["type"] for member in left_out] == ["string", "string"]


@pytest.mark.parametrize("name", ["identity"])
def test_acts_that_can_be_waited_for_say_so(document: Document) -> None:
    waited = {operation["operationId"]: operation for operation in operations(document) if _takes_prefer(operation)}
    assert waited.keys() == {
        *("sessions_end", "sessions_end_others", "sessions_sign_out"),
        "consents_withdraw",
        "totp_remove",
        *("admin_users_change", "admin_users_delete", "admin_users_end_sessions", "admin_users_reset_factors"),
        *("admin_roles_delete", "admin_roles_replace", "admin_services_change", "admin_services_delete"),
        "admin_clients_delete",
        *("users_change_password", "users_delete_me", "oauth_revoke"),
        "passkeys_remove",
        *("password_resets_complete", "email_changes_undo", "security_notices_act"),
        "admin_keys_withdraw",
    }
    # It has more to say, also to those who do not wait.
    withdrawal = waited.pop("admin_keys_withdraw")["responses"]
    members = shown(withdrawal["200"]["content"]["application/json"]["schema"], document)
    assert (members["obeyed"], members["outstanding"]) == ([{"service": "posts", "after_ms": 38}], ["feeds"])
    assert "Preference-Applied" in withdrawal["200"]["headers"]
    assert "204" not in withdrawal
    for name, operation in waited.items():
        answer = operation["responses"]["200"]
        assert "Preference-Applied" in answer["headers"], name
        content = answer["x-content-with-prefer-wait"] if name == "oauth_revoke" else answer["content"]
        assert shown(content["application/json"]["schema"], document) == {
            "obeyed": [{"service": "posts", "after_ms": 38}],
            "outstanding": ["feeds"],
        }
        assert ("204" in operation["responses"]) is (name != "oauth_revoke")
    assert "content" not in waited["oauth_revoke"]["responses"]["200"]


def _takes_prefer(operation: Document) -> bool:
    return "Prefer" in [parameter["name"] for parameter in operation.get("parameters", ())]


@each_service
def test_every_operation_has_a_summary_that_says_what_it_does(document: Document) -> None:
    summaries = [operation["summary"] for operation in operations(document)]
    assert len(set(summaries)) == len(summaries)
    # One that is made of a function's name has a capital letter in each word.
    assert [summary for summary in summaries if " " in summary and summary == summary.title()] == []


@each_service
def test_every_refusal_is_a_problem_document_with_an_example_for_each_code(document: Document) -> None:
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/problem+json")
            if content is not None:
                assert {example["value"]["status"] for example in content["examples"].values()} == {int(status)}
                assert all(f"`{code}`" in answer["description"] for code in content["examples"])


def test_identity_and_posts_give_a_scope_the_same_text() -> None:
    assert SCOPE_TEXTS.people == POSTS_SCOPES
    assert all(OWN_SCOPES.values())
