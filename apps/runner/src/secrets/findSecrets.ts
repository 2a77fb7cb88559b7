import { createHash } from "node:crypto";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { StepFailure } from "@tac8/core/domain/failures";
import { learnedSecrets } from "@tac8/core/log/redact";
import { localFailure } from "../git/errors.ts";
import type { Ranges } from "../airlock/ranges.ts";
import type { GitRun } from "../git/runGit.ts";
import {
  knownAnswerSchema,
  patternsAnswerSchema,
  MAX_FINDINGS,
  type Finding,
  type NamedText,
  type Result,
  type ScanRequest,
} from "./protocol.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const NODE_FLAGS = ["--max-old-space-size=512"];
const MAX_COMMITS = 16 * 1024 * 1024;
const GIT_MS = 2 * 60_000;
/** Time limit of a search. The patch is searched for known values while git writes it, then for patterns. */
const SCAN_MS = 4 * 60_000;
const MAX_ANSWER = 1_000_000;
/** A value with this many characters is in no text by chance. */
const STRONG = 20;
const COMMITS = "a commit's message or author";

export interface SecretsOptions {
  /** Git in a repository of the clean side. */
  readonly git: GitRun;
  /** Ranges of that repository. */
  readonly ranges: Pick<Ranges, "commits">;
  /** Commits that GitHub has. All commits that they do not reach are about to be published. */
  readonly published: readonly string[];
  readonly head: string;
  /** Other texts that are published with the commits. */
  readonly texts: readonly NamedText[];
  /** Values that must not be published: the secrets of this installation. The secrets that this process got since its start are added. */
  readonly values: readonly string[];
  readonly signal: AbortSignal;
}

export interface Searched extends Result {
  /** Why the search for patterns is missing: too much text, or it took too long. Null if they were searched. */
  readonly unchecked: string | null;
}

/** Result of a search. `unsearched` says why not even the values of this installation were searched for. */
export type SecretsAnswer = Searched | { readonly unsearched: string };

/**
 * Search commits and other texts for secrets. Values of this installation are searched for in any amount of text, patterns only up to
 * a limit. @throws StepFailure of kind `git`
 */
export async function findSecrets(options: SecretsOptions): Promise<SecretsAnswer> {
  const { git, ranges, published, head, texts, values, signal } = options;
  const range = [head, ...published.map((sha) => `^${sha}`)];
  const listed = await ranges.commits(head, published);
  const commits = listed === null ? null : await readCommits(git, listed);
  if (commits === null) {
    return { unsearched: `the commits' messages are larger than ${MAX_COMMITS >> 20} MB, or took too long to read` };
  }
  // `--text` also shows the content of files with the attribute binary.
  const args = ["-c", "core.quotePath=false", "log", "--cc", "--patch", "--text", "--no-color", "--unified=0"];
  const plain = [
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--format=commit %H",
  ];
  const all = [{ name: COMMITS, text: commits }, ...texts];
  const scanner = startScanner({ texts: all, values }, signal);
  const patch = await git([...args, ...plain, "--end-of-options", ...range], {
    output: scanner.input,
    maxBytes: MAX_ANSWER,
    timeoutMs: GIT_MS,
  });
  if (patch.code !== 0) scanner.stop();
  const answer = await scanner.answer;
  if (patch.code === undefined) return { unsearched: "reading the changes took too long or was interrupted" };
  if (patch.code !== 0) throw readFailure(patch.errorText);
  return answer;
}

/** Search only texts for secrets. */
export async function findInTexts({
  texts,
  values,
  signal,
}: Pick<SecretsOptions, "texts" | "values" | "signal">): Promise<SecretsAnswer> {
  const scanner = startScanner({ texts, values }, signal);
  scanner.input.end();
  return scanner.answer;
}

/** Return the stored commits, because GitHub gets all of their headers, and also text after a zero byte. */
async function readCommits(git: GitRun, shas: readonly string[]): Promise<string | null> {
  const options = {
    maxBytes: MAX_COMMITS,
    timeoutMs: GIT_MS,
    input: Buffer.from(shas.map((sha) => `${sha}\n`).join("")),
  };
  const stored = await git(["cat-file", "--batch=%(objecttype)"], options);
  if (stored.code === undefined) return null;
  if (stored.code !== 0) throw readFailure(stored.errorText);
  return stored.bytes.toString("utf8");
}

function readFailure(errorText: string): StepFailure {
  return new StepFailure(localFailure("reading the commits", errorText));
}

interface Scanner {
  /** Input of the scanner for the patch. */
  readonly input: Writable;
  readonly answer: Promise<SecretsAnswer>;
  stop(): void;
}

function startScanner({ texts, values }: Pick<SecretsOptions, "texts" | "values">, signal: AbortSignal): Scanner {
  signal.throwIfAborted();
  const known = [...new Set([...values, ...learnedSecrets()])].map((value) => ({
    value,
    isStrong: value.length >= STRONG,
  }));
  // Made only from the configuration: new tokens replace each other every hour, but an allowance is valid for longer.
  const salt = createHash("sha256").update(JSON.stringify(values.toSorted())).digest("hex");
  const request: ScanRequest = { known, texts: [...texts], salt };
  const child = execa(process.execPath, [...NODE_FLAGS, MAIN], {
    stdin: "pipe",
    extendEnv: false,
    env: {},
    timeout: SCAN_MS,
    forceKillAfterDelay: 1000,
    maxBuffer: MAX_ANSWER,
    reject: false,
    cancelSignal: signal,
  });
  child.stdin.on("error", () => undefined); // The scanner has died, which its answer shows.
  child.stdin.write(`${JSON.stringify(request)}\n`);
  const answer = child.then(({ stdout, timedOut }) => {
    signal.throwIfAborted();
    return answerOf(stdout, timedOut ? `the search took longer than ${SCAN_MS / 1000} s` : "the search failed");
  });
  answer.catch(() => undefined); // The answer is awaited after git.
  return { input: child.stdin, answer, stop: () => child.kill() };
}

/** Parse the scanner's output. @param broken why lines are missing, if any are */
function answerOf(stdout: string, broken: string): SecretsAnswer {
  const [first, second] = stdout.split("\n").map(parsed);
  const { data: values } = knownAnswerSchema.safeParse(first);
  if (values === undefined) return { unsearched: broken };
  const { data: others } = patternsAnswerSchema.safeParse(second);
  if (others === undefined) return { ...both(values.known, null), unchecked: broken };
  const unchecked = others.patterns === null ? "the text is too long" : null;
  return { ...both(values.known, others.patterns), unchecked };
}

/** Join two results, with the findings of known values first. */
function both({ findings, count, digest }: Result, others: Result | null): Result {
  const all: Finding[] = [...findings, ...(others?.findings ?? [])];
  return {
    findings: all.toSorted((a, b) => Number(b.isCertain) - Number(a.isCertain)).slice(0, MAX_FINDINGS),
    count: count + (others?.count ?? 0),
    digest: createHash("sha256")
      .update(`${digest} ${others?.digest ?? ""}`)
      .digest("hex"),
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null; // The line is incomplete.
  }
}
