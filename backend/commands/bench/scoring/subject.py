"""One subject, JSON in and explained JSON out: ours beside zen-engine with a precompiled decision and beside openfisca-core."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import numpy

from backend.commands.bench.scoring.peers import STARTS, VALUES
from backend.commands.bench.scoring.rules import (
    AS_OF,
    BASE,
    DIMENSION_CAP,
    DIMENSIONS,
    MAXIMUM,
    MINIMUM,
    RULES,
    rule_set,
)
from scoring import Fact, score
from scoring.batch.tables import days

_CALLS = {"xinyi": 200, "zen": 20, "openfisca": 5}


def records(count: int) -> list[Fact]:
    """So many records of one subject: several rules, five years, one in eleven not active."""
    return [
        Fact(
            record_id=f"r{number:03}",
            item=RULES[number * 7 % len(RULES)].item,
            occurred_on=AS_OF - timedelta(days=37 * number % 1900),
            ends_on=None,
            state="active" if number % 11 else "marked",
            grade=None,
            amount=None,
            source="信源",
        )
        for number in range(count)
    ]


def ours(facts: list[Fact]) -> Callable[[], int]:
    """Decodes, scores and encodes with every reason; gives the score."""
    given, rules = msgspec.json.encode(facts), rule_set()
    decoder, encoder = msgspec.json.Decoder(list[Fact]), msgspec.json.Encoder()

    def run() -> int:
        result = score(rules, decoder.decode(given), AS_OF)
        encoder.encode(result)
        return result.millipoints

    return run


def zen(facts: list[Fact]) -> Callable[[], int]:
    """A decision table over the records, then expressions for the caps; compiled before the clock runs."""
    import zen as zen_engine

    given = {
        "records": [
            {"id": fact.record_id, "item": fact.item, "day": days(fact.occurred_on), "state": fact.state}
            for fact in facts
        ]
    }
    decision = zen_engine.ZenEngine().create_decision(msgspec.json.encode(_decision()).decode())
    text = msgspec.json.encode(given)

    def run() -> int:
        answer = decision.evaluate(msgspec.json.decode(text))
        msgspec.json.encode(answer)
        return int(answer["result"]["score"])

    return run


def _decision() -> dict[str, Any]:
    rows = []
    for number, rule in enumerate(VALUES):
        for period, size in enumerate(rule.sizes):
            start = max(days(rule.first), days(STARTS[period]) if period < len(STARTS) else -(2**31))
            rows.append(
                {"_id": f"{number}-{period}", "item": f'"{rule.item}"', "day": f"[{start}..{days(AS_OF)}]"}
                | {"state": '"active"', "rule": str(number), "size": str(size)}
            )
    rows.append({"_id": "rest", "item": "", "day": "", "state": "", "rule": "-1", "size": "0"})
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in ("item", "day", "state")],
        "outputs": [{"id": name, "name": name, "field": name} for name in ("rule", "size")],
        "rules": rows,
        "inputField": "records",
        "outputPath": "records",
        "executionMode": "loop",
        "passThrough": True,
    }
    expressions = [
        (f"rule_{number}", f"min([sum(map(filter(records, #.rule == {number}), #.size)), {rule.cap}])")
        for number, rule in enumerate(VALUES)
    ]
    for side in range(2 * DIMENSIONS):
        of_side = [f"$.rule_{number}" for number, rule in enumerate(VALUES) if rule.side == side] or ["0"]
        expressions.append((f"side_{side}", f"min([{' + '.join(of_side)}, {DIMENSION_CAP}])"))
    total = "".join(f" {'-' if side % 2 else '+'} $.side_{side}" for side in range(2 * DIMENSIONS))
    expressions.append(("score", f"max([min([{BASE}{total}, {MAXIMUM}]), {MINIMUM}])"))
    caps = {
        "expressions": [{"id": key, "key": key, "value": value} for key, value in expressions],
        "passThrough": True,
    }
    kinds = [("in", "inputNode", {}), ("table", "decisionTableNode", table), ("caps", "expressionNode", caps)]
    kinds.append(("out", "outputNode", {}))
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": name, "name": name, "type": kind, "content": content, "position": {"x": 0, "y": 0}}
            for name, kind, content in kinds
        ],
        "edges": [
            {"id": f"{source}-{target}", "sourceId": source, "targetId": target, "type": "edge"}
            for source, target in (("in", "table"), ("table", "caps"), ("caps", "out"))
        ],
    }


def openfisca(facts: list[Fact]) -> Callable[[], int]:
    """A simulation of one subject, built for each call as a service would."""
    from backend.commands.bench.scoring.openfisca import score_of

    numbers = {rule.item: number for number, rule in enumerate(RULES)}
    text = msgspec.json.encode(facts)
    decoder = msgspec.json.Decoder(list[Fact])

    def run() -> int:
        given = decoder.decode(text)
        found = score_of(
            numpy.zeros(len(given), numpy.int64),
            [numbers[fact.item] for fact in given],
            [int(fact.state == "active") for fact in given],
            [days(fact.occurred_on) for fact in given],
            [2**30] * len(given),
        )
        return int(found[0])

    return run


ENGINES: dict[str, Callable[[list[Fact]], Callable[[], int]]] = {"xinyi": ours, "zen": zen, "openfisca": openfisca}


def microseconds(name: str, run: Callable[[], int]) -> float:
    """The time of one call, over a few hundred or a few of them."""
    calls = _CALLS[name]
    began = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - began) / calls * 1e6
