import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE } from "../node/compileCache.ts";

export interface AgentEvent {
  readonly [key: string]: unknown;
  readonly type: string;
  readonly subtype?: string;
}

/** The real program, connected through pipes as with a runner. */
export interface TestAgent {
  readonly child: ChildProcessWithoutNullStreams;
  readonly seen: readonly AgentEvent[];
  say(text: string): void;
  send(line: object): void;
  /** The next event that fits, of those not taken yet. @throws Error when the stream ends before. */
  until(fits: (event: AgentEvent) => boolean): Promise<AgentEvent>;
  /** Closes stdin and waits for the end. */
  end(): Promise<{ code: number | null; signal: string | null; errors: string }>;
}

const PROGRAM = fileURLToPath(new URL("../../bin/scripted-claude", import.meta.url));

const FLAGS = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];

export interface StartAgent {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

export function startAgent({ args, cwd, env = {}, flags = FLAGS }: StartAgent): TestAgent {
  const identity = { GIT_AUTHOR_NAME: "t", GIT_AUTHOR_EMAIL: "t@example.invalid" };
  const committer = { GIT_COMMITTER_NAME: "t", GIT_COMMITTER_EMAIL: "t@example.invalid" };
  const path = `${process.execPath.replace(/\/node$/, "")}:/usr/local/bin:/usr/bin:/bin`;
  const child = spawn(process.execPath, [PROGRAM, ...flags, ...args], {
    cwd,
    env: { ...COMPILE_CACHE, PATH: path, HOME: cwd, ...identity, ...committer, ...env },
    stdio: "pipe",
  });
  const seen: AgentEvent[] = [];
  const untaken: AgentEvent[] = [];
  const exited = once(child, "close") as Promise<[number | null, string | null]>;
  let errors = "";
  let ended = false;
  let wake = (): void => undefined;
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.on("error", () => undefined); // its exit shows why it closed the pipe
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const event = line.startsWith("{") ? (JSON.parse(line) as AgentEvent) : { type: "text", text: line };
    seen.push(event);
    untaken.push(event);
    wake();
  });
  lines.on("close", () => {
    ended = true;
    wake();
  });
  const send = (line: object) => void child.stdin.write(`${JSON.stringify(line)}\n`);
  return {
    child,
    seen,
    send,
    say: (text) => send({ type: "user", message: { role: "user", content: [{ type: "text", text }] } }),
    async until(fits) {
      for (;;) {
        const event = untaken.shift();
        if (event !== undefined && fits(event)) return event;
        if (event !== undefined) continue;
        if (ended) throw new Error(`the agent ended: ${errors}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async end() {
      child.stdin.end();
      const [code, signal] = await exited;
      return { code, signal, errors };
    },
  };
}
