# The program, built with Swift's runtime inside it; then Debian with the libraries it links, and nothing else.
FROM swift:6.3-bookworm AS build
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        libmicrohttpd-dev libsimdjson-dev libutf8proc-dev libyaml-dev libzstd-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib --product made \
    && strip -o /made .build/release/made \
    && swift --version >swift-version 2>/dev/null

FROM debian:bookworm-slim
# `make image` adds those that are known only then: version, revision, created.
LABEL org.opencontainers.image.title="made" \
      org.opencontainers.image.description="Density models of tables, and a server of them" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"
RUN apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        libmicrohttpd12 libsimdjson14 libutf8proc2 libyaml-0-2 libzstd1 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin made
COPY --from=build /made /usr/local/bin/made
WORKDIR /srv/made
# The models hold rows of their tables: NOTICE names them.
COPY LICENSE NOTICE ./
# What is linked into the program, for bills of materials.
COPY --from=build /build/Package.resolved /build/swift-version ./
COPY config config
# Fails the build, not the start, where a library is missing.
RUN made --help >/dev/null
USER made
# Whatever the command: 'serve', as SageMaker says it, with models of one's own, or the default below.
ENV MADE_HOST=0.0.0.0
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["made", "health", "http://127.0.0.1:8080"]
ENTRYPOINT ["made"]
CMD ["serve"]
