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
    pmf = [math.exp(log_choose(count, k) + k * math.log(share) + (count - k) * math.log1p(-share)) for k in range(count + 1)]
    return round(quantile(pmf, (1 - level) / 2) / count, 4), round(quantile(pmf, (1 + level) / 2) / count, 4)


def alarm_interval(parts, level=0.999):
    """The shares of false alarms between the quantiles that leave out 1 − level, of independent parts, each (rows,
    calibration rows n, mean share of false alarms m).

    Given its calibration, a part's rows raise alarms with a probability which is itself random: of exchangeable rows
    without ties its distribution is Beta(m (n + 1), (1 − m) (n + 1)) (Vovk 2012, Conditional validity of inductive
    conformal predictors). So the number of alarms is beta-binomial, and scatters more than a binomial one.
    """
    total, pmf = 0, [1.0]
    for count, known, mean in parts:
        total += count
        if mean == 0:
            continue
        a, b = mean * (known + 1), (1 - mean) * (known + 1)
        own = [math.exp(log_choose(count, k) + log_beta(k + a, count - k + b) - log_beta(a, b)) for k in range(count + 1)]
        while own[-1] < 1e-12:
            own.pop()
        both = [0.0] * (len(pmf) + len(own) - 1)
        for i, p in enumerate(pmf):
            for j, q in enumerate(own):
                both[i + j] += p * q
        pmf = both
    return round(quantile(pmf, (1 - level) / 2) / total, 5), round(quantile(pmf, (1 + level) / 2) / total, 5)


def log_beta(a, b):
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def log_choose(n, k):
    return -math.log(n + 1) - log_beta(n - k + 1, k + 1)


def quantile(pmf, target):
    """The smallest number whose distribution function reaches `target`."""
    below = 0.0
    for k, probability in enumerate(pmf):
        below += probability
        if below >= target:
            return k
    return len(pmf) - 1


def interval(rates):
    """The 95 % interval of the mean over seeds."""
    if len(rates) < 2:
        return ""
    margin = 1.96 * statistics.stdev(rates) / len(rates) ** 0.5
    middle = statistics.mean(rates)
    return f"95 % interval {middle - margin:.5f}…{middle + margin:.5f} of {len(rates)} trainings"
