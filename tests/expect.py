"""What the scripts beside it check by."""

import sys


def expect(condition, what, *more):
    if not condition:
        print("FAILED:", what, *more, sep="\n")
        sys.exit(1)
    print("ok:", what)
