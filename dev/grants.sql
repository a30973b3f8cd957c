-- What isotherm_app may do in this database. Run in each new database by isotherm_owner, who owns
-- it, or by a superuser; running it again changes nothing.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO isotherm_app', current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO isotherm_app;
ALTER DEFAULT PRIVILEGES FOR ROLE isotherm_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO isotherm_app;
ALTER DEFAULT PRIVILEGES FOR ROLE isotherm_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO isotherm_app;
