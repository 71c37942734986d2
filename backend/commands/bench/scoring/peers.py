"""Other people's engines on the same files, written by hand with the numbers of `rules.RULES`: less work than ours, since they
give the contribution of each rule and not of each record. Their packages are in the group `bench`; each is imported where it
is used."""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pyarrow
from pyarrow import parquet

from backend.commands.bench.scoring.rules import (
    AS_OF,
    BASE,
    DIMENSION_CAP,
    DIMENSIONS,
    EVERY_MONTHS,
    MAXIMUM,
    MINIMUM,
    PERMILLE,
    RULES,
    THRESHOLDS,
    BenchRule,
)
from scoring.batch.tables import days
from scoring.calendar import first_day_lasting, period_start


class Values(NamedTuple):
    """A rule on the day: the first day that counts, and what a record gives by the number of periods gone."""

    item: str
    side: int
    sign: int
    cap: int
    first: date
    sizes: tuple[int, ...]


STARTS = tuple(period_start(AS_OF, EVERY_MONTHS, back) for back in range(len(PERMILLE) - 1))


def values(rule: BenchRule) -> Values:
    """A rule as the peers use it."""
    size = abs(rule.points)
    return Values(
        item=rule.item,
        side=2 * rule.dimension + (rule.points < 0),
        sign=-1 if rule.points < 0 else 1,
        cap=rule.cap,
        first=first_day_lasting(rule.months, AS_OF),
        sizes=tuple(size * permille // 1000 for permille in PERMILLE),
    )


VALUES = tuple(values(rule) for rule in RULES)


def digest(subject: Any, score: Any) -> list[int]:
    """How many subjects, and sums over them that hardly any difference survives; in any order, in parts that add up."""
    subject, score = numpy.asarray(subject, numpy.int64), numpy.asarray(score, numpy.int64)
    rank = numpy.searchsorted(THRESHOLDS, score, side="right") - 1
    return [
        int(subject.size),
        int(score.sum()),
        int((score * (subject % 1009 + 1)).sum()),
        int((rank * (subject % 97 + 1)).sum()),
    ]


def _rule_rows() -> list[dict[str, Any]]:
    return [
        {"item": rule.item, "side": rule.side, "sign": rule.sign, "cap": rule.cap, "first": rule.first}
        | {f"size_{period}": size for period, size in enumerate(rule.sizes)}
        for rule in VALUES
    ]


def polars(files: list[Path]) -> list[int]:
    """Hand-written Polars, lazy."""
    import polars as pl

    rules = pl.DataFrame(_rule_rows()).lazy()
    facts = pl.scan_parquet(files)
    size = pl.col(f"size_{len(STARTS)}")
    for period in reversed(range(len(STARTS))):
        size = pl.when(pl.col("occurred_on") >= STARTS[period]).then(pl.col(f"size_{period}")).otherwise(size)
    of_rule = (
        facts.filter((pl.col("state") == "active") & (pl.col("occurred_on") <= AS_OF) & (pl.col("ends_on") > AS_OF))
        .with_columns(pl.col("item").cast(pl.String))
        .join(rules, on="item")
        .filter(pl.col("occurred_on") >= pl.col("first"))
        .group_by("subject", "item")
        .agg(size.sum().alias("size"), pl.col("cap").first(), pl.col("side").first(), pl.col("sign").first())
        .with_columns(pl.min_horizontal("size", "cap").alias("size"))
    )
    total = (
        of_rule.group_by("subject", "side")
        .agg(pl.col("size").sum().clip(upper_bound=DIMENSION_CAP) * pl.col("sign").first())
        .group_by("subject")
        .agg(pl.col("size").sum().alias("total"))
    )
    found = (
        facts.select(pl.col("subject").unique())
        .join(total, on="subject", how="left")
        .select("subject", (BASE + pl.col("total").fill_null(0)).clip(MINIMUM, MAXIMUM).alias("score"))
        .collect(engine="streaming")
    )
    return digest(found["subject"].to_numpy(), found["score"].to_numpy())


def spark(session: Any, files: list[Path]) -> list[int]:
    """Hand-written PySpark, by the DataFrame interface."""
    from pyspark.sql import functions as f

    schema = "item string, side int, sign int, cap long, first date, " + ", ".join(
        f"size_{period} long" for period in range(len(PERMILLE))
    )
    rules = session.createDataFrame([tuple(row.values()) for row in _rule_rows()], schema)
    facts = session.read.parquet(*map(str, files))
    size = f.col(f"size_{len(STARTS)}")
    for period in reversed(range(len(STARTS))):
        size = f.when(f.col("occurred_on") >= f.lit(STARTS[period]), f.col(f"size_{period}")).otherwise(size)
    total = (
        facts.where((f.col("state") == "active") & (f.col("occurred_on") <= AS_OF) & (f.col("ends_on") > AS_OF))
        .join(f.broadcast(rules), "item")
        .where(f.col("occurred_on") >= f.col("first"))
        .groupBy("subject", "item", "side", "sign", "cap")
        .agg(f.sum(size).alias("size"))
        .groupBy("subject", "side", "sign")
        .agg((f.least(f.sum(f.least("size", "cap")), f.lit(DIMENSION_CAP)) * f.col("sign")).alias("size"))
        .groupBy("subject")
        .agg(f.sum("size").alias("total"))
    )
    bounded = f.least(f.greatest(BASE + f.coalesce("total", f.lit(0)), f.lit(MINIMUM)), f.lit(MAXIMUM))
    found = facts.select("subject").distinct().join(total, "subject", "left").select("subject", bounded.alias("score"))
    got = found.toArrow()
    return digest(got["subject"].to_numpy(), got["score"].to_numpy())


def numpy_columns(files: list[Path]) -> list[int]:
    """Plain NumPy: one file at a time."""
    parts = []
    for file in files:
        subject, side_sums = _sums(_read(file))
        parts.append(digest(subject, _bounded(side_sums)))
    return [sum(part) for part in zip(*parts, strict=True)]


def _read(file: Path) -> dict[str, Any]:
    table = parquet.read_table(file, use_threads=False).combine_chunks()
    read: dict[str, Any] = {}
    for name in ("subject", "occurred_on", "ends_on"):
        column = table[name].combine_chunks()
        read[name] = (column.view(pyarrow.int32()) if name != "subject" else column).to_numpy()
    for name in ("item", "state"):
        column = table[name].combine_chunks().dictionary_encode()
        read[name], read[f"{name}s"] = column.indices.to_numpy(), column.dictionary.to_pylist()
    return read


def sizes(read: dict[str, Any]) -> tuple[Any, Any]:
    """Each record's rule (or one more than there are) and its millipoints before caps."""
    numbers = {rule.item: number for number, rule in enumerate(VALUES)}
    rule = numpy.array([numbers.get(item, len(VALUES)) for item in read["items"]])[read["item"]]
    firsts = numpy.array([*(days(each.first) for each in VALUES), 2**31 - 1])
    by_period = numpy.array([*(each.sizes for each in VALUES), (0,) * len(PERMILLE)])
    day, as_of = read["occurred_on"], days(AS_OF)
    gone = numpy.zeros(day.size, numpy.int64)
    for start in STARTS:
        gone += day < days(start)
    active = numpy.array([state == "active" for state in read["states"]])[read["state"]]
    counts = active & (day <= as_of) & (read["ends_on"] > as_of) & (day >= firsts[rule])
    return rule, numpy.where(counts, by_period[rule, gone], 0)


def _sums(read: dict[str, Any]) -> tuple[Any, Any]:
    rule, size = sizes(read)
    subject, place = numpy.unique(read["subject"], return_inverse=True)
    width = len(VALUES) + 1
    of_rule = numpy.bincount(place * width + rule, weights=size, minlength=subject.size * width)
    of_rule = of_rule.astype(numpy.int64).reshape(-1, width)
    side_sums = numpy.zeros((subject.size, 2 * DIMENSIONS), numpy.int64)
    for number, each in enumerate(VALUES):
        side_sums[:, each.side] += numpy.minimum(of_rule[:, number], each.cap)
    return subject, side_sums


def _bounded(side_sums: Any) -> Any:
    capped = numpy.minimum(side_sums, DIMENSION_CAP)
    return numpy.clip(BASE + capped[:, 0::2].sum(axis=1) - capped[:, 1::2].sum(axis=1), MINIMUM, MAXIMUM)


def openfisca(files: list[Path]) -> list[int]:
    """openfisca-core: a record is its person, a subject its group; one file is one simulation."""
    from backend.commands.bench.scoring.openfisca import score_of

    parts = []
    for file in files:
        read = _read(file)
        rule, _ = sizes(read)
        active = numpy.array([state == "active" for state in read["states"]])[read["state"]]
        subject = numpy.unique(read["subject"])
        parts.append(digest(subject, score_of(read["subject"], rule, active, read["occurred_on"], read["ends_on"])))
    return [sum(part) for part in zip(*parts, strict=True)]
