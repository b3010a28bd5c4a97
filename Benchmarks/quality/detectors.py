"""Areas under the ROC curve of scikit-learn's detectors, as JSON: {"IForest": {set: area}, …}.

    detectors.py oneclass FOLDER...       fit on train.csv, score test.csv
    detectors.py contaminated TABLE...    fit on all rows, score them
"""

import json
import pathlib
import sys

import numpy
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

FOREST_SEEDS = 5


def read(path):
    return numpy.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def forest(train, test, labels):
    """The mean over seeds: a forest is random."""
    areas = []
    for seed in range(FOREST_SEEDS):
        fitted = IsolationForest(random_state=seed).fit(train)
        areas.append(roc_auc_score(labels, -fitted.score_samples(test)))
    return float(numpy.mean(areas))


def neighbours(train, test, labels):
    """The distance to the fifth nearest training row, columns standardised."""
    scaler = StandardScaler().fit(train)
    fitted = NearestNeighbors(n_neighbors=5).fit(scaler.transform(train))
    distances, _ = fitted.kneighbors(scaler.transform(test))
    return float(roc_auc_score(labels, distances[:, -1]))


def main():
    protocol, *paths = sys.argv[1:]
    areas = {"IForest": {}} if protocol == "contaminated" else {"IForest": {}, "kNN5": {}}
    for path in map(pathlib.Path, paths):
        table = read(path / "test.csv" if protocol == "oneclass" else path)
        test, labels = table[:, :-1], table[:, -1]
        train = read(path / "train.csv") if protocol == "oneclass" else test
        areas["IForest"][path.stem] = forest(train, test, labels)
        if "kNN5" in areas:
            areas["kNN5"][path.stem] = neighbours(train, test, labels)
    print(json.dumps(areas))


if __name__ == "__main__":
    main()
