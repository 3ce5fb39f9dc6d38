"""What answers of the administration say."""

import httpx


def flaws_of(answer: httpx.Response) -> list[tuple[str, str]]:
    """The pointer and the code of each flaw of a request that was refused for them."""
    assert answer.status_code == 422, answer.text
    return [(flaw["pointer"], flaw["code"]) for flaw in answer.json()["errors"]]


def refusal_of(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.json()["code"]
