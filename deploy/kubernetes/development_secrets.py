"""New Secrets for the development overlay, as JSON for `kubectl create -f -`; they are kept in the cluster alone.

python3 -m deploy.kubernetes.development_secrets | kubectl create -f -
"""

import json
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

NAMESPACE = "watchword"
_ROLES = ("identity_owner", "identity_app", "posts_owner", "posts_app")


def secret_list() -> dict[str, Any]:
    """Every Secret that the overlay names, with values that fit together."""
    urls = {role: f"postgresql://{role}:{secrets.token_urlsafe(24)}@postgres:5432/watchword" for role in _ROLES}
    values = {
        "postgres": {"POSTGRES_PASSWORD": secrets.token_urlsafe(24)},
        "identity": {
            "IDENTITY_DATABASE_URL": urls["identity_app"],
            "IDENTITY_KEY_ENCRYPTION_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        },
        "identity-migration": {"IDENTITY_MIGRATION_DATABASE_URL": urls["identity_owner"]},
        "posts": {"POSTS_DATABASE_URL": urls["posts_app"], "POSTS_CLIENT_SECRET": secrets.token_urlsafe(32)},
        "posts-migration": {"POSTS_MIGRATION_DATABASE_URL": urls["posts_owner"]},
    }
    return {"apiVersion": "v1", "kind": "List", "items": [_secret(name, data) for name, data in values.items()]}


def _secret(name: str, data: Mapping[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": "watchword"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": dict(data)}


if __name__ == "__main__":
    json.dump(secret_list(), sys.stdout)
