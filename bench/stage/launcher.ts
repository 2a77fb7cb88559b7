import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LAUNCHER_VARIABLE } from "@tac8/core/isolation/launcher/protocol";
import type { Bench } from "../bench.ts";
import { until } from "./until.ts";

/** User id of `nobody`, which acts as tac8's user. */
const TAC8_UID = 65_534;

export interface StagedLauncher extends AsyncDisposable {
  /** Path of its socket. */
  readonly socket: string;
  /** User id under which it starts programs. */
  readonly uid: number;
  /** Path of a lock file that it can hold. */
  readonly lockFile: string;
}

/** Start a launcher, which runs until it is disposed. Needs root. */
export async function startLauncher({ path, programs, leftovers, signal }: Bench): Promise<StagedLauncher> {
  const dir = await mkdtemp(join(tmpdir(), "tac8-bench-launcher-"));
  const forgetFolder = leftovers.folder(dir);
  await chmod(dir, 0o711);
  const socket = join(dir, "launcher", "socket");
  const uid = 200_000_000 + Math.floor(Math.random() * 1_000_000) * 100;
  const ids = `${uid}-${uid + 99}`;
  const main = join(programs.checkout, "dist", "launcher.js");
  const child = spawn(process.execPath, [main, "--user", "nobody", "--ids", ids, "--", "cat"], {
    env: { PATH: path, [LAUNCHER_VARIABLE]: socket },
    stdio: ["pipe", "ignore", "inherit"],
  });
  const forget = leftovers.process(child.pid ?? 0);
  const exited = once(child, "exit");
  await until(() => existsSync(socket), { signal, what: "a launcher" });
  chownSync(dir, TAC8_UID, TAC8_UID);
  return {
    socket,
    uid,
    lockFile: join(dir, "lock"),
    async [Symbol.asyncDispose]() {
      child.stdin?.end();
      await exited;
      forget();
      await rm(dir, { recursive: true, force: true });
      forgetFolder();
    },
  };
}
