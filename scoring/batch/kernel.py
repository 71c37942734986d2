"""The fused kernel: one pass over the rows of whole subjects, every contribution and every score out.

The steps are those of `scoring.engine`, in the same order, on the tables of `scoring.batch.tables`; a test compares the two
on rule sets and records drawn at random. Compiled once by numba and kept beside this file.
"""

from collections.abc import Callable
from typing import Any

import numpy
from numba import njit

from scoring.batch.columns import Array, Columns
from scoring.batch.tables import Tables

_FIXED, _AMOUNTS = 0, 1
_PER_RECORD, _PER_YEAR = 0, 1
# More than the calendar of the tables has years: tells apart the years of one subject from those of the next.
_YEARS = 512
OUT_OF_ORDER = -1


def _compiled(function: Callable[..., Any]) -> Any:
    """The function in machine code, kept beside this file or in the user's cache; where neither can be written, such as in a
    read-only container, compiled anew in each process."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return njit(nogil=True)(function)


def run(columns: Columns, tables: Tables, contributions: Array, subjects: Array, scores: Array, ranks: Array) -> int:
    """Scores whole subjects: fills `contributions` for each row, and subject, score and rank for each subject.

    Gives the number of subjects. Raises ValueError if subjects or the days of one are not in ascending order.
    """
    rows = len(columns.subject)
    kept, entries = numpy.empty(rows, numpy.uint32), numpy.empty(rows, numpy.uint32)
    stops = numpy.empty(rows, numpy.int64)
    found = int(_sort_out(columns, tables, kept, entries, subjects, stops))
    if found == OUT_OF_ORDER:
        raise ValueError("facts are not sorted by subject and day")
    contributions[:] = 0
    _give_points(columns, tables, kept, entries, stops[:found], contributions, scores, ranks)
    return found


@_compiled
def _sort_out(columns, tables, kept, entries, subjects, stops):  # type: ignore[no-untyped-def]
    """The rows that count, with their entries; each subject, and where its rows end among them. Gives how many subjects.

    Without a jump in its body: whether a row counts is as good as a coin to the processor, and a wrong guess costs more
    than the row.
    """
    entry_of, as_of, first = columns.entry_of, tables.as_of, tables.entry_first
    keeping, found = 0, 0
    before, earlier, wrong = columns.subject[0] - 1, 0, False
    for row in range(columns.subject.size):
        subject, day = columns.subject[row], columns.day[row]
        wrong |= (subject < before) | ((subject == before) & (day < earlier))
        found += subject != before
        before, earlier = subject, day
        entry = entry_of[columns.item[row], columns.grade[row], columns.state[row]]
        kept[keeping] = row
        entries[keeping] = entry
        keeping += (day >= first[entry]) & (day <= as_of) & (columns.ends[row] > as_of)
        subjects[found - 1] = subject
        stops[found - 1] = keeping
    return OUT_OF_ORDER if wrong else found


@_compiled
def _points_of(segments, start, stop, amount):  # type: ignore[no-untyped-def]
    points = 0
    for index in range(start, stop):
        if amount < segments[index, 0]:
            break
        points = segments[index, 1] + (amount - segments[index, 0]) // segments[index, 2] * segments[index, 3]
    return points


@_compiled
def _best_of_groups(tables, backs, entries, start, stop, best_place, best_size):  # type: ignore[no-untyped-def]
    """For each one-of group, the place of the row that counts for it, or -1."""
    best_place[:] = -1
    best_size[:] = -1
    for place in range(start, stop):
        group = tables.rule_group[tables.entry_rule[entries[place]]]
        if group >= 0:
            size = tables.entry_points[entries[place], backs[place]]
            if size > best_size[group]:
                best_size[group] = size
                best_place[group] = place


@_compiled
def _give_points(columns, tables, kept, entries, stops, contributions, scores, ranks):  # type: ignore[no-untyped-def]
    rules, sides = tables.rule_kind.size, tables.side_total_cap.size
    ceilings = tables.ceiling_count.size
    first_day, last_day = tables.first_day, tables.year_of.size - 1
    # What is of a year is not set to zero when the year ends, which comes unforeseen: it carries the year that it is of.
    amounts, amounts_of = numpy.zeros(rules, numpy.int64), numpy.zeros(rules, numpy.int64)
    of_year, of_year_of = numpy.zeros(rules, numpy.int64), numpy.zeros(rules, numpy.int64)
    side_of_year, side_of_year_of = numpy.zeros(sides, numpy.int64), numpy.zeros(sides, numpy.int64)
    in_all, side_in_all = numpy.zeros(rules, numpy.int64), numpy.zeros(sides, numpy.int64)
    counts = numpy.zeros(rules, numpy.int64)
    best_place = numpy.zeros(tables.groups, numpy.int64)
    best_size = numpy.zeros(tables.groups, numpy.int64)
    backs = numpy.empty(0 if tables.groups == 0 else kept.size, numpy.uint32)
    if tables.groups > 0:
        for place in range(stops[-1]):
            day = columns.day[kept[place]]
            backs[place] = tables.back_of[min(max(day - first_day, 0), last_day)]
    start = 0
    for number in range(stops.size):
        stop = stops[number]
        if tables.groups > 0:
            _best_of_groups(tables, backs, entries, start, stop, best_place, best_size)
        whole = (number + 1) * _YEARS
        total = 0
        in_all[:] = 0
        side_in_all[:] = 0
        if ceilings > 0:
            counts[:] = 0
        for place in range(start, stop):
            row = kept[place]
            entry = entries[place]
            rule = tables.entry_rule[entry]
            when = min(max(columns.day[row] - first_day, 0), last_day)
            year = whole + 1 + tables.year_of[when]
            if ceilings > 0:
                counts[rule] += 1
            kind = tables.rule_kind[rule]
            size = 0
            if kind == _FIXED:
                size = tables.entry_points[entry, tables.back_of[when]]
                group = tables.rule_group[rule]
                if group >= 0 and best_place[group] != place:
                    size = 0
            elif kind == _AMOUNTS:
                per = tables.rule_per[rule]
                current = year if per == _PER_YEAR else whole
                before = 0 if per == _PER_RECORD or amounts_of[rule] != current else amounts[rule]
                amounts[rule] = before + max(0, columns.amount[row])
                amounts_of[rule] = current
                first, last = tables.rule_segments[rule], tables.rule_segments[rule + 1]
                gained = _points_of(tables.segments, first, last, amounts[rule]) - _points_of(
                    tables.segments, first, last, before
                )
                size = gained * tables.rule_permille[rule, tables.back_of[when]] // 1000
            else:
                continue
            side = tables.rule_side[rule]
            # The four caps, also for a size of 0: to find out costs more than to go through.
            if tables.capped_by_year:
                used = of_year[rule] if of_year_of[rule] == year else 0
                size = min(size, tables.rule_yearly_cap[rule] - used)
                of_year[rule], of_year_of[rule] = used + size, year
            size = min(size, tables.rule_total_cap[rule] - in_all[rule])
            in_all[rule] += size
            if tables.capped_by_year:
                used = side_of_year[side] if side_of_year_of[side] == year else 0
                size = min(size, tables.side_yearly_cap[side] - used)
                side_of_year[side], side_of_year_of[side] = used + size, year
            size = min(size, tables.side_total_cap[side] - side_in_all[side])
            side_in_all[side] += size
            points = tables.rule_sign[rule] * size
            contributions[row] = points
            total += points
        start = stop
        score = min(max(tables.base + total, tables.minimum), tables.maximum)
        level = tables.thresholds.size - 1
        while level > 0 and score < tables.thresholds[level]:
            level -= 1
        rank = tables.ranks[level]
        for ceiling in range(ceilings):
            reached = 0
            for index in range(rules):
                if tables.ceiling_rules[ceiling, index]:
                    reached += counts[index]
            if reached >= tables.ceiling_count[ceiling]:
                rank = min(rank, tables.ceiling_rank[ceiling])
        scores[number] = score
        ranks[number] = rank
