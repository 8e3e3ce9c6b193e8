"""`python -m zq`: the command line."""

from zq.cli import main

if __name__ == "__main__":
    main()
