# Image of the command line: docker run --rm -v "$PWD:/work" guijian scan app.apk
# The browser for sites is not part of it; install Chromium in an image derived from this one.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md CHANGELOG.md ./
COPY scanner ./scanner
COPY rules ./rules
COPY reports ./reports
RUN python -m venv /opt/guijian \
 && /opt/guijian/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="Guijian 规鉴" \
      org.opencontainers.image.description="Evidence-based review of apps, sites and privacy policies"
RUN useradd --create-home --uid 10001 guijian
COPY --from=build /opt/guijian /opt/guijian
ENV PATH=/opt/guijian/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER guijian
WORKDIR /work
ENTRYPOINT ["guijian"]
CMD ["--help"]
