# Two images: `app` (scheduler, board, exit) and `runner` (git and the claude CLI too; the demo's GitHub uses it as well).
# script/docker-check.sh checks their sizes.
# Stages that rarely change come first.

FROM node:26-bookworm-slim AS base
ENV NODE_ENV=production \
    TAC8_HOME=/data \
    TAC8_HEARTBEAT_FILE=/tmp/tac8-heartbeat \
    LOG_FORMAT=text
WORKDIR /app
# A new named volume starts as a copy of one of these folders, including its owner.
RUN mkdir -p /data/home /run/exit /run/redis /run/monitoring \
 && chown -R node:node /data /run/exit /run/redis /run/monitoring && chmod 0700 /run/exit /run/redis \
 && ln -s /app/bin/tac8.mjs /usr/local/bin/tac8


# The images below need only dist/: they have no npm packages.
FROM base AS build
COPY package.json package-lock.json .npmrc ./
COPY apps/board/package.json apps/board/
COPY apps/cli/package.json apps/cli/
COPY apps/runner/package.json apps/runner/
COPY apps/scheduler/package.json apps/scheduler/
COPY packages/build/package.json packages/build/
COPY packages/core/package.json packages/core/
COPY packages/sandbox/package.json packages/sandbox/
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
COPY apps apps/
COPY packages packages/
COPY bin bin/
RUN node packages/build/main.mjs


FROM base AS app
COPY package.json ./
COPY bin bin/
COPY deploy deploy/
COPY --from=build /app/dist dist/
USER node
# Starts the command, and waits if an operator has to fix a problem.
ENTRYPOINT ["sh", "/app/deploy/container/start.sh"]


# Add tools that your repositories need (compilers, Python …) here: agents run in this image.
FROM base AS tools
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git util-linux \
 && rm -rf /var/lib/apt/lists/*


# The agent's command. Its install script installs the native program. --ignore-scripts and the explicit call work with every npm.
FROM base AS claude
ARG CLAUDE_CODE_VERSION=2.1.330
RUN npm install --global --ignore-scripts --no-audit --no-fund --loglevel=error \
      "@anthropic-ai/claude-code@${CLAUDE_CODE_VERSION}" \
 && node "$(npm root --global)/@anthropic-ai/claude-code/install.cjs" \
 && claude --version


# A runner without an agent's command, for another agent (`llm.command`).
FROM tools AS runner-without-agent
# Agents are separate users with names, because programs look up the name of their user. Only the launcher is root:
# `docker compose exec` switches to the user of tac8.
RUN seq 20000 20999 | sed 's/.*/agent&:x:&:&:agent:\/nonexistent:\/bin\/sh/' >>/etc/passwd \
 && seq 20000 20999 | sed 's/.*/agent&:x:&:/' >>/etc/group \
 && rm /usr/local/bin/tac8 \
 && printf '%s\n' '#!/bin/sh' \
      '[ "$(id -u)" = 0 ] && exec setpriv --reuid=node --regid=node --clear-groups -- /app/bin/tac8.mjs "$@"' \
      'exec /app/bin/tac8.mjs "$@"' >/usr/local/bin/tac8 \
 && chmod 0755 /usr/local/bin/tac8
# HOME of the runner, and of agents without isolation, which can write there. So the runner's own git, which has the GitHub token, must
# not read a ~/.gitconfig. Agents do not get this variable.
ENV HOME=/data/home \
    GIT_CONFIG_GLOBAL=/dev/null \
    TAC8_LAUNCHER=/run/tac8/launcher/socket
COPY package.json ./
COPY bin bin/
COPY deploy deploy/
COPY --from=build /app/dist dist/
# The launcher starts the command as the user of tac8, and the agents of each issue as a separate user. It waits if an operator has to
# fix a problem.
ENTRYPOINT ["node", "--max-semi-space-size=1", "--max-old-space-size=64", "--v8-pool-size=0", "dist/launcher.js", \
            "--user", "node", "--wait", "/app/deploy/container/wait.sh", "--", "sh", "/app/deploy/container/command.sh"]


# The agent's command comes last, in its own layer (--link), so that a newer tac8 or Claude Code is downloaded without the other.
FROM runner-without-agent AS runner
COPY --link --from=claude /usr/local/lib/node_modules/@anthropic-ai /usr/local/lib/node_modules/@anthropic-ai
RUN ln -s ../lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe /usr/local/bin/claude && claude --version
