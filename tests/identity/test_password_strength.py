"""How easy a password is to guess is judged with little work, whatever the password is."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from string import printable
from typing import Any

import pytest
from zxcvbn import matching

from identity_service.errors import WeakPassword
from identity_service.users import strength
from identity_service.users.passwords import Passwords

SIGNS = "4@8({[<3691!|0$5+7%2"

# Those that took zxcvbn the longest of many thousands that were tried.
WORST = {
    "signs": SIGNS * 3,
    "signs that stand for two letters": "471!2%0569" * 5,
    "signs and letters": "5r%!2%n569i7sota0$6@471!2s05694@8!2l@569471!29e%",
    "every sign late": "correct horse battery" + SIGNS,
    "every character": printable.strip() * 3,
    "dates": "112233445566778899001122334455667788990011223344",
    "one character": "1" * 256,
    "repetitions": "aabaabaabaabcaabaabaabaabc" * 10,
}


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    pool = Passwords(threads=4, queue=100, rounds=4)
    yield pool
    pool.stop()


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many parts of a text zxcvbn looks up, one number for each reading of it."""
    parts: list[int] = []
    look_up = matching.dictionary_match

    def counted(text: str, *dictionaries: Any, **named: Any) -> Any:
        parts.append(len(text) * (len(text) + 1) // 2)
        return look_up(text, *dictionaries, **named)

    monkeypatch.setattr(matching, "dictionary_match", counted)
    return parts


@pytest.mark.parametrize("password", WORST.values(), ids=WORST.keys())
def test_no_password_is_much_work_to_judge(looked_up: list[int], password: str) -> None:
    strength.estimate(password, ["ada", "ada@example.com"])
    # What repeats itself is judged once more by what is repeated, which is half of it at most.
    assert 0 < sum(looked_up) <= 1.5 * strength.MAX_LOOKUPS


@pytest.mark.parametrize("password", WORST.values(), ids=WORST.keys())
def test_enough_of_every_password_is_judged(password: str) -> None:
    part = strength.checked_part(password)
    assert 10 <= len(part) <= 32


@pytest.mark.parametrize("password", ["Zq7!vKx2", "xJ&w?Rkv", "correct horse battery", "4@8({3691!0$5+7%2"])
async def test_random_password_of_eight_characters_is_strong_enough(passwords: Passwords, password: str) -> None:
    await passwords.ensure_strong(password, [])


async def test_each_password_is_checked_with_its_own_hints(passwords: Passwords) -> None:
    names = [f"xkqzvwjyhbmpfgdt{number:03}xkqzvwjyhbmpfgdtrclnsx" for number in range(100)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        checks = (passwords.ensure_strong(name, [name]) for name in names)
        refusals = await asyncio.gather(*checks, return_exceptions=True)
    finally:
        sys.setswitchinterval(interval)
    assert [type(refusal) for refusal in refusals] == [WeakPassword] * len(names)


@pytest.mark.parametrize("hint", ["xk[zv{jyhb|p+gdt", "xkqzvwjyhbmpfgdtrclnsx@xkqzvwjyhbmpfgdtrclnsx.example"])
async def test_hint_counts_also_if_it_is_long_or_has_rare_signs(passwords: Passwords, hint: str) -> None:
    with pytest.raises(WeakPassword):
        await passwords.ensure_strong(hint, [hint])


def test_words_keep_their_ranks_though_equal_ranks_are_one_number() -> None:
    # zxcvbn puts the hints of the last password among the dictionaries.
    ours = {name: words for name, words in matching.RANKED_DICTIONARIES.items() if name != "user_inputs"}
    program = "import json; from zxcvbn.matching import RANKED_DICTIONARIES; print(json.dumps(RANKED_DICTIONARIES))"
    untouched = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(untouched.stdout) == ours
    assert len({id(rank) for words in ours.values() for rank in words.values()}) == max(map(len, ours.values()))
