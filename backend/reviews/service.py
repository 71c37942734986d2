"""What the reviews room does, for its own API and for other rooms: one function for each act."""

from backend.reviews.cards import card, differences, ranking, rules
from backend.reviews.cases import TOPIC, draw_last_month, due_handler
from backend.reviews.hearing import decide, listing, object_to, propose, reply, standing
from backend.reviews.reviewing import forget, mine, review, withdraw, words_of

__all__ = [
    "TOPIC",
    "card",
    "decide",
    "differences",
    "draw_last_month",
    "due_handler",
    "forget",
    "listing",
    "mine",
    "object_to",
    "propose",
    "ranking",
    "reply",
    "review",
    "rules",
    "standing",
    "withdraw",
    "words_of",
]
