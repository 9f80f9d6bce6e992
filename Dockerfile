# The steps are those of bin/run (bin/_setup.sh), so that what is tested is what is built. The
# virtual environment is made in a first stage, and the compiler stays behind there.

FROM python:3.11-slim-bookworm AS build
WORKDIR /opt/partyline
COPY bin/_setup.sh bin/_setup.sh
RUN bash bin/_setup.sh libraries && bash bin/_setup.sh build-tools
COPY requirements.txt requirements.txt
RUN bash bin/_setup.sh runtime


FROM python:3.11-slim-bookworm
WORKDIR /opt/partyline

# PORT and PARTYLINE_DATA_DIR mean what they mean everywhere. A container is reached from outside
# itself, so the server listens on every address of it. That is refused to start without a
# configured login; whoever guards the port in another way (a proxy that signs people in,
# `docker run -p 127.0.0.1:8501:8501`) says so:
#   docker run -e PARTYLINE_ALLOW_ANONYMOUS=1 -p 127.0.0.1:8501:8501 -v partyline:/data partyline
# It is deliberately not set here.
ENV HOST=0.0.0.0 \
    PORT=8501 \
    PARTYLINE_DATA_DIR=/data \
    PYTHONUNBUFFERED=1

COPY bin/_setup.sh bin/_setup.sh
# pg_dump and the like, for backups: of version 15, which takes servers up to 15.
RUN bash bin/_setup.sh libraries \
    && apt-get update && apt-get install -y --no-install-recommends postgresql-client-15 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /home/partyline --user-group --uid 10001 partyline \
    && install -d -o partyline -g partyline /data /backups

COPY --from=build /opt/partyline/.venv .venv
COPY . .

USER partyline
VOLUME /data
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["/opt/partyline/.venv/bin/python", "-I", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]

ENTRYPOINT ["./bin/run"]
