#!/bin/sh
# Run once by the postgres image on an empty volume: the two roles, their passwords, the grants.
set -eu
psql_as_superuser() {
    psql -X -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" "$@"
}
psql_as_superuser -f /isotherm/roles.sql
psql_as_superuser -v owner="$ISOTHERM_OWNER_PASSWORD" -v app="$ISOTHERM_APP_PASSWORD" <<'SQL'
ALTER ROLE isotherm_owner PASSWORD :'owner';
ALTER ROLE isotherm_app PASSWORD :'app';
SELECT format('ALTER DATABASE %I OWNER TO isotherm_owner', current_database()) \gexec
SQL
psql_as_superuser -f /isotherm/grants.sql
