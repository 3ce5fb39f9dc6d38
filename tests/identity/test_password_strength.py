"""How easy a password is to guess is judged with little work, whatever the password is."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from random import Random
from string import printable
from typing import Any

import pytest
from zxcvbn import matching

from identity_service.errors import WeakPassword
from identity_service.users import strength
from identity_service.users.passwords import Passwords
from identity_service.users.ranked_words import RankedWords

SIGNS = "4@8({[<3691!|0$5+7%2"

# Those that took zxcvbn the longest of many thousands that were tried.
WORST = {
    "signs": SIGNS * 3,
    "signs that stand for two letters": "471!2%0569" * 5,
    "signs and letters": "5r%!2%n569i7sota0$6@471!2s05694@8!2l@569471!29e%",
    "every sign late": "correct horse battery" + SIGNS,
    "every character": printable.strip() * 3,
    "dates": "112233445566778899001122334455667788990011223344",
    "the frequent beginning of words": "c0coc0|1coc0(ocococococococococoho",
    "one character": "1" * 256,
    "repetitions": "aabaabaabaabcaabaabaabaabc" * 10,
}


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    pool = Passwords(threads=4, queue=1000, rounds=4)
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


def from_installed_zxcvbn(program: str, value: object = None) -> Any:
    """What a program prints as JSON in a process in which zxcvbn is as it was installed. It reads `value` as JSON."""
    command = [sys.executable, "-c", f"import json, sys\nvalue = json.load(sys.stdin)\n{program}"]
    ended = subprocess.run(command, input=json.dumps(value), capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def word_lists() -> dict[str, dict[str, int]]:
    """The words of zxcvbn and their ranks, as they were installed."""
    program = "from zxcvbn.matching import RANKED_DICTIONARIES; print(json.dumps(RANKED_DICTIONARIES))"
    return dict(from_installed_zxcvbn(program))


def test_words_keep_their_ranks_in_less_memory(word_lists: dict[str, dict[str, int]]) -> None:
    for name, ranks in word_lists.items():
        words = matching.RANKED_DICTIONARIES[name]
        assert isinstance(words, RankedWords)
        assert {word: words[word] for word in ranks if word in words} == ranks


def test_a_lookup_searches_one_text_which_is_not_long(word_lists: dict[str, dict[str, int]]) -> None:
    for ranks in word_lists.values():
        assert max(map(len, RankedWords(ranks).texts())) < 16_384


def test_no_other_text_is_a_word(word_lists: dict[str, dict[str, int]]) -> None:
    for ranks in word_lists.values():
        words = RankedWords(ranks)
        parts = {text for word in ranks for text in (word[:-1], word[1:], f"{word}s", f"{word} {ranks[word]}")}
        others = [text for text in [*parts - ranks.keys(), "\n", " ", ""] if text in words]
        assert others == []
        with pytest.raises(KeyError):
            words["not a word"]


def test_two_words_are_not_one() -> None:
    words = RankedWords({"abc": 1, "abd": 2})
    assert [text for text in ("abc", "abd", "abc 1\nabd", "abc\nabd", "abc 1") if text in words] == ["abc", "abd"]


def test_estimates_are_those_of_zxcvbn_as_it_was_installed(word_lists: dict[str, dict[str, int]]) -> None:
    random = Random(1)
    common = [word for ranks in word_lists.values() for word in ranks]
    passwords = [*WORST.values(), *(mixed(random, common) for _ in range(1_000))]
    parts = [strength.checked_part(password) for password in passwords]
    program = """
from zxcvbn import zxcvbn
print(json.dumps([[estimate["guesses"], estimate["feedback"]] for estimate in (
    zxcvbn(part, user_inputs=["ada"]) for part in value)], default=str))"""
    ours = [strength.estimate(password, ["ada"]) for password in passwords]
    judgements = json.dumps([[estimate["guesses"], estimate["feedback"]] for estimate in ours], default=str)
    assert json.loads(judgements) == from_installed_zxcvbn(program, parts)


def mixed(random: Random, words: list[str]) -> str:
    """A password of words, reversed words, signs for letters, numbers and anything else."""
    signs = str.maketrans("aeiost", "@3!0$7")
    pieces = [
        random.choice(words),
        random.choice(words)[::-1],
        random.choice(words).translate(signs),
        random.choice(words).title(),
        str(random.randint(0, 2100)),
        "".join(random.choices(printable, k=4)),
    ]
    return "".join(random.sample(pieces, random.randint(1, 4)))
