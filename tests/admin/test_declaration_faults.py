"""What a declaration is refused for: everything at once, each with its place, and nothing is applied."""

from pathlib import Path

import pytest

from identity_service.installation import OWN_CLIENTS
from identity_service.realm.places import FaultyFile
from identity_service.realm.reading import MAX_BYTES
from identity_service.recording.cause import BY_COMMAND_LINE
from tests.admin.client_requests import make_client
from tests.admin.declaring import EXAMPLE, apply, faults_of, recorded
from tests.admin.service_requests import make_service
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity

FORMS = {
    "empty": (b"", "the file is empty"),
    "comments alone": (b"# nothing\n", "the file is empty"),
    "not UTF-8": (b"roles: {}\n# \xff", "line 2: the file is not UTF-8 text"),
    "not YAML": (b"roles: {}\nservices: {", "line 2: while parsing a flow node"),
    "two documents": (b"roles: {}\n---\nroles: {}", "line 2: expected a single document"),
    "an alias": (b"roles: &all {}\nservices: *all", "line 1: anchors and aliases are not allowed"),
    "deep": (b"[" * 100_000, "line 1: it is nested too deeply"),
    "large": (b"#" * (MAX_BYTES + 1), f"the file has more than {MAX_BYTES} bytes"),
    "a control character": (b"roles: \x01", "a character that YAML does not allow"),
    "an escape beyond the last character": (b'roles: "\\UFFFFFFFF"', "an escape or a number that YAML does not allow"),
    "an endless version": (
        b"%YAML 1." + b"1" * 5_000 + b"\n---\nroles: {}",
        "an escape or a number that YAML does not",
    ),
    "a list": (b"- roles", "line 1: it must be a mapping"),
    "an object": (b"roles: !!python/object/apply:os.getcwd []", "line 1, roles: the tag python/object/apply:os.getcwd"),
    "a key of another kind": (b"roles:\n  1: {}", "line 2, roles.1: it is no name"),
    "a key twice": (b"roles:\n  a: {}\n  a: {}", "line 3, roles.a: line 3 has it a second time"),
    "a merge": (b"roles:\n  <<: {}", 'line 2, roles["<<"]: it is no name'),
}


@pytest.mark.parametrize(("content", "fault"), FORMS.values(), ids=FORMS)
async def test_file_of_another_form_is_refused(identity: Identity, content: bytes, fault: str) -> None:
    with pytest.raises(FaultyFile) as refusal:
        await identity.parts.realm.apply(content, str, BY_COMMAND_LINE)
    assert fault in refusal.value.advice


async def test_all_members_are_judged_at_once(identity: Identity) -> None:
    text = """\
        role: {}
        roles:
          editor:
            description: 12
            permissions: [post:edit_any, 3]
          Bad Name: {description: x}
        services:
          https://notes.example: {name: Notes, client: notes}
        clients:
          app:
            public: "yes"
            grants: [device_code, by_magic]
            redirect_uris:
            name: no
    """
    assert await faults_of(identity, text) == [
        "line 1, role: there is no such member here; there are roles, services, clients",
        "line 4, roles.editor.description: YAML reads 12 as a number: write it in quotes if it is meant as a text",
        "line 5, roles.editor.permissions[1]: YAML reads 3 as a number: write it in quotes if it is meant as a text",
        "line 6, roles[\"Bad Name\"]: String should match pattern '^[a-z][a-z0-9_-]{0,62}$'",
        'line 8, services["https://notes.example"].client: there is no such member here; there are name, client_id,'
        " scopes, permissions",
        "line 11, clients.app.public: Input should be a valid boolean",
        "line 12, clients.app.grants[1]: Input should be 'authorization_code', 'refresh_token', 'client_credentials',"
        " 'urn:ietf:params:oauth:grant-type:device_code' or 'password'",
        "line 13, clients.app.redirect_uris: it may be left out, or empty ([] or {}), and not be null",
        "line 14, clients.app.name: YAML reads it as true or false: write it in quotes if it is meant as a text",
    ]


async def test_whole_file_is_judged_before_anything_is_applied(identity: Identity, databases: Databases) -> None:
    before = await recorded(databases)
    text = f"""\
        services:
          https://notes.example: {{name: Notes, client_id: nobody, scopes: {{"posts:write": Steal, "a b": No word}}}}
          no-url: {{name: No URL}}
        clients:
          robot:
            name: Robot
            grants: [client_credentials]
            scopes: [ssf.read, notes:read]
            audiences: ["{IDENTITY_URL}", "https://nowhere.example"]
          app: {{}}
        roles:
          visitor: {{permissions: [note:edit_any]}}
    """
    faults = await faults_of(identity, text)
    assert [fault.partition(": ")[0] for fault in faults] == [
        'line 2, services["https://notes.example"].scopes["posts:write"]',
        'line 2, services["https://notes.example"].scopes["a b"]',
        'line 2, services["https://notes.example"].client_id',
        "line 3, services.no-url",
        "line 8, clients.robot.scopes",
        "line 9, clients.robot.audiences",
        "line 10, clients.app.name",
        "line 10, clients.app.grants",
        "line 10, clients.app.scopes",
        "line 10, clients.app.audiences",
        "line 12, roles.visitor.description",
        "line 12, roles.visitor.permissions[0]",
    ]
    assert await recorded(databases) == before


