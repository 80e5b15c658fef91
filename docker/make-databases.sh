#!/bin/sh
# Two databases with two owners: what is served, and Dagster's own; neither role can reach the other's.
# Run once by the postgres image, when its volume is empty.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -v abm="$ABM_PASSWORD" -v dagster="$DAGSTER_PASSWORD" <<'SQL'
CREATE ROLE abm LOGIN PASSWORD :'abm';
CREATE ROLE dagster LOGIN PASSWORD :'dagster';
CREATE ROLE abm_reader NOLOGIN;
ALTER ROLE dagster SET synchronous_commit = off;
CREATE DATABASE abm OWNER abm;
CREATE DATABASE dagster OWNER dagster;
REVOKE CONNECT ON DATABASE abm FROM PUBLIC;
REVOKE CONNECT ON DATABASE dagster FROM PUBLIC;
GRANT CONNECT ON DATABASE abm TO abm_reader;
SQL
