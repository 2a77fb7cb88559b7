import { z } from "zod";
import { CHECKPOINTS, ISSUE_STATES, OUTCOMES } from "../domain/states.ts";
import { FAILURE_KINDS } from "../domain/failures.ts";
import { blockedHostSchema, MAX_BLOCKED } from "../domain/blockedHosts.ts";
import { denialSchema, MAX_DENIALS } from "../domain/denials.ts";
import { leftOutListSchema, namedFilesSchema } from "../domain/leftOut.ts";
import { usageSchema } from "../domain/usage.ts";

const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue("not JSON");
        return z.NEVER;
      }
    })
    .pipe(schema);

const int = z.coerce.number().int();

// Agents of the same Unix user can write to Redis. These two go into paths and into arguments of git and of the agent, so
// no value may be an option, leave a folder, or name a branch.
/** Id of a run or a session. */
const id = z.string().regex(/^\w[\w.-]{0,63}$/);
/** Full name of a commit. */
const sha = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

/** Agent runs that an issue remembers; older ones are found in the event log. */
export const MAX_RUNS = 20;
const agentRunSchema = z.object({
  /** Counts up from 1 over the whole life of the issue. */
  n: z.number(),
  run: id,
  runner: z.string(),
  /** ISO time of its start. */
  at: z.string(),
  session: id,
});
export type AgentRun = z.infer<typeof agentRunSchema>;

const shelfSchema = z.object({
  name: z.string(),
  /** As in the queue's contract. */
  data: z.object({
    owner: z.string(),
    repo: z.string(),
    number: z.number(),
    repositoryId: z.number(),
    title: z.string(),
    url: z.string(),
  }),
  priority: z.number(),
  attempts: z.number(),
});

const feedbackSchema = z.object({ heard: z.array(z.string()), given: z.array(z.string()) });
const answerSchema = z.object({ commentId: z.number(), author: z.string(), text: z.string() });
const rebaseSchema = z.object({
  from: sha,
  onto: sha,
  /** The pull request that was merged; absent: written by an older version. */
  pull: z.object({ number: z.number(), url: z.string() }).optional(),
});
/** `login` in lower case; empty: GitHub does not tell who it was. */
const refusedLabelSchema = z.object({ login: z.string(), told: z.string().nullable() });
const withheldSchema = z.object({
  /** Why, for people and for the agent. */
  reason: z.string(),
  /** Whether a label can have it published. */
  canAllow: z.boolean(),
  /** What that label allows if it is added after the question; absent: it may be there before. */
  allows: z.string().max(64).optional(),
  /** Identifies the files that it is about, in the form that they have; absent: it is not about files. */
  files: z.string().max(64).optional(),
  /** Newest event of that label when the work was withheld; 0: there was none. */
  event: z.number(),
});
export type Withheld = z.infer<typeof withheldSchema>;
const endSchema = z.object({ failure: z.enum(FAILURE_KINDS).nullable(), reason: z.string().nullable() });

/**
 * The hash `tac8:issue:<job id>`: what BullMQ does not know of the work on an issue. A field that is missing or that
 * cannot be read is its default, so an emptied or damaged hash reads as an issue that nobody has worked on.
 */
