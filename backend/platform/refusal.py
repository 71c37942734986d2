"""A start that cannot go on: one clear sentence in Chinese and one in English, and a non-zero exit."""


class Refusal(Exception):
    """Why a command stops, for the person at the terminal. `chinese` and `english` are one sentence each."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese} {english}")
        self.chinese = chinese
        self.english = english
