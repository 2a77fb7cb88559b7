import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { askIds } from "@tac8/core/isolation/launcher/client";
import { LAUNCHER_VARIABLE, type AgentIds } from "@tac8/core/isolation/launcher/protocol";

/** An account that every Debian has; it plays tac8's user. */
export const TAC8 = { name: "nobody", uid: 65_534, gid: 65_534 };

export interface TestLauncher {
  readonly socket: string;
  readonly ids: AgentIds;
  /** A folder of tac8's user. */
  readonly dir: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/**
 * Capabilities that Docker leaves root with `cap_drop: ALL` and these added: root cannot read or change files of other
 * users.
 */
const CAPABILITIES = "-all,+setuid,+setgid,+kill,+setpcap";
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Start a launcher as in a container, by default with a program that runs until it is stopped. Needs root. */
export async function startLauncher({
  options = [],
  program = ["cat"],
  env = {},
}: {
  readonly options?: readonly string[];
  readonly program?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
} = {}): Promise<TestLauncher> {
  const dir = mkdtempSync(join(tmpdir(), "tac8-launcher-"));
  chmodSync(dir, 0o711);
  const own = join(dir, "launcher");
  const socket = join(own, "socket");
  // Different ids for each test, because other tests run at the same time.
  const first = 1_000_000 + Math.floor(Math.random() * 1_000_000) * 100;
  const ids = { first, last: first + 19 };
  const launch = ["--inh-caps=-all", `--bounding-set=${CAPABILITIES}`, "--", process.execPath, MAIN];
  const args = ["--user", TAC8.name, "--ids", `${ids.first}-${ids.last}`, ...options, "--", ...program];
  const child = spawn("setpriv", [...launch, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env, [LAUNCHER_VARIABLE]: socket },
    stdio: ["pipe", "pipe", "inherit"],
  });
  // The file of the socket exists shortly before a connection is possible.
  while (child.exitCode === null && !(await answers(socket))) await sleep(20);
  chownSync(dir, TAC8.uid, TAC8.gid);
  return {
    socket,
    ids,
    dir,
    process: child,
    async stop() {
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function answers(socket: string): Promise<boolean> {
  return existsSync(socket) && (await askIds(socket).then(Boolean, () => false));
}
