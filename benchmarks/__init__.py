"""Speed, as ratios in one run against a peer or the bare engine. `make bench` prints the table."""