const fields = {
  /** The newest version of the record that a run has written here, see domain/format.ts; 0: one before there were versions. */
  format: int,
  state: z.enum(ISSUE_STATES).nullable(),
  /** ISO time of the last change of `state`. */
  since: z.string().nullable(),
  /** Id of the live run; null between runs. Every write of a run compares it. */
  run: id.nullable(),
  runner: z.string().nullable(),
  /** Labels that a runner must have, by those of the issue: domain/placement.ts. */
  runsOn: json(z.array(z.string())).nullable(),
  checkpoint: z.enum(CHECKPOINTS),
  /** Newest `labeled` event that was used to start a run. */
  labelEvent: int,
  /** Event (0: none, a person's retry) that its runs work by; null: nobody has looked yet whether it may start. */
  admitted: int.nullable(),
  /** The newest event at the end of a run whose label GitHub would not take off: the scheduler tries again. */
  labelLeft: int.nullable(),
  /** ISO time at which a person's retry, not a label, began this: then no label is needed. */
  retried: z.string().nullable(),
  /** ISO time at which this was restored from a backup; null: it was not, or a run has compared it with GitHub since. */
  restored: z.string().nullable(),
  /** ISO time at which the present round was put into the queue: from here to the pull request is what people wait for. */
  begun: z.string().nullable(),
  /** The agent's session, and the data folder (its id) that has the session's files. */
  session: id.nullable(),
  sessionHome: z.string().nullable(),
  /** The run whose log and stream hold the newest agent work. */
  agentRun: id.nullable(),
  agentRuns: int,
  /** The newest runs that had an agent, oldest first: their logs and streams go by the run's id. */
  runs: json(z.array(agentRunSchema)).nullable(),
  branch: z.string().nullable(),
  /** Commit of the base branch that the work is compared with. */
  baseSha: sha.nullable(),
  /** Commit that the workspace was at before this run's agent began. */
  startSha: sha.nullable(),
  headSha: sha.nullable(),
  /** The newest commit of `branch` that somebody else had pushed when work began on top of it. */
  theirSha: sha.nullable(),
  /** Files of the workspace that are in no commit, and why. */
  unsaved: json(leftOutListSchema).nullable(),
  /** Files that the agents of this round left uncommitted, and that tac8 committed. */
  added: json(namedFilesSchema).nullable(),
  /** ISO time at which an agent's work was finished, or later its publication was allowed; read while `checkpoint` is `worked`. */
  workedAt: z.string().nullable(),
  /** What we last pushed to `branch`, or found there and built upon. */
  publishedSha: sha.nullable(),
  /** The workspace's commit that this was made of: the same, unless it had to go on top of others. */
  madeSha: sha.nullable(),
  /** The pull request was merged during the run, and the work is not pushed yet: what comes after `from` goes on `onto`. */
  rebase: json(rebaseSchema).nullable(),
  prNumber: int.nullable(),
  prUrl: z.string().nullable(),
  /** Was the pull request open before the work of this job began? Then it needs new commits to count. */
  prBefore: sha.nullable(),
  /**
   * What reviewers said, by its keys: `given` to the agent of the present round, and `heard` by the rounds that ended with
   * a pull request.
   */
  feedback: json(feedbackSchema).nullable(),
  statusComment: int.nullable(),
  questionId: int.nullable(),
  question: z.string().nullable(),
  /** ISO time of the question's comment, by GitHub's clock. */
  askedAt: z.string().nullable(),
  answer: json(answerSchema).nullable(),
  /** Finished work that is not published unless a person decides so. After a reply: what that is about. */
  withheld: json(withheldSchema).nullable(),
  /** Event of the label that allows it. The run asks GitHub again. */
  allowed: int.nullable(),
  /** The end that was decided, and that still has to be reported or was. */
  outcome: z.enum(OUTCOMES).nullable(),
  /** The run that decided it: what is said about it once is found again by this id. */
  outcomeRun: z.string().nullable(),
  /** BullMQ's count of attempts when the end was written: it has grown by one once BullMQ knows of that end. */
  endedAttempt: int.nullable(),
  failure: z.enum(FAILURE_KINDS).nullable(),
  reason: z.string().nullable(),
  /** Of an end that was decided: while it cannot be told, `failure` and `reason` say why not. */
  end: json(endSchema).nullable(),
  summary: z.string().nullable(),
  /** Of finished work: the command that its agent had left running, for people; null: none. */
  leftRunning: z.string().nullable(),
  /** The round's agent finished without a change: `summary`, its last words, is posted as a comment of its own. */
  hasAnswer: z.enum(["yes"]).nullable(),
  /** Calls that permission rules denied to this round's agents. */
  denied: json(z.array(denialSchema).max(MAX_DENIALS)).nullable(),
  /** Hosts that the network of a sandbox refused to this round's agents. */
  blockedHosts: json(z.array(blockedHostSchema).max(MAX_BLOCKED)).nullable(),
  usage: json(usageSchema).nullable(),
  /** Models of the same runs, by their own figures; the one that did most comes first. */
  models: json(z.array(z.string())).nullable(),
  /** Runs in a row that ended with their runner (lost, or handed back) without any progress; see domain/brokenOff.ts. */
  lost: int,
  /** The same without a change of the workspace. */
  unchanged: int,
  /** The same, whatever they did. */
  brokenOff: int,
  /** Parkings in a row without any progress. */
  parked: int,
  /** Name of the hold that the job waits for without a slot; null: none. The end of that hold wakes the job. */
  hold: z.string().max(300).nullable(),
  noChanges: int,
  /** Commands of people, read by the runner: why, and by whom. Beside the state `stopped`: GitHub does not know of it yet. */
  stop: z.string().nullable(),
  /** `kill`: at once, without an interrupt. */
  stopMode: z.enum(["kill"]).nullable(),
  /** The job as it was when a person's stop took it out of the queue: a retry puts it back. */
  shelf: json(shelfSchema).nullable(),
  cancel: z.string().nullable(),
  /** Whose label was refused last, and when (ISO time) that was told on the issue. */
  refusedLabel: json(refusedLabelSchema).nullable(),
};

const stateSchema = z.object(fields);
export type IssueFields = z.infer<typeof stateSchema>;
export type FieldName = keyof IssueFields;

const EMPTY: Pick<
  IssueFields,
  "checkpoint" | "labelEvent" | "agentRuns" | "lost" | "unchanged" | "brokenOff" | "parked" | "noChanges"
> = {
  checkpoint: "none",
  labelEvent: 0,
  agentRuns: 0,
  lost: 0,
  unchanged: 0,
  brokenOff: 0,
  parked: 0,
  noChanges: 0,
};

const NAMES = Object.keys(fields) as FieldName[];

/** Reads a hash as Redis gives it: all fields, or those that were asked for. */
export function parseIssueState(hash: Readonly<Record<string, string>>): IssueFields;
export function parseIssueState<F extends FieldName>(
  hash: Readonly<Record<string, string>>,
  names: readonly F[],
): Pick<IssueFields, F>;
export function parseIssueState(
  hash: Readonly<Record<string, string>>,
  names: readonly FieldName[] = NAMES,
): Partial<IssueFields> {
  const result: Record<string, unknown> = {};
  for (const name of names) {
    const raw = hash[name];
    const parsed = raw === undefined || raw === "" ? undefined : fields[name].safeParse(raw);
    result[name] = parsed?.success ? parsed.data : name in EMPTY ? EMPTY[name as keyof typeof EMPTY] : null;
  }
  return result;
}

/** What to write: a value per field, null to remove it. */
export type IssuePatch = { readonly [K in FieldName]?: IssueFields[K] | null };

/** The patch as Redis takes it. */
export function encodePatch(patch: IssuePatch): { set: Record<string, string>; del: string[] } {
  const set: Record<string, string> = {};
  const del: string[] = [];
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined) del.push(name);
    // Redis' JSON reader refuses half a character, which a cut text may end in.
    else set[name] = (typeof value === "object" ? JSON.stringify(value) : String(value)).toWellFormed();
  }
  return { set, del };
}
