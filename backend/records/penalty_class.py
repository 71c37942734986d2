"""The class of an administrative penalty and whether it was made by simple procedure: catalogue data applied to one row."""

import re
from collections.abc import Iterable, Mapping

from backend.catalogue.catalogue import Grading, SimpleProcedure

_ASCENDING = ("minor", "general", "serious")


def penalty_class(grading: Grading, kinds: Iterable[str], fine_fen: int, licence: str, natural: bool) -> str:
    """`minor`, `general` or `serious`: the gravest part of a mixed penalty decides (Order 36).

    `kinds` are values of CF_CFLB, `fine_fen` is CF_NR_FK in fen, `licence` the text of CF_NR_ZKDX ("" when empty),
    `natural` tells whose fine thresholds hold.
    """
    classes = [grading.kinds[kind] for kind in kinds]
    thresholds = grading.fines.natural if natural else grading.fines.organisation
    if fine_fen >= thresholds.serious_from_fen:
        classes.append("serious")
    elif fine_fen >= thresholds.general_from_fen:
        classes.append("general")
    if licence:
        # The column holds suspended licences too; where it does not say that the licence is gone, it only was suspended.
        classes.append("serious" if any(word in licence for word in grading.revocation_words) else "general")
    return max(classes, key=_ASCENDING.index)


class SimpleProcedureSigns:
    """Finds the words by which feeds mark a penalty by simple procedure 简易程序, and not their negation."""

    def __init__(self, rule: SimpleProcedure) -> None:
        not_after = "".join(f"(?<!{re.escape(negation)})" for negation in rule.negations)
        self._signs = {
            field: re.compile(not_after + f"(?:{'|'.join(map(re.escape, words))})")
            for field, words in rule.words.items()
        }

    def column_with_sign(self, values: Mapping[str, str]) -> str | None:
        """The first column that shows the penalty was made by simple procedure."""
        for field, sign in self._signs.items():
            if sign.search(values.get(field, "")):
                return field
        return None
