import { markdownTable } from "@tac8/core/config/document";
import { ADVICE, MEANING } from "@tac8/core/domain/failureWords";
import { formatCount } from "@tac8/core/domain/formats";
import { MAX_BROKEN_OFF_IN_A_ROW, MAX_LOST_IN_A_ROW, MAX_UNCHANGED_IN_A_ROW } from "@tac8/core/domain/brokenOff";
import {
  FAILURE_KINDS,
  LONGEST_ANNOUNCED_WAIT_MS,
  MAX_GUESSED_REFUSALS,
  POLICY,
  type FailureKind,
} from "@tac8/core/domain/failures";

/** Return the text of `docs/failures.md`: for each failure kind its meaning, what tac8 does, and what the user can do. */
export function failuresPage(): string {
  const rows = FAILURE_KINDS.map((kind) => [`\`${kind}\``, MEANING[kind], whatTac8Does(kind), ADVICE[kind]]);
  const table = markdownTable(["Failure", "When", "What tac8 does", "What you can do"], rows);
  return `${BEFORE}\n\n${table}\n\n${AFTER}\n`;
}

const HOURS = LONGEST_ANNOUNCED_WAIT_MS / 3_600_000;

const BEFORE = `# How runs fail

<!-- Made from packages/core/src/domain/failures.ts and failureWords.ts by \`npm run docs\`. -->

Every run that does not succeed has one of these names. You find it in \`tac8 status\`, \`tac8 why 471\`, \`tac8 report\`, on the board, and with its reason in the issue's status comment: **Retrying** (an attempt was used), **Parked** (no attempt was used), or **Failed**, with a second comment and the label \`rpi-failed\`. In these names, \`refused\` is a refusal by GitHub; a label that tac8 does not accept is \`untrusted\`. Accounts in \`github.trusted_users\` count as accounts with write access.

An issue has \`max_attempts\` attempts; when the last attempt fails, the issue has failed. The delay before an attempt depends on the number of earlier failures: the last delay of a list repeats, and \`backoff_factor\` multiplies all delays. During a _hold_ no new job starts, either in the whole queue or (hold \`repo:owner/name\`) in one repository; running agents continue. A hold ends automatically, or with \`tac8 resume NAME\`.`;

const AFTER = `## Which session continues

An attempt resumes the session of the previous attempt, in the same workspace. A new session starts instead, with the whole issue and a note about the earlier work, if the same session would fail again: the model refused to answer, the request was invalid (400) or too long, an image or the tool calls could not be read, or the run had no output and no tool call. A session that the agent's program does not know is replaced immediately, in the same attempt.

## When does an agent succeed?

Claude Code succeeds if it exits with code 0 and a result that is not an error, and called a tool or wrote output in this run. If it did neither, nothing is published, because the changes in the worktree may be the incomplete work of an earlier run. Another program (\`provider = "command"\`) succeeds if it exits with code 0. After an agent has succeeded, the run can still fail, for example with \`no-changes\` or \`refused\`.

## Runs that fail with the same error

When the last \`breaker_failures\` runs, of at least two issues, end with the same error, a rule of the scheduler, the breaker, holds the queue (hold \`breaker\`). When this hold ends, one job starts as a probe. All jobs continue when the probe ends without this error. The same error means the same kind of failure and, for \`startup\`, \`agent\` and \`git\`, also the same message. Messages are compared without ids, numbers, times, sizes, addresses and paths.`;

function whatTac8Does(kind: FailureKind): string {
  const { usesAttempt, hold } = POLICY[kind];
  if (kind === "lost")
    return `Uses no attempt, and another run starts immediately. The issue fails after ${MAX_LOST_IN_A_ROW} such runs in a row without a finished tool call or answer (a run that an orderly shutdown requeued is not one of them), after ${MAX_UNCHANGED_IN_A_ROW} in a row without a change of the workspace, or after ${MAX_BROKEN_OFF_IN_A_ROW} in a row. Before it fails, its work is saved to the branch.`;
  if (kind === "refused") {
    return `Fails the issue immediately, without another agent run. If the content of the commits is the cause (a secret, a large file), the agent gets the error and tries again. If the token cannot change workflows, the issue becomes blocked, and a comment describes what to do. If the whole repository is affected, tac8 uses no attempt, holds that repository, and tries again after ${waits(kind)}. tac8 does the same if it does not know the error message of a push. If pushes of one issue are rejected with such a message ${MAX_GUESSED_REFUSALS} times in a row, and no push of another issue was rejected with the same message since the last successful push to the repository, that issue fails and the hold ends.`;
  }
  if (kind === "untrusted")
    return "Uses no attempt and starts nothing. tac8 comments at most once a day for each account.";
  if (kind === "edited")
    return "Uses no attempt and ends the work: no agent starts, and finished work is kept in its workspace instead of being published. [Who may start it](security.md#who-may-start-it) has the details.";
  if (kind === "unfinished")
    return "Uses an attempt and resumes the session immediately to finish the work. If the resumed agent, or an agent on the last attempt, leaves only background commands open, its work becomes a pull request with a note at the top; without any change, the issue fails.";
  if (kind === "budget") return "Uses no attempt; holds the queue until midnight (hold `budget`).";
  if (kind === "no-changes")
    return "Uses an attempt and asks the agent again immediately; the second time fails the issue.";
  if (usesAttempt) return `Uses an attempt; the next attempt starts after ${waits(kind)}.`;
  const atFirst = kind === "model" ? " at first" : "";
  const parts = [`Uses no attempt${atFirst}; continues after ${waits(kind)}${UNTIL[kind] ?? ""}.`];
  if (hold !== undefined) parts.push(`Holds the queue (hold \`${hold}\`).`);
  if (kind === "model")
    parts.push(
      "After each delay one job starts as a probe; when the model responds to it, all jobs continue. If an issue keeps failing with this error while others succeed, its further failures are of the kind `agent` and use attempts.",
    );
  return parts.join(" ");
}

const REPORTED = `, or at the time that the service announced (after ${HOURS} hours at most, tac8 asks again)`;
const UNTIL: Partial<Record<FailureKind, string>> = { "usage-limit": REPORTED, github: REPORTED };

function waits(kind: FailureKind): string {
  return delaysAsText(POLICY[kind].minutes);
}

/** Format delays: `1, 2, then 4 minutes`; `30, 60 minutes, then 1 day`. */
export function delaysAsText(minutes: readonly number[]): string {
  const delays = minutes.map(inUnits);
  const texts = delays.map(({ count, unit }, index) =>
    delays[index + 1]?.unit === unit ? String(count) : formatCount(count, unit),
  );
  const last = texts.pop() ?? "";
  return texts.length === 0 ? last : `${texts.join(", ")}, then ${last}`;
}

/** Return a delay in days or hours if it is longer than an hour and a whole number of them, otherwise in minutes. */
function inUnits(minutes: number): { readonly count: number; readonly unit: string } {
  if (minutes > 0 && minutes % 1440 === 0) return { count: minutes / 1440, unit: "day" };
  if (minutes > 60 && minutes % 60 === 0) return { count: minutes / 60, unit: "hour" };
  return { count: minutes, unit: "minute" };
}
