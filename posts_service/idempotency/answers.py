"""Answers as responses."""

from posts_service.idempotency.values import Answer
from watchword.http import JsonBytes


def answer_response(answer: Answer) -> JsonBytes:
    fields = ((b"location", answer.location), (b"etag", answer.etag))
    present = [(name, value.encode()) for name, value in fields if value is not None]
    return JsonBytes(answer.body, present, answer.status)
