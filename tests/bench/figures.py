# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was measured, beside what it is compared with, and the table of it."""
import statistics


class Samples:
    """Repeated measurements of one thing: median, and how far they lie apart."""

    def __init__(self, values):
        self.values = [float(value) for value in values]
        self.median = statistics.median(self.values)
        if len(self.values) > 1:
            self.low, _, self.high = statistics.quantiles(self.values, n=4, method="inclusive")
        else:
            self.low = self.high = self.median
        self.least, self.most = min(self.values), max(self.values)

    def as_dict(self):
        return {"median": self.median, "quartiles": [self.low, self.high], "min": self.least, "max": self.most,
                "rounds": len(self.values), "values": self.values}


def number(value):
    """Three significant figures, and thousands apart."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


class Row:
    """One line of the table. reference: (what, values of the same unit): one for each of ours, taken in turns with
    them, or other ones, of which the median counts."""

    def __init__(self, what, unit, values, reference=None, aim="", met=None):
        self.what, self.unit, self.samples = what, unit, Samples(values)
        self.reference = (reference[0], Samples(reference[1])) if reference else None
        self.aim, self.met = aim, met           # met: None where there is no aim

    def pairs(self):
        mine, theirs = self.samples.values, self.reference[1].values
        return list(zip(mine, theirs if len(theirs) == len(mine) else [self.reference[1].median] * len(mine)))

    @property
    def ratio(self):
        """The median of the rounds' ratios: a disturbance of the machine meets both sides of a round."""
        return statistics.median(mine / theirs for mine, theirs in self.pairs()) if self.reference else None

    @property
    def more(self):
        return statistics.median(mine - theirs for mine, theirs in self.pairs()) if self.reference else None

    def at_most_more(self, limit):
        self.aim, self.met = f"at most {limit} {self.unit} more", self.more <= limit
        return self

    def at_most(self, limit):
        self.aim, self.met = f"at most {limit} {self.unit}", self.samples.median <= limit
        return self

    def at_least(self, limit):
        self.aim, self.met = f"at least {limit:,} {self.unit}", self.samples.median >= limit
        return self

    def verdict(self):
        return "" if self.met is None else "met" if self.met else "NOT MET"

    def cells(self):
        s = self.samples
        spread = f"{number(s.least)} | {number(s.low)}..{number(s.high)}" if len(s.values) > 1 else ""
        reference = ratio = ""
        if self.reference:
            reference = f"{self.reference[0]}: {number(self.reference[1].median)}"
            ratio = f"{self.ratio:.2f}"
            if self.unit == "ms":
                ratio += f" ({self.more:+.1f} ms)"
        return [self.what, f"{number(s.median)} {self.unit}", spread, str(len(s.values)), reference, ratio, self.aim,
                self.verdict()]

    def as_dict(self):
        result = {"what": self.what, "unit": self.unit, **self.samples.as_dict()}
        if self.reference:
            result["reference"] = {"what": self.reference[0], **self.reference[1].as_dict()}
            result["ratio"], result["more"] = self.ratio, self.more
        if self.met is not None:
            result["aim"], result["met"] = self.aim, self.met
        return result


HEADINGS = ["measurement", "median", "min | quartiles", "rounds", "reference", "ratio", "aim", ""]


def print_table(rows):
    lines = [HEADINGS] + [row.cells() for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    for index, line in enumerate(lines):
        numeric = (1, 2, 3, 5)
        print("  ".join(cell.rjust(width) if i in numeric and index else cell.ljust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip())
        if index == 0:
            print("  ".join("-" * width for width in widths))
