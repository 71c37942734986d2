"""The fused kernel: one pass over the rows of whole subjects, every contribution and every score out.

The steps are those of `scoring.engine`, in the same order, on the tables of `scoring.batch.tables`; a test compares the two
on rule sets and records drawn at random. Compiled once by numba and kept beside this file.
"""

import numpy
from numba import njit

from scoring.batch.columns import Array, Columns
from scoring.batch.tables import Tables

_FIXED, _AMOUNTS = 0, 1
_PER_RECORD, _PER_YEAR = 0, 1
OUT_OF_ORDER = -1


def run(columns: Columns, tables: Tables, contributions: Array, subjects: Array, scores: Array, ranks: Array) -> int:
    """Scores whole subjects: fills `contributions` for each row, and subject, score and rank for each subject.

    Gives the number of subjects. Raises ValueError if subjects or the days of one are not in ascending order.
    """
    found = int(_run(columns, tables, contributions, subjects, scores, ranks))
    if found == OUT_OF_ORDER:
        raise ValueError("facts are not sorted by subject and day")
    return found


@njit(cache=True, nogil=True)
def _points_of(segments, start, stop, amount):  # type: ignore[no-untyped-def]
    points = 0
    for index in range(start, stop):
        if amount < segments[index, 0]:
            break
        points = segments[index, 1] + (amount - segments[index, 0]) // segments[index, 2] * segments[index, 3]
    return points


@njit(cache=True, nogil=True)
def _period(tables, rule, day):  # type: ignore[no-untyped-def]
    start = tables.rule_periods[rule]
    index, stop = start, tables.rule_periods[rule + 1]
    while index < stop and day < tables.periods[index]:
        index += 1
    return index - start


