import { execa } from "execa";
import { cleanEnv, type CleanSide } from "../git/cleanSide.ts";

const TIME_MS = 30_000;

export interface BoundedGit {
  readonly clean: CleanSide;
  /** A repository of the clean side. */
  readonly dir: string;
  readonly args: readonly string[];
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Run git on an agent's commits and return at most `maxBytes` of its output. @throws Error if git fails */
export async function boundedGit(given: BoundedGit): Promise<{ readonly text: string; readonly cut: boolean }> {
  const { clean, dir, args, maxBytes, signal } = given;
  const { exitCode, stdout, stderr, isMaxBuffer } = await execa("git", args, {
    cwd: dir,
    extendEnv: false,
    env: cleanEnv(clean, dir),
    stdin: "ignore",
    encoding: "buffer",
    stripFinalNewline: false,
    maxBuffer: { stdout: maxBytes, stderr: 20_000 },
    timeout: TIME_MS,
    forceKillAfterDelay: 1000,
    reject: false,
    cancelSignal: signal,
  });
  if (isMaxBuffer) return { text: textOf(stdout), cut: true };
  if (exitCode !== 0) throw new Error(`git ${args[0] ?? ""}: ${textOf(stderr).trim().slice(0, 500)}`);
  return { text: textOf(stdout), cut: false };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
