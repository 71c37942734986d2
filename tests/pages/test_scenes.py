"""The pages know every scene that persons show codes in, under the number that stands in the code."""

import re

from partners.codes.scenes import SCENES, Scene
from tests.builders.server import REPOSITORY

FILES = REPOSITORY / "backend" / "pages" / "files"
OF_PERSONS = {scene.name.lower(): told for scene, told in SCENES.items() if told.persons}


def source(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")


def test_the_number_of_a_scene_in_a_code_is_its_place() -> None:
    [listed] = re.findall(r"const SCENES = \[(.*?)\]", source("ic1.js"), re.S)
    numbered = {name: number for number, name in enumerate(re.findall(r'"([a-z]+)"', listed))}
    assert numbered == {"any": 0, **{name: Scene[name.upper()].value for name in OF_PERSONS}}


def test_the_character_of_a_scene_is_that_of_the_table() -> None:
    [listed] = re.findall(r"export const SCENES = \{(.*?)\}", source("offers.js"), re.S)
    assert dict(re.findall(r'([a-z]+): "(.)"', listed)) == {name: told.character for name, told in OF_PERSONS.items()}


def test_every_scene_is_read_out_by_its_name() -> None:
    [listed] = re.findall(r"const SCENE_NAMES = \{(.*?)\}", source("code_view.js"), re.S)
    assert dict(re.findall(r'([a-z]+): "(.) [a-z]+"', listed)) == {
        name: told.character for name, told in OF_PERSONS.items()
    }
