"""`python -m tests.scenarios`: which row is played where, and why not elsewhere."""

from tests.scenarios.coverage import main

if __name__ == "__main__":
    main()
