import { markdownTable } from "@tac8/core/config/document";
import { ADVICE, MEANING } from "@tac8/core/domain/failureWords";
import { MAX_BROKEN_OFF_IN_A_ROW, MAX_LOST_IN_A_ROW, MAX_UNCHANGED_IN_A_ROW } from "@tac8/core/domain/brokenOff";
import {
  FAILURE_KINDS,
  LONGEST_PARK_MS,
  MAX_GUESSED_REFUSALS,
  POLICY,
  type FailureKind,
} from "@tac8/core/domain/failures";

/** The text of `docs/failures.md`: what each kind of failure means, what follows it, and what to do. */
export function failuresPage(): string {
  const rows = FAILURE_KINDS.map((kind) => [`\`${kind}\``, MEANING[kind], what(kind), ADVICE[kind]]);
  const table = markdownTable(["Failure", "When", "What tac8 does", "What you can do"], rows);
  return `${BEFORE}\n\n${table}\n\n${AFTER}\n`;
}

const HOURS = LONGEST_PARK_MS / 3_600_000;

const BEFORE = `# How runs fail

<!-- Made from packages/core/src/domain/failures.ts and failureWords.ts by \`npm run docs\`. -->

Every run that is no success has one of these names. You find it in \`tac8 status\`, \`tac8 why 471\`, \`tac8 report\`, on the board, and with its reason in the issue's status comment: **Trying again** (an attempt was counted), **Waiting** (none was), or **Failed**, with a second comment and the label \`rpi-failed\`.

\`max_attempts\` says how many attempts an issue has; when the last one fails, the issue has failed. Waits are by the number of failures before, the last one repeats, and \`backoff_factor\` multiplies them. A _hold_ means that no new job starts, in the whole queue or (hold \`repo:owner/name\`) in one repository; agents that run go on. It ends by itself, or with \`tac8 resume NAME\`.`;

const AFTER = `## Which session goes on

An attempt goes on with the session of the one before, in the same workspace. A new session starts there instead, with the whole issue and the note that there is earlier work, after an end that the same session would repeat: the model refused to answer, the request was invalid (400) or too long, an image or its tool calls could not be read, or the run had neither a word nor a tool call. A session that the agent's program does not know is replaced at once, in the same attempt.

## When is a run a success?

When the agent's program ends with exit code 0 and a result that is no error, and the agent called a tool or said something in this very run. So what an earlier run has left half done is never published as done because a session had nothing to say.

## Runs that fail alike

When the last runs of several issues end with the same error (\`breaker_failures\`), the breaker holds the queue, lets one job through, and lets all go on once it ends otherwise. Errors are compared without ids, numbers, times, sizes, addresses and paths.`;

function what(kind: FailureKind): string {
  const { burnsAttempt, hold } = POLICY[kind];
  if (kind === "lost")
    return `Counts no attempt and starts again at once; ${MAX_LOST_IN_A_ROW} in a row without a finished tool call or answer, ${MAX_UNCHANGED_IN_A_ROW} in a row without a change of the workspace, or ${MAX_BROKEN_OFF_IN_A_ROW} in a row of any kind, fail the issue. Its work is saved to the branch first.`;
  if (kind === "refused") {
    return `Fails the issue at once, without another agent run. If it is about what the commits contain (a secret, a large file): the agent is told, and tries again. If the token may not change workflows: the issue becomes blocked, and a comment says what to do. If it concerns the whole repository: counts no attempt, holds that repository, and tries again after ${waits(kind)}. A push that is refused in words that tac8 does not know is taken for that too; when it is refused ${MAX_GUESSED_REFUSALS} times in a row for this issue, and for no other issue of the repository, it fails the issue, and the hold ends.`;
  }
  if (kind === "untrusted") return "Counts no attempt and starts nothing; one comment a day for each account says so.";
  if (kind === "edited")
    return "Counts no attempt and ends the work: no agent starts, and finished work is not published but kept in its workspace. [Who may start it](security.md#who-may-start-it) has the details.";
  if (kind === "unfinished")
    return "Counts an attempt, and resumes the session at once to do the rest. If all that it left open is a command of its own in the background, and it does so again or has no attempt left, its work becomes a pull request that says so at the top; without any change, it fails.";
  if (kind === "budget") return "Counts no attempt; holds the queue until midnight (hold `budget`).";
  if (kind === "no-changes") return "Counts an attempt, and asks once more at once; the second time fails the issue.";
  if (burnsAttempt) return `Counts an attempt; the next one begins after ${waits(kind)}.`;
  const parts = [`Counts no attempt; goes on after ${waits(kind)}${UNTIL[kind] ?? ""}.`];
  if (hold !== undefined) parts.push(`Holds the queue (hold \`${hold}\`).`);
  if (kind === "model")
    parts.push(
      "After each wait one job is let through; when the model answers it, all go on. An issue that fails so again and again while others go well counts attempts.",
    );
  return parts.join(" ");
}

const TOLD = `, or at the time that was told, if that is to come (${HOURS} hours at most, then it asks again)`;
const UNTIL: Partial<Record<FailureKind, string>> = { "usage-limit": TOLD, github: TOLD };

/** `1, 2, then 4 minutes`. */
function waits(kind: FailureKind): string {
  const { minutes } = POLICY[kind];
  const last = minutes.at(-1) ?? 0;
  const before = minutes.slice(0, -1).map((minute) => `${minute}, `);
  return `${before.join("")}${before.length > 0 ? "then " : ""}${last} ${last === 1 ? "minute" : "minutes"}`;
}
