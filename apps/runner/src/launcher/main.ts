// The launcher, the only process of tac8 that is root: it starts the agents of each issue with a user id of their own.
// In a container it is the first process, and starts tac8 as an ordinary user; as a service it has no program to start.
// It needs CAP_SETUID, CAP_SETGID and CAP_KILL, uses CAP_SETPCAP if it has it, and reads only its requests.
import { messageOf } from "@tac8/core/domain/messageOf";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { EXIT_CONFIG } from "../../../../bin/lib/exitCode.mjs";
import { LAUNCHER_VARIABLE } from "@tac8/core/isolation/launcher/protocol";
import { closeInherited, startAs } from "./children.ts";
import { parseOptions } from "./options.ts";
import { serve } from "./server.ts";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"] as const;

process.title = "tac8 launcher";

try {
  await main();
} catch (error) {
  process.stderr.write(`tac8 launcher: ${messageOf(error)}\n`);
  process.exit(EXIT_CONFIG);
}

async function main(): Promise<void> {
  const { user, ids, socket, program, wait } = parseOptions(process.argv.slice(2), {
    env: process.env,
    passwd: readFileSync("/etc/passwd", "utf8"),
  });
  if (process.getuid?.() !== 0)
    throw new Error("the launcher must be started as root, because it starts agents as other users");
  closeInherited();
  // Its files are only for tac8's group.
  process.setgroups?.([]);
  process.setgid?.(user.gid);
  process.umask(0o007);
  const server = await serve({ user, ids, socket });
  if (program === null) {
    const end = (): void => void server.close().finally(() => process.exit(0));
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, end);
    return;
  }
  const env = { ...process.env, [LAUNCHER_VARIABLE]: socket } as Record<string, string>;
  let child = startAs(user, program, { env, cwd: process.cwd(), stdio: "inherit", detached: false });
  for (const signal of SIGNALS) process.on(signal, () => void child.kill(signal));
  child.once("error", (error) => {
    process.stderr.write(`tac8 launcher: ${error.message}\n`);
    process.exit(EXIT_CONFIG);
  });
  let [code, signal] = await endOf(child);
  if (code === EXIT_CONFIG && wait !== null) {
    // Meanwhile agents can be started here, which `tac8 doctor` tries.
    child = startAs(user, ["sh", wait], { env: paths(process.env), stdio: "inherit", detached: false });
    [code, signal] = await endOf(child);
  }
  await server.close().finally(() => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
}

async function endOf(child: ChildProcess): Promise<readonly [number | null, NodeJS.Signals | null]> {
  return (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
}

/**
 * Return the variables with paths: every program of this user, and so an agent without isolation, can read the
 * environment.
 */
function paths(env: NodeJS.ProcessEnv): Record<string, string> {
  const isPath = (name: string) => name === "TAC8_CONFIG" || name === "TAC8_HOME" || name.endsWith("_FILE");
  return Object.fromEntries(Object.entries(env).filter(([name]) => isPath(name))) as Record<string, string>;
}
