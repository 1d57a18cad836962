"""``python -m doorward``."""

from doorward.cli import main

if __name__ == "__main__":
    main()
