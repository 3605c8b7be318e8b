# Sluice without the embedded database: set DATABASE_URL to a PostgreSQL 14 or newer. docker-compose.yml brings both.
FROM node:24-bookworm-slim AS base

FROM base AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY src ./src
RUN npm run build

FROM base AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The optional ones are the embedded PostgreSQL, and a native part of piscina for thread priorities that are not used here.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM base
LABEL org.opencontainers.image.title="Sluice" org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 INPUT_DIR=/input
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY drizzle ./drizzle
COPY --from=build /app/dist ./dist
# Made before VOLUME, so that a new volume belongs to the user who writes uploads to it.
RUN mkdir /input && chown 1000:1000 /input
VOLUME /input
# The user `node`, as a number: Kubernetes can not tell from a name that it is not root.
USER 1000:1000
EXPOSE 3000
# Alive, not ready: with its database away Sluice waits for it, and restarting it would not help.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1: it handles SIGTERM, and npm would not pass it on.
CMD ["node", "dist/main.js"]
