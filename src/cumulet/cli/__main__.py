"""`python -m cumulet.cli`, for when the command itself is not on the path."""

from cumulet.cli import main

main(prog_name="cumulet")