@njit(cache=True, nogil=True)
def _year_end(years, day):  # type: ignore[no-untyped-def]
    """The first day of the year after that of a day, in the table of the years' first days."""
    # 400 years have 146,097 days; the estimate is off by one at most.
    index = min(max((day - years[0]) * 400 // 146097, 0), years.size - 2)
    while index > 0 and years[index] > day:
        index -= 1
    while index < years.size - 2 and years[index + 1] <= day:
        index += 1
    return years[index + 1]


@njit(cache=True, nogil=True)
def _best_of_groups(columns, tables, row, best_row, best_size):  # type: ignore[no-untyped-def]
    """For each one-of group, the row of the subject beginning at `row` that counts for it, or -1."""
    best_row[:] = -1
    best_size[:] = -1
    subject = columns.subject[row]
    while row < columns.subject.size and columns.subject[row] == subject:
        entry = columns.entry_of[columns.item[row] * columns.grades + columns.grade[row]]
        day = columns.day[row]
        if (
            entry >= 0
            and columns.state[row] == columns.active
            and tables.entry_first[entry] <= day <= tables.as_of
            and columns.ends[row] > tables.as_of
        ):
            rule = tables.entry_rule[entry]
            group = tables.rule_group[rule]
            if group >= 0:
                size = tables.entry_values[entry, _period(tables, rule, day)]
                if size > best_size[group]:
                    best_size[group] = size
                    best_row[group] = row
        row += 1


@njit(cache=True, nogil=True)
def _run(columns, tables, contributions, subjects, scores, ranks):  # type: ignore[no-untyped-def]
    rows = columns.subject.size
    rules, sides = tables.rule_kind.size, tables.side_total_cap.size
    as_of = tables.as_of
    # Nothing is set to zero between subjects or years: each figure carries the subject or year that it is of.
    amounts, amounts_of = numpy.zeros(rules, numpy.int64), numpy.zeros(rules, numpy.int64)
    of_year, of_year_of = numpy.zeros(rules, numpy.int64), numpy.zeros(rules, numpy.int64)
    in_all = numpy.zeros(rules, numpy.int64)
    side_of_year, side_of_year_of = numpy.zeros(sides, numpy.int64), numpy.zeros(sides, numpy.int64)
    side_in_all, side_in_all_of = numpy.zeros(sides, numpy.int64), numpy.zeros(sides, numpy.int64)
    counts, counts_of = numpy.zeros(rules, numpy.int64), numpy.zeros(rules, numpy.int64)
    best_row = numpy.zeros(tables.groups, numpy.int64)
    best_size = numpy.zeros(tables.groups, numpy.int64)
    found = 0
    span = 0
    row = 0
    while row < rows:
        subject = columns.subject[row]
        if found > 0 and subject <= subjects[found - 1]:
            return -1
        if tables.groups > 0:
            _best_of_groups(columns, tables, row, best_row, best_size)
        span += 1
        whole, year = span, span
        total = 0
        earlier, year_ends = -(2**40), -(2**40)
        while row < rows and columns.subject[row] == subject:
            contributions[row] = 0
            day = columns.day[row]
            if day < earlier:
                return -1
            earlier = day
            entry = columns.entry_of[columns.item[row] * columns.grades + columns.grade[row]]
            if (
                entry < 0
                or columns.state[row] != columns.active
                or day > as_of
                or day < tables.entry_first[entry]
                or columns.ends[row] <= as_of
            ):
                row += 1
                continue
            if day >= year_ends:
                year_ends = _year_end(tables.years, day)
                span += 1
                year = span
            rule = tables.entry_rule[entry]
            if counts_of[rule] != whole:
                counts_of[rule] = whole
                counts[rule] = in_all[rule] = 0
            counts[rule] += 1
            if of_year_of[rule] != year:
                of_year_of[rule] = year
                of_year[rule] = 0
            kind = tables.rule_kind[rule]
            size = 0
            if kind == _FIXED:
                group = tables.rule_group[rule]
                if group < 0 or best_row[group] == row:
                    size = tables.entry_values[entry, _period(tables, rule, day)]
            elif kind == _AMOUNTS:
                per = tables.rule_per[rule]
                current = year if per == _PER_YEAR else whole
                if per == _PER_RECORD or amounts_of[rule] != current:
                    amounts_of[rule] = current
                    amounts[rule] = 0
                first, last = tables.rule_segments[rule], tables.rule_segments[rule + 1]
                before = amounts[rule]
                amounts[rule] = before + max(0, columns.amount[row])
                gained = _points_of(tables.segments, first, last, amounts[rule]) - _points_of(
                    tables.segments, first, last, before
                )
                size = gained * tables.rule_permille[rule, _period(tables, rule, day)] // 1000
            if size > 0:
                size = min(size, tables.rule_yearly_cap[rule] - of_year[rule])
                of_year[rule] += size
                size = min(size, tables.rule_total_cap[rule] - in_all[rule])
                in_all[rule] += size
                side = tables.rule_side[rule]
                if side_of_year_of[side] != year:
                    side_of_year_of[side] = year
                    side_of_year[side] = 0
                if side_in_all_of[side] != whole:
                    side_in_all_of[side] = whole
                    side_in_all[side] = 0
                size = min(size, tables.side_yearly_cap[side] - side_of_year[side])
                side_of_year[side] += size
                size = min(size, tables.side_total_cap[side] - side_in_all[side])
                side_in_all[side] += size
                contributions[row] = tables.rule_sign[rule] * size
                total += tables.rule_sign[rule] * size
            row += 1
        score = min(max(tables.base + total, tables.minimum), tables.maximum)
        level = tables.thresholds.size - 1
        while level > 0 and score < tables.thresholds[level]:
            level -= 1
        rank = tables.ranks[level]
        for ceiling in range(tables.ceiling_count.size):
            reached = 0
            for index in range(rules):
                if tables.ceiling_rules[ceiling, index] and counts_of[index] == whole:
                    reached += counts[index]
            if reached >= tables.ceiling_count[ceiling]:
                rank = min(rank, tables.ceiling_rank[ceiling])
        subjects[found] = subject
        scores[found] = score
        ranks[found] = rank
        found += 1
    return found
