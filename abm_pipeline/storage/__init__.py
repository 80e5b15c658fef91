"""Where bytes live: the lake (Parquet partitions), the engine (SQL) and the warehouse (Postgres). No metric logic."""
