"""What is measured of scored rows."""

import bisect
import math
import statistics


# At which rows with mistakes are flagged.
ALPHA = 0.01


def share(found):
    """Of a sequence the share that is true."""
    found = list(found)
    return sum(found) / len(found)


def unusual(row):
    """What to sort a row by; one that cannot be scored is the most unusual."""
    return math.inf if row.get("score") is None else row["score"]


def is_flagged(row):
    return row.get("score") is None or bool(row.get("anomaly"))


def blamed(row):
    return row["explanation"][0]["variable"] if row.get("explanation") else None


def area(positives, negatives):
    """Under the ROC curve; ties count half."""
    ordered = sorted(negatives)
    below = sum(bisect.bisect_left(ordered, score) + bisect.bisect_right(ordered, score) for score in positives)
    return below / 2 / len(positives) / len(negatives)


def binomial_interval(count, share, level=0.99):
    """The shares of `count` that lie between the quantiles of a binomial distribution which leave out 1 − level."""
    def quantile(target):
        below = 0.0
        for k in range(count + 1):
            below += math.comb(count, k) * share**k * (1 - share) ** (count - k)
            if below >= target:
                return k / count
        return 1.0
    return round(quantile((1 - level) / 2), 4), round(quantile((1 + level) / 2), 4)


def interval(rates):
    """The 95 % interval of the mean over seeds."""
    if len(rates) < 2:
        return ""
    margin = 1.96 * statistics.stdev(rates) / len(rates) ** 0.5
    middle = statistics.mean(rates)
    return f"95 % interval {middle - margin:.5f}…{middle + margin:.5f} of {len(rates)} trainings"
