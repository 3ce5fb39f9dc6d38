"""The limit of refreshing gives tokens of the shape that the load generator and its own next request read."""

from uuid import uuid4

import orjson

from tests.bench.refresh_limit import KEY, answer, chain_id


def test_the_refresh_token_of_an_answer_leads_to_its_chain() -> None:
    chain = uuid4()
    tokens = orjson.loads(answer(chain).body)
    assert chain_id(tokens["refresh_token"].encode()) == chain


def test_both_tokens_are_signed_for_each_answer_with_a_key_of_2048_bits() -> None:
    first, second = (orjson.loads(answer(uuid4()).body) for _ in range(2))
    tokens = {each[member] for each in (first, second) for member in ("access_token", "refresh_token")}
    assert len({token.split(".")[2] for token in tokens}) == 4
    assert KEY.key_size == 2048
    assert all(len(token.split(".")[2]) == 342 for token in tokens)
