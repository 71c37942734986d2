"""A rule set is plain YAML: what refers to itself, is nested without end or carries tags is refused before it is built."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from scoring import RuleSetError, shipped
from scoring.loading import read

TAOHUA = shipped("taohua")
# Nine to the twelfth values in a few hundred characters.
UNFOLDING = "a0: &a0 {x: 1}\n" + "".join(
    f"a{number}: &a{number} {{<<: [{','.join([f'*a{number - 1}'] * 9)}]}}\n" for number in range(1, 13)
)


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (UNFOLDING, "anchor"),
        ("x: &a [1]\nrules: [" + "*a," * 1000 + "]", "anchor"),
        ("[" * 100_000, "nested"),
        ("- " * 100_000, "nested"),
        ("".join(" " * depth + "a:\n" for depth in range(100)), "nested"),
        ('!!int ""', "tag"),
        ("a: !!timestamp soon", "tag"),
        ("a: !!python/object:os.system {}", "tag"),
        ("! a", "tag"),
    ],
)
def test_tricks_are_refused_by_name_and_the_process_lives(source: str, named: str) -> None:
    with pytest.raises(RuleSetError) as refused:
        read(source)
    assert named in refused.value.english


@settings(max_examples=200, deadline=None)
@given(
    some.text(alphabet="{}[]:,-&*!|>'\"%@`#?<=~ \n\tabc019._xé\u0085\u2028", max_size=40).map(str.encode)
    | some.binary(max_size=40),
    some.integers(0, len(TAOHUA)),
)
def test_whatever_stands_in_the_file_the_answer_is_one_refusal(piece: bytes, at: int) -> None:
    for source in (piece, TAOHUA[:at] + piece + TAOHUA[at:]):
        with contextlib.suppress(RuleSetError):
            read(source)
