"""`python -m docgen`: the `docgen` command."""

from docgen.cli.entry import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
