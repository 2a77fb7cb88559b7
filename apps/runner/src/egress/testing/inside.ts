import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { FORWARDER, forwarderCommand } from "../forwarder/command.ts";

export interface Output {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Inside {
  /** Folder of the egress. */
  readonly folder: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly input?: string;
  readonly wrapped?: (command: readonly string[]) => readonly string[];
}

/** Run a program behind a forwarder as in a sandbox, but with this machine's files and network. */
export async function runInside(program: readonly string[], options: Inside): Promise<Output> {
  const { folder, port, env, cwd, input = "", wrapped = (command) => command } = options;
  const way = { socket: join(folder, "s"), port };
  const command = forwarderCommand({ node: process.execPath, file: FORWARDER, way, wordsFd: null, program });
  const [name = "", ...args] = wrapped(command);
  const child = spawn(name, args, { cwd, env, stdio: "pipe" });
  child.stdin.on("error", () => undefined).end(input);
  const ended = new Promise<Pick<Output, "code" | "signal">>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const [end, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { ...end, stdout, stderr };
}
