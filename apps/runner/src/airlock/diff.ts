import { execa } from "execa";
import { cleanEnv, type CleanSide } from "../git/cleanSide.ts";

const DIFF_MS = 30_000;

export interface DiffOptions {
  readonly clean: CleanSide;
  /** Repository of the clean side that has both commits. */
  readonly dir: string;
  readonly base: string;
  readonly head: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * What `head` has changed since it left `base`, as a unified diff of at most `maxBytes` and a note where it was cut. The
 * commits are an agent's: nothing that they name is run, neither a diff program nor a text filter.
 * @throws Error when git cannot tell
 */
export async function diffOf({ clean, dir, base, head, maxBytes, signal }: DiffOptions): Promise<string> {
  const args = ["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--end-of-options", `${base}...${head}`];
  const { exitCode, stdout, stderr, isMaxBuffer } = await execa("git", args, {
    cwd: dir,
    extendEnv: false,
    env: cleanEnv(clean),
    stdin: "ignore",
    encoding: "buffer",
    stripFinalNewline: false,
    maxBuffer: { stdout: maxBytes, stderr: 20_000 },
    timeout: DIFF_MS,
    forceKillAfterDelay: 1000,
    reject: false,
    cancelSignal: signal,
  });
  if (isMaxBuffer) return `${wholeLines(text(stdout))}\n… cut here: the diff is longer than ${maxBytes >> 10} kB`;
  if (exitCode !== 0) throw new Error(`git diff: ${text(stderr).trim().slice(0, 500)}`);
  return text(stdout);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

/** Without the last line, which may be half of one. */
function wholeLines(cut: string): string {
  return cut.slice(0, Math.max(0, cut.lastIndexOf("\n")));
}
