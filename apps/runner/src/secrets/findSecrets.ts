import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { StepFailure } from "@tac8/core/domain/failures";
import { learnedSecrets } from "@tac8/core/log/redact";
import { localFailure } from "../git/errors.ts";
import type { GitRun } from "../git/runGit.ts";
import { answerSchema, type Finding, type NamedText, type ScanRequest } from "./protocol.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const NODE_FLAGS = ["--max-old-space-size=512"];
/** Of what commits add, with a few lines around it. */
const MAX_PATCH = 32 * 1024 * 1024;
const MAX_MESSAGES = 4 * 1024 * 1024;
const GIT_MS = 2 * 60_000;
const SCAN_MS = 2 * 60_000;
const MAX_ANSWER = 1_000_000;
/** A value of so many characters is in no text by chance. */
const STRONG = 20;

export interface SecretsOptions {
  /** In a repository of the clean side. */
  readonly git: GitRun;
  /** Commits that GitHub has. What these do not reach is about to be published. */
  readonly published: readonly string[];
  readonly head: string;
  /** Further texts that go with them. */
  readonly texts: readonly NamedText[];
  /** Values that must not be published: those of this installation. What this process has learned since its start is added. */
  readonly values: readonly string[];
  readonly signal: AbortSignal;
}

/** `unchecked`: too large, or it took too long. */
export type SecretsAnswer = { readonly findings: readonly Finding[] } | { readonly unchecked: string };

/** Search all commits, their messages and further texts for secrets. @throws StepFailure of kind `git` */
export async function findSecrets(options: SecretsOptions): Promise<SecretsAnswer> {
  const { git, published, head, texts, values, signal } = options;
  const range = [head, ...published.map((sha) => `^${sha}`)];
  // `--text`: a file that attributes call binary is read all the same.
  const args = ["-c", "core.quotePath=false", "log", "--cc", "--patch", "--text", "--no-color", "--unified=0"];
  const plain = ["--no-ext-diff", "--no-textconv", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/", "--format="];
  const patch = await git([...args, ...plain, "--end-of-options", ...range], {
    maxBytes: MAX_PATCH,
    timeoutMs: GIT_MS,
  });
  const messages = await git(["log", "--format=%an%n%ae%n%B", "--end-of-options", ...range], {
    maxBytes: MAX_MESSAGES,
    timeoutMs: GIT_MS,
  });
  if (patch.code === undefined || messages.code === undefined) {
    return { unchecked: `the commits are larger than ${MAX_PATCH >> 20} MB, or took too long to read` };
  }
  const failed = [patch, messages].find(({ code }) => code !== 0);
  if (failed !== undefined) throw new StepFailure(localFailure("reading the commits", failed.said));
  const all = [{ name: "a commit's message or author", text: messages.bytes.toString("utf8") }, ...texts];
  return runScanner({ texts: all, values, patch: patch.bytes }, signal);
}

/** The same for texts alone. */
export async function findInTexts({
  texts,
  values,
  signal,
}: Pick<SecretsOptions, "texts" | "values" | "signal">): Promise<SecretsAnswer> {
  return runScanner({ texts, values, patch: Buffer.alloc(0) }, signal);
}

interface Scanned extends Pick<SecretsOptions, "texts" | "values"> {
  readonly patch: Buffer;
}

async function runScanner({ texts, values, patch }: Scanned, signal: AbortSignal): Promise<SecretsAnswer> {
  const known = [...new Set([...values, ...learnedSecrets()])].map((value) => ({
    value,
    isStrong: value.length >= STRONG,
  }));
  const request: ScanRequest = { known, texts: [...texts] };
  const input = Buffer.concat([Buffer.from(`${JSON.stringify(request)}\n`), patch]);
  const child = await execa(process.execPath, [...NODE_FLAGS, MAIN], {
    input,
    extendEnv: false,
    env: {},
    timeout: SCAN_MS,
    forceKillAfterDelay: 1000,
    maxBuffer: MAX_ANSWER,
    reject: false,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (child.timedOut) return { unchecked: `the search took longer than ${SCAN_MS / 1000} s` };
  if (child.exitCode !== 0) return { unchecked: "the search for secrets ended without an answer" };
  return answerSchema.parse(JSON.parse(child.stdout));
}
