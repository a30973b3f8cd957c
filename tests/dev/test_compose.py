"""The compose file and the Dockerfile mean what they should; no Docker engine is needed."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
PRODUCT = ("web", "worker", "beat", "migrate")
ONE_SHOT = ("migrate",)
SECRETS = ("SECRET_KEY", "PASSWORD")
MANDATORY = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")


def environment(service: str) -> dict[str, str]:
    return SERVICES[service].get("environment", {})


def test_the_parts_are_there():
    assert set(SERVICES) == {*PRODUCT, "postgres", "valkey"}
    assert SERVICES["postgres"]["image"].startswith("postgres:18")


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_an_init_and_says_whether_it_is_well(service):
    assert SERVICES[service]["init"] is True
    if service not in ONE_SHOT:
        assert SERVICES[service]["healthcheck"]["test"]
        assert SERVICES[service]["restart"] == "unless-stopped"
    assert "no-new-privileges:true" in SERVICES[service]["security_opt"]


@pytest.mark.parametrize("service", sorted(set(PRODUCT) - set(ONE_SHOT)))
def test_the_product_waits_for_migrations_and_healthy_servers(service):
    awaited = {name: how["condition"] for name, how in SERVICES[service]["depends_on"].items()}
    assert awaited == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "valkey": "service_healthy",
    }


def test_migrations_run_once_as_the_owner_and_the_rest_never_does():
    assert SERVICES["migrate"]["restart"] == "no"
    for service in PRODUCT:
        role = "isotherm_owner" if service == "migrate" else "isotherm_app"
        assert environment(service)["DATABASE_URL"].startswith(f"postgresql://{role}:")


def test_only_the_web_server_is_reached_from_outside():
    published = {name for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web"}
    assert SERVICES["web"]["ports"] == ["${ISOTHERM_BIND:-127.0.0.1:8000}:8000"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for service in ("postgres", "valkey"):
        assert SERVICES[service]["networks"] == ["inside"]


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_has_a_default(service):
    for name, value in environment(service).items():
        if any(word in name for word in SECRETS) or ("://" in value and "@" in value):
            assert MANDATORY.search(value), f"{service}: {name}={value}"


def test_what_the_product_is_given_is_what_the_settings_read():
    settings = (ROOT / "config" / "settings.py").read_text("utf-8")
    read = set(re.findall(r'env\.[a-z]+\(\s*"([A-Z_]+)"', settings))
    given = set(environment("web"))
    assert given <= read
    assert {"ISOTHERM_SECRET_KEY", "DATABASE_URL", "CELERY_BROKER_URL", "STORAGE_URL"} <= given


@pytest.mark.parametrize("service", ["postgres", "valkey"])
def test_the_servers_keep_their_data(service):
    volumes = [volume.split(":")[0] for volume in SERVICES[service]["volumes"]]
    assert set(volumes) & set(COMPOSE["volumes"])


def test_the_queue_is_written_down():
    assert "--appendonly yes" in SERVICES["valkey"]["command"][-1]


def test_mounted_files_exist():
    for volume in SERVICES["postgres"]["volumes"]:
        source = volume.split(":")[0]
        if source.startswith("./"):
            assert (ROOT / source).is_file(), source


def test_the_image_runs_as_an_ordinary_user():
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]
    user = next(line for line in last_stage if line.startswith("USER"))
    assert user.split()[1].split(":")[0].isdigit()
    assert user != "USER 0:0"


def test_no_key_and_no_data_go_into_the_image():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {".git", ".isotherm", ".env", "backups"} <= set(ignored)


def test_the_manual_explains_each_variable():
    manual = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    asked = set(re.findall(r"\$\{([A-Z_]+):[?-]", TEXT))
    assert not {name for name in asked if f"`{name}`" not in manual}
