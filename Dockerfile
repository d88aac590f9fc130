# Build: everything pinned goes into one virtual environment.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt constraints.txt /tmp/
RUN /opt/venv/bin/pip install -r /tmp/requirements.txt

# Run: the same image serves web, worker and beat; docker-compose.yml gives each its command.
FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/staticfiles
RUN groupadd --system --gid 10001 portal \
    && useradd --system --uid 10001 --gid 10001 --home-dir /app --shell /usr/sbin/nologin portal \
    && install --directory --owner portal --group portal /data
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY . .
# The key only lets the settings load; it ends with this step and is in no layer.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(60))')" DATA_DIR=/tmp/build \
    python manage.py collectstatic --noinput \
    && rm -rf /tmp/build
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 CMD ["python", "bin/healthcheck.py", "web"]
CMD ["sh", "-c", "exec gunicorn de_an_06.wsgi --bind 0.0.0.0:8000 --workers ${WEB_WORKERS:-2} --threads 4 --max-requests 2000 --max-requests-jitter 200 --timeout 60 --no-control-socket --logger-class de_an_06.access_log.AccessLogger --access-logfile -"]
