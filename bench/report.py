"""The results as text, as JSON, and compared with earlier ones."""

import json
import pathlib

KEYS = ("case", "ratio", "target", "peer", "conditions")


def verdict(row):
    """ "met", "missed", "n/a", or nothing where there is no target."""
    if row["ratio"] is None:
        return "n/a"
    if row["target"] is None:
        return ""
    return "met" if row["ratio"] >= row["target"] else "missed"


def figure(row, key):
    """A rate of a row with its unit, e.g. "31.2 GB/s"."""
    conditions = row["conditions"]
    if conditions.get(key) is None:
        return ""
    value, unit = conditions[key], conditions["unit"]
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def line(row):
    """A row as a line of text."""
    conditions = row["conditions"]
    if row["ratio"] is None:
        return f"{row['case']:42} n/a: {conditions['reason']}"
    target = "" if row["target"] is None else f"target {row['target']:.2f}"
    spread = f"{conditions['least']:.2f}-{conditions['most']:.2f}"
    return (
        f"{row['case']:42} {row['ratio']:6.3f} of {row['peer']:20} {spread:10} "
        f"{target:12} {verdict(row):7} {figure(row, 'value')} / {figure(row, 'limit')}"
    )


def summary(rows):
    counts = {word: 0 for word in ("met", "missed", "n/a")}
    for row in rows:
        if verdict(row) in counts:
            counts[verdict(row)] += 1
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def write(path, rows):
    pathlib.Path(path).write_text(json.dumps(rows, indent=1) + "\n")


def read(path):
    rows = json.loads(pathlib.Path(path).read_text())
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("not a list of results")
    for row in rows:
        missing = [key for key in KEYS if key not in row]
        if missing:
            raise ValueError(f"a row without {', '.join(missing)}")
    return rows


def losses(old_rows, new_rows, tolerance):
    """What became worse, a line each: ratios that fell by more than the share
    `tolerance`, and cases that could be measured and no longer can. Ratios are
    compared, never times. Cases that are in one of the files only do not count."""
    new = {(row["case"], row["peer"]): row for row in new_rows}
    lines = []
    for old in old_rows:
        row = new.get((old["case"], old["peer"]))
        if row is None or old["ratio"] is None:
            continue
        name = f"{old['case']} ({old['peer']})"
        if row["ratio"] is None:
            lines.append(f"{name}: {old['ratio']:.3f} -> n/a")
        elif row["ratio"] < old["ratio"] * (1 - tolerance):
            lines.append(f"{name}: {old['ratio']:.3f} -> {row['ratio']:.3f}")
    return lines