async def test_what_every_installation_has_cannot_be_broken(identity: Identity) -> None:
    text = f"""\
        services:
          "{IDENTITY_URL}": {{scopes: {{}}, permissions: {{}}}}
          "{POSTS_URL}": {{client_id: null}}
    """
    faults = await faults_of(identity, text)
    assert any(f'services["{IDENTITY_URL}"]: every installation has account, admin' in fault for fault in faults)
    assert f'line 3, services["{POSTS_URL}"]: every installation has posts: it cannot be taken away' in faults
    for client_id in OWN_CLIENTS:
        assert await identity.parts.clients.find(client_id) is not None


async def test_scope_that_a_client_has_stays(identity: Identity) -> None:
    await make_service(identity, "notes")
    audiences = [IDENTITY_URL, "https://notes.example"]
    await make_client(identity, "robot", scopes=["ssf.read", "notes:read"], audiences=audiences)
    take = 'services: {"https://notes.example": {scopes: {}}}'
    assert await faults_of(identity, take) == [
        'line 1, services["https://notes.example"].scopes: robot may ask for notes:read: take it from the client first'
    ]
    both = f"{take}\nclients: {{robot: {{scopes: [ssf.read], audiences: ['{IDENTITY_URL}']}}}}"
    assert len((await apply(identity, both)).differences) == 2


async def test_word_belongs_to_one_service(identity: Identity) -> None:
    for word in ("atlas", "notes", "maps"):
        await make_service(identity, word)
    text = """\
        services:
          https://atlas.example: {scopes: {"notes:read": Read}, permissions: {"maps:edit_any": Edit}}
          https://maps.example: {scopes: {"new:read": Read}}
          https://new.example: {name: New, scopes: {"new:read": Read}}
    """
    assert await faults_of(identity, text) == [
        'line 2, services["https://atlas.example"].scopes["notes:read"]: the scope notes:read belongs to'
        " https://notes.example",
        'line 2, services["https://atlas.example"].permissions["maps:edit_any"]: the permission maps:edit_any belongs'
        " to https://maps.example",
        'line 4, services["https://new.example"].scopes["new:read"]: the scope new:read belongs to'
        " https://maps.example",
    ]


async def test_what_never_changes_of_a_client_is_told(identity: Identity) -> None:
    await apply(identity, EXAMPLE)
    assert await faults_of(identity, "clients: {notes-app: {public: false, application_type: web}}") == [
        "line 1, clients.notes-app.public: it is true, and never changes: make another client",
        "line 1, clients.notes-app.application_type: it is native, and never changes: make another client",
    ]


async def test_secret_comes_from_a_variable_or_its_file(identity: Identity, tmp_path: Path) -> None:
    place = "line 22, clients.notes.secret_variable: NOTES_CLIENT_SECRET"
    short, file = "short", tmp_path / "secret"
    file.write_text("the-secret-in-the-file\n")
    named = {"NOTES_CLIENT_SECRET_FILE": str(file)}
    assert await faults_of(identity, EXAMPLE, NOTES_CLIENT_SECRET=short) == [
        f"{place}: it must have at least 16 characters"
    ]
    assert await faults_of(identity, EXAMPLE, **named) == [
        f"{place}: NOTES_CLIENT_SECRET_FILE is set too: keep one of them"
    ]
    other = EXAMPLE.replace("NOTES_CLIENT_SECRET", "OTHER_SECRET")
    assert await faults_of(identity, other) == [
        "line 22, clients.notes.secret_variable: OTHER_SECRET: it is not set, and neither is OTHER_SECRET_FILE"
    ]
    missing = await faults_of(identity, other, OTHER_SECRET_FILE=str(tmp_path / "nothing"))
    assert missing[0].endswith("cannot be read: No such file or directory")
    own = EXAMPLE.replace("NOTES_CLIENT_SECRET", "IDENTITY_KEY_ENCRYPTION_KEY")
    assert "it belongs to this service" in (await faults_of(identity, own))[0]
    await apply(identity, other, OTHER_SECRET_FILE=str(file))
    answer = await identity.token(
        grant_type="client_credentials", client_id="notes", client_secret="the-secret-in-the-file"
    )
    assert answer.status_code == 200


async def test_third_secret_and_secret_of_a_public_client_are_refused(identity: Identity) -> None:
    await apply(identity, EXAMPLE)
    await apply(identity, EXAMPLE, NOTES_CLIENT_SECRET="another-secret-of-notes")
    faults = await faults_of(identity, EXAMPLE, NOTES_CLIENT_SECRET="a-third-secret-of-notes")
    assert faults == [
        "line 22, clients.notes.secret_variable: two other secrets of the client are valid: end the former one first,"
        " once nothing uses it"
    ]
    public = "clients: {notes-app: {secret_variable: NOTES_CLIENT_SECRET}}"
    assert await faults_of(identity, public) == [
        "line 1, clients.notes-app.secret_variable: a public client has no secret"
    ]
