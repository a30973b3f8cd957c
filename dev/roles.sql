-- The two roles of Isotherm. Run by a superuser; running it again changes nothing.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'isotherm_owner') THEN
        CREATE ROLE isotherm_owner;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'isotherm_app') THEN
        CREATE ROLE isotherm_app;
    END IF;
END
$$;
-- Owns the database and its tables; runs migrations; makes databases for the tests.
ALTER ROLE isotherm_owner WITH LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;
-- Serves requests and jobs: owns nothing, and row-level security holds for it.
ALTER ROLE isotherm_app WITH LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;
