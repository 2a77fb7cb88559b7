import type { Config } from "../config/resolve.ts";

/** A setting of the board that another program on this machine can exploit: one line, and a short advice. */
export interface BoardWarning {
  readonly text: string;
  readonly advice: string;
}

/** The settings that these warnings are about. */
interface BoardSettings {
  readonly board: Pick<Config["board"], "host" | "url">;
  readonly secrets: Pick<Config["secrets"], "boardPasswordSource">;
}

/** Return what is unsafe about the board's settings. Pure. */
export function boardWarnings({ board, secrets }: BoardSettings): BoardWarning[] {
  return [...atLocalhost(board), ...amongSecrets(secrets)];
}

/**
 * Chromium opens `localhost`, and every name that ends in `.localhost`, at `::1` first. A board that listens on 127.0.0.1 or
 * 0.0.0.0 leaves that port of `::1` to any user; TLS shows who answers there.
 */
function atLocalhost({ host, url }: Pick<Config["board"], "host" | "url">): BoardWarning[] {
  if (url === "" || host === "::") return [];
  const { protocol, hostname } = new URL(url);
  if (protocol !== "http:" || !/(^|\.)localhost\.?$/.test(hostname)) return [];
  return [
    {
      text: `browsers may open ${url} (board.url or TAC8_BOARD_URL) at ::1, where a program of another user can intercept your link or password`,
      advice:
        'use the address 127.0.0.1 in it, or leave it empty; for separate cookies, set board.host to another such as "127.0.0.2"',
    },
  ];
}

/** The folder that docker-compose.yml mounts in the runners too. */
const SHARED_SECRETS = "/run/secrets/";

/** `.env.example` of earlier versions had the board's password there. */
function amongSecrets({ boardPasswordSource }: BoardSettings["secrets"]): BoardWarning[] {
  if (!boardPasswordSource?.startsWith(SHARED_SECRETS)) return [];
  return [
    {
      text: `the board's password is in ${boardPasswordSource}, which compose mounts into every runner, so every agent can read it`,
      advice:
        "remove TAC8_BOARD_PASSWORD_FILE from .env, and delete that file: the board then generates its own password",
    },
  ];
}
