"""The fifteen features of the fraud example, computed a second time and independently, with pandas.

Rolling windows as in the Fraud Detection Handbook (chapter 3, "Baseline feature transformation").

  fraud_features.py TRANSACTIONS.csv[.gz] --out FEATURES.csv       writes them
  fraud_features.py TRANSACTIONS.csv[.gz] --compare FEATURES.csv   compares a file of the engine's with them
  fraud_features.py TRANSACTIONS.csv[.gz] --fixture FOLDER         writes the part that the Java tests read
"""

import argparse
import pathlib
import sys

import pandas as pd

WINDOWS = (1, 7, 30)
DELAY = 7
COLUMNS = ["amount", "weekend", "night"]
COLUMNS += [f"card_{what}_{days}d" for days in WINDOWS for what in ("count", "mean")]
COLUMNS += [f"terminal_{what}_{days}d" for days in WINDOWS for what in ("count", "risk")]
TOLERANCE = 1e-6


def card_features(group):
    """Count and mean amount over (t - w, t], rows in the order of time and id."""
    amounts = group.set_index("datetime")["amount"]
    features = pd.DataFrame(index=group.index)
    for days in WINDOWS:
        rolling = amounts.rolling(f"{days}D")
        count = rolling.count().to_numpy()
        features[f"card_count_{days}d"] = count
        features[f"card_mean_{days}d"] = rolling.sum().to_numpy() / count
    return features


def terminal_features(group):
    """Count and share of frauds over (t - 7 d - w, t - 7 d]: the long window less the delay."""
    frauds = group.set_index("datetime")["fraud"]
    late = frauds.rolling(f"{DELAY}D")
    late_count, late_frauds = late.count().to_numpy(), late.sum().to_numpy()
    features = pd.DataFrame(index=group.index)
    for days in WINDOWS:
        whole = frauds.rolling(f"{DELAY + days}D")
        count = whole.count().to_numpy() - late_count
        bad = whole.sum().to_numpy() - late_frauds
        features[f"terminal_count_{days}d"] = count
        features[f"terminal_risk_{days}d"] = bad / count.clip(min=1)
    return features


def by_group(transactions, key, compute):
    return pd.concat([compute(group) for _, group in transactions.groupby(key)]).sort_index()


def features(transactions):
    transactions = transactions.sort_values(["datetime", "transaction_id"]).reset_index(drop=True)
    time = transactions["datetime"]
    table = pd.DataFrame({
        "transaction_id": transactions["transaction_id"],
        "amount": transactions["amount"],
        "weekend": (time.dt.weekday >= 5).astype(int),
        "night": (time.dt.hour <= 6).astype(int),
    })
    cards = by_group(transactions, "customer_id", card_features)
    terminals = by_group(transactions, "terminal_id", terminal_features)
    return table.join(cards).join(terminals)[["transaction_id"] + COLUMNS]


def compare(expected, actual):
    if list(actual.columns) != list(expected.columns):
        return f"columns differ: expected {list(expected.columns)}, found {list(actual.columns)}"
    expected = expected.sort_values("transaction_id").reset_index(drop=True)
    actual = actual.sort_values("transaction_id").reset_index(drop=True)
    if not expected["transaction_id"].equals(actual["transaction_id"]):
        return f"transactions differ: expected {len(expected)}, found {len(actual)}"
    difference = (expected[COLUMNS] - actual[COLUMNS]).abs()
    print(difference.max().to_string())
    worst = difference.max().max()
    print(f"{len(expected)} transactions, largest difference {worst:.3g}")
    return None if worst <= TOLERANCE else f"largest difference {worst:.3g} is over {TOLERANCE}"


def write_fixture(path, folder):
    """The busiest card and the three worst terminals, to 2018-06-19, and the features of that part alone."""
    rows = pd.read_csv(path, dtype=str)
    rows = rows[rows["datetime"] < "2018-06-20"]
    card = rows["customer_id"].value_counts().index[:1]
    terminals = rows[rows["fraud"] == "1"]["terminal_id"].value_counts().index[:3]
    part = rows[rows["customer_id"].isin(card) | rows["terminal_id"].isin(terminals)]
    part.to_csv(folder / "transactions.csv", index=False)
    read = pd.read_csv(folder / "transactions.csv", parse_dates=["datetime"])
    features(read).to_csv(folder / "features.csv", index=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("transactions")
    parser.add_argument("--out")
    parser.add_argument("--compare")
    parser.add_argument("--fixture", type=pathlib.Path)
    args = parser.parse_args()
    if args.fixture:
        write_fixture(args.transactions, args.fixture)
        return
    expected = features(pd.read_csv(args.transactions, parse_dates=["datetime"]))
    if args.out:
        expected.to_csv(args.out, index=False)
    if args.compare:
        failure = compare(expected, pd.read_csv(args.compare))
        if failure:
            sys.exit(failure)


if __name__ == "__main__":
    main()
