# syntax=docker/dockerfile:1
# One image for the three programs; the chart says which one a Pod runs. Pin both bases by digest when you mirror them.

FROM ghcr.io/astral-sh/uv:0.13 AS uv

FROM docker.io/library/python:3.13-slim AS build
COPY --from=uv /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/clusterdesk
WORKDIR /src
# What we depend on changes seldom: a layer of its own.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --no-dev --extra speed --no-install-project
COPY . .
RUN --mount=type=cache,target=/root/.cache/uv uv sync --locked --no-dev --extra speed --no-editable

FROM docker.io/library/python:3.13-slim
COPY --from=build /opt/clusterdesk /opt/clusterdesk
ENV PATH=/opt/clusterdesk/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Numeric, so that Kubernetes can see that it is not root. Nothing is written outside /tmp, and no shell is needed.
USER 65532:65532
CMD ["clusterdesk-bot"]
