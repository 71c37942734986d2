"""The same rules over columns: Arrow batches in, Arrow batches out, a city in seconds. Reading and writing files and databases is the shell's.

Needs numpy, numba and pyarrow; the rest of `scoring` does not.
"""

from scoring.batch.columns import FACTS, facts_batch
from scoring.batch.run import Scored, score_batches

__all__ = ["FACTS", "Scored", "facts_batch", "score_batches"]
