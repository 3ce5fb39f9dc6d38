"""New Secrets for the development overlay, as JSON for `kubectl create -f -`. Only the cluster stores them.

python3 -m deploy.kubernetes.development_secrets | kubectl create -f -
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from deploy.common import make_password, make_secrets, secret_settings

NAMESPACE = "watchword"
CONTENTS = {
    "postgres": ("POSTGRES_PASSWORD",),
    "identity": ("IDENTITY_DATABASE_URL", "IDENTITY_KEY_ENCRYPTION_KEY"),
    "identity-migration": ("IDENTITY_MIGRATION_DATABASE_URL",),
    "posts": ("POSTS_DATABASE_URL", "POSTS_CLIENT_SECRET", "POSTS_PAGES_SEALING_KEY"),
    "posts-migration": ("POSTS_MIGRATION_DATABASE_URL",),
}


def secret_list() -> dict[str, Any]:
    """Return every Secret that the overlay names, with values that fit together."""
    values = secret_settings(make_secrets(), "postgres:5432") | {"POSTGRES_PASSWORD": make_password()}
    items = [_secret(name, {setting: values[setting] for setting in settings}) for name, settings in CONTENTS.items()]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _secret(name: str, data: Mapping[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": "watchword"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": dict(data)}


if __name__ == "__main__":
    json.dump(secret_list(), sys.stdout)
