import { messageOf } from "@tac8/core/domain/messageOf";
import { nameToken, replaceAdvice } from "@tac8/core/config/tokenName";
import { StepFailure, type Failure } from "@tac8/core/domain/failures";
import { GitHubError } from "@tac8/core/github/errors";
import { saysDiskFull } from "./diskFull.ts";
import { classifyRefusedPush } from "./refusedPush.ts";

/**
 * Failures by the message of a git command. GitHub's own refusals are quoted, because only they say what to change. The
 * first rule that matches wins.
 */
const RULES: readonly { readonly when: RegExp; readonly kind: Failure["kind"]; readonly whole?: boolean }[] = [
  { when: /rate limit[^]*returned error: 403/i, kind: "github" },
  {
    when: /returned error: (401|403|410|451)|Authentication failed|could not read Username/i,
    kind: "refused",
    whole: true,
  },
  { when: /returned error: (3\d\d|404)|repository .* not found|redirection/i, kind: "refused", whole: true },
  { when: /returned error: (408|429|5\d\d)|HTTP (408|429|5\d\d)/i, kind: "github" },
  // For example too large for a proxy: a retry would fail too.
  { when: /returned error: 4\d\d|HTTP 4\d\d/i, kind: "refused" },
  { when: /' exists; cannot create/i, kind: "refused" },
  {
    when: /could not resolve host|failed to connect|connection (refused|reset|timed out)|timed out|operation too slow|early EOF|RPC failed|unexpected disconnect|remote end hung up|empty reply|transfer closed|body are still expected|expected flush|gnutls|SSL_|cannot lock ref|failed to update ref|Internal Server Error|block timeout/i,
    kind: "github",
  },
  {
    when: /\[remote rejected\]|pre-receive hook declined|GH\d{3}:|refusing to allow|protected branch/i,
    kind: "refused",
  },
];

const MAX_QUOTE = 700;
/** Lines that git adds to each failed push. */
const NOISE =
  /^(hint:|To https?:|Done$|failed to push some refs|\(\?\) Learn|https:\/\/docs\.|Resolve the following violations|Review all repository rules)/;
/**
 * Progress, whose lines replace each other: `Receiving objects:  42% (21/50), 1.00 MiB | 2.00 MiB/s`, `Total 3 (delta
 * 1), …`.
 */
const PROGRESS =
  /^(?:remote: )?(?:[A-Z][\w ]+: +(?:\d+% \(\d+\/\d+\).*|\d+(?:, done\.)?)|Total \d+ \(delta .*|Delta compression using .*)$/;

/**
 * Classify the error of a git command. Pure. `what`: the action, as text for users; `token`: the token in use, see
 * `nameToken`.
 */
export function classifyGitError(what: string, errorText: string, token = nameToken(null)): Failure {
  const text = withoutProgress(errorText);
  const quoted = quoteOf(text);
  const rule = RULES.find(({ when }) => when.test(text));
  const message = `${what}: ${quoted}`;
  if (saysDiskFull(text)) return { kind: "disk", message };
  if (rule === undefined) return { kind: "git", message };
  if (rule.kind === "refused" && rule.whole !== true) return declined(text, message);
  if (rule.whole !== true) return { kind: rule.kind, message };
  return { kind: rule.kind, message: `${message}. ${adviceOn(text, token)}`, wholeRepository: true };
}

/** Classify a push that GitHub declined: for every issue of the repository, or because of these commits. */
function declined(text: string, message: string): Failure {
  const { whole, guessed, advice, lacksWorkflows = false } = classifyRefusedPush(text);
  return {
    kind: "refused",
    message: `${message}. ${advice}`,
    ...(whole ? { wholeRepository: true } : { ofCommits: true }),
    ...(guessed ? { guessed } : {}),
    ...(lacksWorkflows ? { lacksWorkflows } : {}),
  };
}

/** Run one git command that talks to GitHub, and name its failure. */
export async function remoteStep<T>(what: string, token: string, work: () => Promise<T>): Promise<T> {
  return named(work, (errorText) => classifyGitError(what, errorText, token));
}

/**
 * Run one git command without network, and name its failure: whatever an agent makes it print, GitHub is not the cause.
 */
export async function gitStep<T>(what: string, work: () => Promise<T>): Promise<T> {
  return named(work, (errorText) => localFailure(what, errorText));
}

/** Classify the error of a git command without network. Pure. */
export function localFailure(what: string, errorText: string): Failure {
  return { kind: saysDiskFull(errorText) ? "disk" : "git", message: `${what}: ${quoteOf(errorText)}` };
}

async function named<T>(work: () => Promise<T>, nameOf: (errorText: string) => Failure): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StepFailure || error instanceof GitHubError) throw error;
    throw new StepFailure(nameOf(messageOf(error)), { cause: error });
  }
}

/** Advice for messages of git that mislead, such as one about a missing terminal for a bad token. */
function adviceOn(text: string, token: string): string {
  if (saysRefusedToken(text)) return `GitHub refuses the token: ${replaceAdvice(token)}`;
  if (/returned error: (403|451)/i.test(text)) {
    return "Check that the token may write Contents of this repository, and that it is not archived";
  }
  return `Check the repository's name in the configuration, and that ${token} may see it`;
}

/** Return whether the message says that GitHub refused the token. Pure. */
export function saysRefusedToken(text: string): boolean {
  return /returned error: 401|Authentication failed|could not read Username/i.test(text);
}

function withoutProgress(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trimEnd());
  return lines.filter((line) => !PROGRESS.test(line)).join("\n");
}

function quoteOf(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/^(?:(?:remote|fatal|error):\s*)+|^!\t\S+\t|—{2,}/g, "").trim())
    .filter((line) => /[\p{L}\p{N}]/u.test(line) && !NOISE.test(line));
  return lines.join(" · ").slice(0, MAX_QUOTE);
}
