"""Entity tags of what administrators change."""

from hashlib import blake2b

from pydantic import BaseModel


def entity_tag(view: BaseModel) -> str:
    """A strong entity tag of this representation (RFC 9110 section 8.8.3): another one for each change of it."""
    return f'"{blake2b(view.model_dump_json().encode(), digest_size=16).hexdigest()}"'
