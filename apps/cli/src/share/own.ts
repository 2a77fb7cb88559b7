import { passwordFileOf, redisAddress, SERVICE_SOCKET, socketOf } from "@tac8/core/config/redisUrl";
import type { Context } from "../context/context.ts";
import { Problem } from "../problems/problem.ts";
import { locate, namesRedis, type Installation } from "../installation/locate.ts";

/** A tac8 that manages its own Redis. */
export interface OwnRedis {
  readonly dataFolder: string;
  /** Null: it is not running. Never another Redis of this machine, because its users and settings are not tac8's. */
  readonly redis: Pick<Installation, "redisUrl" | "advice"> | null;
}

/** Return the tac8 that manages its own Redis, or a line that says why sharing is not needed. @throws Problem if it cannot be shared */
export function ownRedis(context: Context, flag: string | undefined): OwnRedis | { readonly line: string } {
  const installation = locate(context, flag);
  const { config, redisUrl, isDemo } = installation;
  if (config === null || isDemo)
    throw new Problem(
      "there is no configuration to share, and the demo cannot be shared: first run tac8 init for your repository",
    );
  if (config.joined)
    throw new Problem(`this machine has joined the tac8 at ${redisAddress(redisUrl)}: run tac8 share on that machine`);
  const isService = context.env["TAC8_SYSTEMD"] === "system" && socketOf(redisUrl)?.path === SERVICE_SOCKET;
  if (isService || !namesRedis(context.env, config))
    return {
      dataFolder: config.dataFolder,
      redis: isService || passwordFileOf(redisUrl) !== null ? installation : null,
    };
  const where = `Redis at ${redisAddress(redisUrl)} was not started by tac8`;
  const both =
    "set the same REDIS_URL, REDIS_PASSWORD and REDIS_CA_FILE on the other machine, and run tac8 up --only runner there";
  if (socketOf(redisUrl) === null) return { line: `${where}, so tac8 share cannot open it: ${both}` };
  throw new Problem(
    `${where}: configure TLS on it (docs/machines.md), or unset REDIS_URL so that tac8 up starts its own`,
  );
}
