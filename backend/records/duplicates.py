"""Rows of one delivery that repeat each other."""

from backend.records.reasons import reason
from backend.records.validation import Accepted, Returned


class DuplicateFinder:
    """Finds rows that repeat a document and version within one delivery; one finder serves one delivery of one source.

    Constant memory: it remembers the last `window` keys. What is older is found by the store, where delivering again changes
    nothing.
    """

    def __init__(self, window: int = 100_000) -> None:
        self._window = window
        self._seen: dict[str, int] = {}

    def check(self, answer: Accepted | Returned) -> Accepted | Returned:
        """The answer itself, or a returned row when the delivery already had this version of the document or a later one."""
        if isinstance(answer, Returned):
            return answer
        before = self._seen.get(answer.record_key)
        if before is not None and answer.sequence <= before:
            reasons = (reason("duplicate-in-delivery"),)
            return Returned(reasons=reasons, item=answer.item, record_key=answer.record_key)
        if before is None and len(self._seen) >= self._window:
            del self._seen[next(iter(self._seen))]
        self._seen[answer.record_key] = answer.sequence
        return answer
