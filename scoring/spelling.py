"""Texts read as a person would, however they are spelt: width, case, accents, invisible characters, look-alike letters,
digits for letters, separators and traditional forms carry no meaning. The tables are data (`spellings.yaml`).
"""

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

_IN_A_WORD = re.compile(r"(?<=[a-z])[@$!|]|[@$!|](?=[a-z])")
_SEPARATED = re.compile(r"[^a-z0-9]+")
_JOINED = re.compile(r"[^a-z0-9\s]+")


class Spellings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables: a form -> the characters written for it, and a digit or sign -> the letters that it stands for."""

    ideographs: dict[str, str]
    letters: dict[str, str]
    digits: dict[str, tuple[str, ...]]


class Reading(msgspec.Struct, frozen=True):
    """A text as it is read: its Latin words, in every way in which they may be meant, and its ideographs in a row."""

    words: tuple[tuple[str, ...], ...]
    ideographs: str


@cache
def _spellings() -> Spellings:
    return msgspec.yaml.decode(files("scoring").joinpath("spellings.yaml").read_bytes(), type=Spellings)


@cache
def _folded() -> dict[int, str]:
    tables = _spellings()
    return {
        ord(variant): form
        for table in (tables.ideographs, tables.letters)
        for form, variants in table.items()
        for variant in variants
    }


@lru_cache(maxsize=4096)
def reading_of(text: str) -> Reading:
    """`Ｐéti-tion 信 訪` is read as the words `peti tion`, or `petition`, and the ideographs `信访`."""
    # NFKD so that an accent comes off its letter; casefold may compose anew what NFKD took apart.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    seen = "".join(character for character in plain if not _unseen(character)).translate(_folded())
    latin = _IN_A_WORD.sub(lambda sign: _spellings().digits[sign[0]][0], seen)
    variants = {tuple(_SEPARATED.sub(" ", latin).split()), tuple(_SEPARATED.sub(" ", _JOINED.sub("", latin)).split())}
    ways = {_single_letters_joined(way) for words in variants for way in _digits_as_letters(words)}
    return Reading(tuple(sorted(ways)), "".join(character for character in seen if _is_ideograph(character)))


def hides_something(text: str) -> bool:
    """Whether a text has characters that nobody sees, or a word of Latin letters with look-alikes of another script."""
    composed = unicodedata.normalize("NFC", text)
    if any(_unseen(character) for character in composed):
        return True
    look_alikes = {variant for variants in _spellings().letters.values() for variant in variants}
    words = re.findall(r"\w+", composed.casefold())
    return any(any(letter in look_alikes for letter in word) and re.search("[a-z]", word) for word in words)


def _unseen(character: str) -> bool:
    category = unicodedata.category(character)
    return category in {"Cf", "Mn", "Me", "Co", "Cn"} or (category == "Cc" and not character.isspace())


def _is_ideograph(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or character >= "\U00020000" or character == "〇"


def _digits_as_letters(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The words as they stand, and with the digits within words read as letters; a digit has two letters at most."""
    mixed = any(not word.isalpha() and not word.isdigit() for word in words)
    if not mixed:
        return [words]
    digits = _spellings().digits
    ways = [words]
    for turn in range(2):
        table = {ord(digit): letters[min(turn, len(letters) - 1)] for digit, letters in digits.items()}
        ways.append(tuple(word if word.isdigit() else word.translate(table) for word in words))
    return ways


def _single_letters_joined(words: tuple[str, ...]) -> tuple[str, ...]:
    """`a p e t i t i o n s` is one word, and so is every run of three single letters or more."""
    joined: list[str] = []
    run: list[str] = []
    for word in (*words, ""):
        if len(word) == 1:
            run.append(word)
            continue
        joined += ["".join(run)] if len(run) > 2 else run
        run = []
        if word:
            joined.append(word)
    return tuple(joined)
