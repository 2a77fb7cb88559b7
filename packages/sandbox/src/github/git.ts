import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const ENVIRONMENT = {
  PATH: "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
  // Nobody's own git settings, hooks or credential helpers.
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  LC_ALL: "C",
};
const MOST_OUTPUT = 32 * 1024 * 1024;

export interface GitRun {
  readonly dir: string;
  readonly args: readonly string[];
  readonly input?: string;
  /** Exit codes that are answers, not failures. Default: 0 only. */
  readonly codes?: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs git and knows its children, so that closing can wait for them. */
export class Git {
  readonly #children = new Set<ChildProcessWithoutNullStreams>();
  #execPath: string | null = null;

  /** @throws Error with git's own words for an exit code that is not in `codes`. */
  async run({ dir, args, input = "", codes = [0], env = {} }: GitRun): Promise<{ code: number; stdout: string }> {
    const child = this.#spawn({ program: "git", dir, args, env });
    const out: Buffer[] = [];
    let size = 0;
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MOST_OUTPUT) out.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
    child.stdin.on("error", () => undefined); // a git that ended early says why by its exit code
    child.stdin.end(input);
    const [code] = (await once(child, "close")) as [number | null];
    if (code === null || !codes.includes(code)) {
      throw new Error(`git ${args[0] ?? ""} in ${dir} failed (${code ?? "killed"}): ${errors.trim()}`);
    }
    return { code, stdout: Buffer.concat(out).toString() };
  }

  /**
   * Start `git-http-backend` with pipes; the caller reads its output to the end. It is started directly: by way of
   * `git http-backend` each request would take one more process.
   */
  spawnHttpBackend(run: Pick<GitRun, "dir" | "env">): ChildProcessWithoutNullStreams {
    this.#execPath ??= execFileSync("git", ["--exec-path"], { env: ENVIRONMENT, encoding: "utf8" }).trim();
    return this.#spawn({ ...run, program: join(this.#execPath, "git-http-backend"), args: [] });
  }

  #spawn({ program, dir, args, env = {} }: Pick<GitRun, "dir" | "args" | "env"> & { readonly program: string }) {
    const child = spawn(program, args, { cwd: dir, env: { ...ENVIRONMENT, ...env }, stdio: "pipe" });
    this.#children.add(child);
    child.once("close", () => this.#children.delete(child));
    return child;
  }

  /** Ends what still runs and waits for it. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#children].map(async (child) => {
        const closed = once(child, "close");
        child.kill("SIGTERM");
        child.stdin.destroy();
        child.stdout.resume();
        child.stderr.resume();
        await closed;
      }),
    );
  }
}
