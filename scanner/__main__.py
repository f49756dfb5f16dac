"""``python -m scanner`` is the command ``guijian``."""

from scanner.cli import main

if __name__ == "__main__":
    main()
