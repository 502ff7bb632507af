"""`python -m rattail` is the same command as `rattail`."""

from rattail.entry.program import main

if __name__ == "__main__":
    main()
