#!/usr/bin/env python3
"""Sums up what scripts/test.sh left in its results folder.

NAME.check holds the word passed or failed. NAME.status holds a suite's exit
status, NAME.xml its JUnit file. Prints a line for each and, last, the sum; exits
with 1 if anything failed or nothing was run.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count_suite(status_file):
    """Returns the numbers of passed, failed and skipped tests of a suite."""
    passed = failed = skipped = 0
    try:
        root = ElementTree.parse(status_file.with_suffix(".xml")).getroot()
    except (OSError, ElementTree.ParseError):
        root = ElementTree.Element("testsuites")
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") == "disabled":
            skipped += 1
        else:
            passed += 1
    # A suite that broke off before it could report is a failure too.
    broke_off = status_file.read_text().strip() != "0" or not passed
    return passed, max(failed, int(broke_off)), skipped


def main():
    folder = pathlib.Path(sys.argv[1])
    all_passed = all_failed = 0
    for file in sorted(folder.glob("*.check")):
        good = file.read_text().strip() == "passed"
        print(f"{file.stem + ':':8}{'passed' if good else 'FAILED'}")
        all_passed += good
        all_failed += not good
    for file in sorted(folder.glob("*.status")):
        passed, failed, skipped = count_suite(file)
        print(f"{file.stem + ':':8}{passed} passed, {failed} failed, {skipped} skipped")
        all_passed += passed
        all_failed += failed
    print(f"{all_passed} passed, {all_failed} failed")
    sys.exit(all_failed > 0 or all_passed == 0)


if __name__ == "__main__":
    main()
