import { spawn } from "node:child_process";
import { once } from "node:events";

const MOST_OUTPUT = 30_000;

export interface CommandEnd {
  /** Both streams together, cut at 30,000 characters. */
  readonly output: string;
  /** Null: killed. */
  readonly code: number | null;
}

/** Run a command with bash in a separate session, as `claude` does. An abort kills its process group. */
export async function runBash(command: string, signal: AbortSignal): Promise<CommandEnd> {
  const child = spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const { pid } = child;
  const kill = () => {
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  };
  let output = "";
  const take = (chunk: Buffer) => (output = (output + chunk.toString()).slice(0, MOST_OUTPUT));
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  signal.addEventListener("abort", kill, { once: true });
  // Not `close`, because background processes may keep the pipes open.
  const [code] = (await once(child, "exit")) as [number | null];
  await Promise.race([once(child, "close"), new Promise((resolve) => setTimeout(resolve, 50))]);
  signal.removeEventListener("abort", kill);
  child.stdout.destroy();
  child.stderr.destroy();
  return { output: output.replace(/\n$/, ""), code };
}

/** Start a detached process, which survives unless it is searched for. */
export async function startDaemon({
  bare,
  pidFile,
}: {
  bare: boolean;
  pidFile: string | undefined;
}): Promise<undefined> {
  const note = pidFile === undefined ? "" : 'echo $! > "$1"';
  const args = ["setsid", "--wait", "bash", "-c", `sleep 3600 & ${note}`, "daemon", pidFile ?? ""];
  const [program = "setsid", ...rest] = bare ? ["env", "-i", "PATH=/usr/bin:/bin", ...args] : args;
  const child = spawn(program, rest, { stdio: "ignore", detached: true });
  await once(child, "exit");
  return undefined;
}

export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
