"""`python -m abm_pipeline` is `abm`."""

from abm_pipeline.cli import main

main(prog_name="abm")
