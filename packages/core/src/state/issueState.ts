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

const jobSnapshotSchema = z.object({
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
/** `login` in lower case; empty: GitHub does not report who it was. */
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

/** One fact of the record: how it is read, and the hash field that has it. */
interface Fact<V> {
  readonly schema: z.ZodType<V>;
  /** Name of the hash field; absent: the fact's path in the record. */
  readonly field?: string;
  /** Name of the hash field before format 2. */
  readonly former?: string;
  /** Whether programs of the version before, which only show it, find it by its former name as well. */
  readonly isMirrored?: boolean;
}

/** A fact that several programs write, or decide by, without asking for the format: its hash field keeps its name. */
const shared = <V>(field: string, schema: z.ZodType<V>): Fact<V> => ({ field, schema });
/** A fact of runs alone, which had another name before format 2. */
const renamed = <V>(former: string, schema: z.ZodType<V>): Fact<V> => ({ former, schema });
/** The same, shown by scheduler, board and CLI: for one release it is written under both names. */
const mirrored = <V>(former: string, schema: z.ZodType<V>): Fact<V> => ({ former, isMirrored: true, schema });

/**
 * The record of an issue: what BullMQ does not know of the work on it. It is grouped here; the hash `tac8:issue:<job id>` has one
 * field per fact, because runner, scheduler and CLI write different facts at the same time. A field that is missing or that
 * cannot be read is its default, so an emptied or damaged hash reads as an issue that nobody has worked on.
 */
const facts = {
  /** The newest version of the record that a run has written here, see domain/format.ts; 0: one before there were versions. */
  format: shared("format", int),
  state: shared("state", z.enum(ISSUE_STATES).nullable()),
  /** ISO time of the last change of `state`. */
  since: shared("since", z.string().nullable()),
  checkpoint: shared("checkpoint", z.enum(CHECKPOINTS)),
  /** Id of the issue's status comment. */
  statusComment: shared("statusComment", int.nullable()),
  /** ISO time of the restore from a backup; null: there was none, or a run has compared the issue with GitHub since. */
  restoredAt: shared("restored", z.string().nullable()),

  /** The live run. */
  run: {
    /** Its id; null between runs. Every write of a run compares it. */
    id: shared("run", id.nullable()),
    runner: shared("runner", z.string().nullable()),
  },

  /** The trigger label. */
  label: {
    /** Newest `labeled` event that was used to start a run. */
    event: shared("labelEvent", int),
    /** The newest event at the end of a run whose label GitHub did not remove: the scheduler tries again. */
    notRemoved: shared("labelLeft", int.nullable()),
    /** The account whose label was refused last. */
    refused: renamed("refusedLabel", json(refusedLabelSchema).nullable()),
  },

  /** From the label, or the retry, to the end. */
  round: {
    /** ISO time at which it was put into the queue: users wait from here to the pull request. */
    queuedAt: shared("begun", z.string().nullable()),
    /** ISO time of the user's retry that began it; null: a label did. */
    retriedAt: shared("retried", z.string().nullable()),
    /** Event (0: none, a user's retry) that its runs work by; null: not decided yet whether it may start. */
    admitted: shared("admitted", int.nullable()),
  },

  /** Its job in the queue. */
  job: {
    /** Labels that a runner must have, by those of the issue: domain/placement.ts. */
    runsOn: shared("runsOn", json(z.array(z.string())).nullable()),
    /** Name of the hold that the job waits for without a slot; null: none. The end of that hold wakes the job. */
    hold: shared("hold", z.string().max(300).nullable()),
    /** The job as it was when a user's stop removed it from the queue: a retry adds it again. */
    snapshot: shared("shelf", json(jobSnapshotSchema).nullable()),
  },

  /** The agents that worked on the issue. */
  agent: {
    session: shared("session", id.nullable()),
    /** The data folder (its id) that has the session's files. */
    sessionHome: renamed("sessionHome", z.string().nullable()),
    /** The run whose log and stream hold the newest agent work. */
    run: mirrored("agentRun", id.nullable()),
    /** Agent runs of this round. */
    runCount: shared("agentRuns", int),
    /** The newest runs that had an agent, oldest first: their logs and streams go by the run's id. */
    runs: mirrored("runs", json(z.array(agentRunSchema)).nullable()),
    usage: shared("usage", json(usageSchema).nullable()),
    /** Models of the same runs, by their own figures; the one that did most comes first. */
    models: shared("models", json(z.array(z.string())).nullable()),
    /** Calls that permission rules denied to this round's agents. */
    denied: shared("denied", json(z.array(denialSchema).max(MAX_DENIALS)).nullable()),
    /** Hosts that the network of a sandbox refused to this round's agents. */
    blockedHosts: shared("blockedHosts", json(z.array(blockedHostSchema).max(MAX_BLOCKED)).nullable()),
  },

  /** The issue's branch: commits, by their full names. */
  branch: {
    name: mirrored("branch", z.string().nullable()),
    /** Commit of the base branch that the work is compared with. */
    base: renamed("baseSha", sha.nullable()),
    /** Commit that the workspace was at before this run's agent began. */
    start: renamed("startSha", sha.nullable()),
    /** Newest commit of the workspace. */
    head: mirrored("headSha", sha.nullable()),
    /** The newest commit of the branch that another contributor had pushed when work began on top of it. */
    others: renamed("theirSha", sha.nullable()),
    /** What we last pushed, or found there and built upon. */
    published: mirrored("publishedSha", sha.nullable()),
    /** The workspace's commit that `published` was made of: the same, unless it had to come on top of others. */
    publishedFrom: renamed("madeSha", sha.nullable()),
    /** The pull request was merged during the run, and the work is not pushed yet: what comes after `from` continues `onto`. */
    rebase: renamed("rebase", json(rebaseSchema).nullable()),
  },

  /** What the round's agents did. */
  work: {
    /** ISO time at which it was finished, or later its publication was allowed; read while `checkpoint` is `worked`. */
    finishedAt: renamed("workedAt", z.string().nullable()),
    summary: shared("summary", z.string().nullable()),
    /** `yes`: it is finished without a change, and `summary`, the agent's last words, is posted as a comment of its own. */
    isAnswer: shared("hasAnswer", z.enum(["yes"]).nullable()),
    /** Files of the workspace that are in no commit, and why. */
    uncommitted: renamed("unsaved", json(leftOutListSchema).nullable()),
    /** Files that the agents left uncommitted, and that tac8 committed. */
    autoCommitted: renamed("added", json(namedFilesSchema).nullable()),
    /** The command that the agent of finished work had left running; null: none. */
    leftRunning: renamed("leftRunning", z.string().nullable()),
    /** Finished work that is not published unless a user decides so. After a reply: the reason. */
    withheld: shared("withheld", json(withheldSchema).nullable()),
    /** Event of the label that allows its publication. The run asks GitHub again. */
    allowed: shared("allowed", int.nullable()),
  },

  /** The pull request. */
  pull: {
    number: mirrored("prNumber", int.nullable()),
    url: mirrored("prUrl", z.string().nullable()),
    /** Its head, if it was open before the work of this job began: only new commits then count as work. Null: it was not open. */
    headBefore: renamed("prBefore", sha.nullable()),
    /**
     * What reviewers said, by its keys: `given` to the agent of the present round, and `heard` by the rounds that ended with
     * a pull request.
     */
    feedback: renamed("feedback", json(feedbackSchema).nullable()),
  },

  /** An agent's question, and the reply to it. */
  question: {
    commentId: shared("questionId", int.nullable()),
    text: shared("question", z.string().nullable()),
    /** ISO time of the question's comment, by GitHub's clock. */
    askedAt: shared("askedAt", z.string().nullable()),
    reply: shared("answer", json(answerSchema).nullable()),
  },

  /** The end of the issue, or of its newest attempt. */
  end: {
    /** The end that was decided, and that still has to be reported or was. */
    outcome: shared("outcome", z.enum(OUTCOMES).nullable()),
    /** The run that decided it: comments that are posted once are found again by this id. */
    run: shared("outcomeRun", z.string().nullable()),
    /** BullMQ's count of attempts when the end was written: it has grown by one once BullMQ has recorded that end. */
    attempt: shared("endedAttempt", int.nullable()),
    failure: shared("failure", z.enum(FAILURE_KINDS).nullable()),
    reason: shared("reason", z.string().nullable()),
    /** Failure and reason of a decided end that cannot be reported yet. Meanwhile, `failure` and `reason` say why it cannot. */
    decided: shared("end", json(endSchema).nullable()),
  },

  /** Consecutive events of each kind. */
  counts: {
    /** Runs that ended with their runner (lost, or returned by a shutdown) without any progress; see domain/brokenOff.ts. */
    lost: shared("lost", int),
    /** The same without a change of the workspace. */
    unchanged: shared("unchanged", int),
    /** The same, whatever they did. */
    brokenOff: shared("brokenOff", int),
    /** Waits without a slot, without any progress. */
    parked: shared("parked", int),
    /** Agents that finished without a change and without a word. */
    noChanges: shared("noChanges", int),
  },

  /** Commands of users, read by the runner. */
  command: {
    /** Why, and by whom. Beside the state `stopped`: not reported on GitHub yet. */
    stop: shared("stop", z.string().nullable()),
    /** `kill`: at once, without an interrupt. */
    stopMode: shared("stopMode", z.enum(["kill"]).nullable()),
    cancel: shared("cancel", z.string().nullable()),
  },
};

type Facts = typeof facts;
type ValueOf<F> = F extends Fact<infer V> ? V : { readonly [K in keyof F]: ValueOf<F[K]> };
export type IssueRecord = { readonly [G in keyof Facts]: ValueOf<Facts[G]> };

/** The facts of a group by their paths. */
type ByPath<G extends keyof Facts> =
  Facts[G] extends Fact<infer V>
    ? { readonly [P in G]: V }
    : { readonly [K in keyof Facts[G] & string as `${G}.${K}`]: ValueOf<Facts[G][K]> };
/** The record without groups, `{"branch.head": …}`: an interface, which tsc checks much faster than a conditional type per path. */
interface FlatRecord extends Merged {}
type Merged = { [G in keyof Facts]: (facts: ByPath<G>) => void }[keyof Facts] extends (facts: infer All) => void
  ? All
  : never;
/** Name of one fact: `state`, `branch.head`. */
export type RecordPath = keyof FlatRecord;
export type ValueAt<P extends RecordPath> = FlatRecord[P];
type KeyOf<P extends RecordPath, G extends keyof Facts> = P extends `${G}.${infer K}`
  ? K & keyof IssueRecord[G]
  : never;
type GroupOf<P extends RecordPath> = P extends `${infer G extends keyof Facts}.${string}` ? G : P & keyof Facts;

/** The part of a record that has these facts. */
export type RecordPart<P extends RecordPath> = {
  readonly [G in GroupOf<P>]: G extends P ? IssueRecord[G] : Pick<IssueRecord[G], KeyOf<P, G>>;
};

/** What to write: a value per fact, null to remove it. */
export type IssuePatch = { readonly [P in keyof FlatRecord]?: FlatRecord[P] | null };

const DEFAULTS: IssuePatch = {
  format: 0,
  checkpoint: "none",
  "label.event": 0,
  "agent.runCount": 0,
  "counts.lost": 0,
  "counts.unchanged": 0,
  "counts.brokenOff": 0,
  "counts.parked": 0,
  "counts.noChanges": 0,
};

function isFact(entry: object): entry is Fact<unknown> {
  return "schema" in entry;
}

const FACTS = new Map<string, Fact<unknown>>(
  Object.entries(facts).flatMap(([group, entry]): [string, Fact<unknown>][] =>
    isFact(entry)
      ? [[group, entry]]
      : Object.entries<Fact<unknown>>(entry).map(([key, fact]) => [`${group}.${key}`, fact]),
  ),
);
const PATHS = [...FACTS.keys()] as RecordPath[];

function factAt(path: string): Fact<unknown> {
  const fact = FACTS.get(path);
  if (fact === undefined) throw new Error(`the record of an issue has no ${path}`);
  return fact;
}

/** The hash field that has a fact. */
export function fieldOf(path: RecordPath): string {
  return factAt(path).field ?? path;
}

/** The hash fields in which a fact may be, the one that counts first. */
function fieldsOf(path: RecordPath): string[] {
  const { former } = factAt(path);
  return former === undefined ? [fieldOf(path)] : [fieldOf(path), former];
}

/** Every hash field that has to be read for these facts. */
export function fieldsToRead(paths: readonly RecordPath[]): string[] {
  return paths.flatMap(fieldsOf);
}

/** Fields that format 2 has renamed: the former name, the one that counts now, and whether the former one stays. */
export const RENAMED_FIELDS = [...FACTS].flatMap(([path, { former, isMirrored = false }]) =>
  former === undefined ? [] : [{ former, field: path, stays: isMirrored }],
);

/** Reads a hash as Redis gives it, with the names of this version or of those before: all facts, or those that were asked for. */
export function parseIssueState(hash: Readonly<Record<string, string>>): IssueRecord;
export function parseIssueState<P extends RecordPath>(
  hash: Readonly<Record<string, string>>,
  paths: readonly P[],
): RecordPart<P>;
export function parseIssueState(
  hash: Readonly<Record<string, string>>,
  paths: readonly RecordPath[] = PATHS,
): Partial<IssueRecord> {
  const values = paths.map((path) => {
    const raw = fieldsOf(path)
      .map((field) => hash[field])
      .find((text) => text !== undefined && text !== "");
    const parsed = raw === undefined ? undefined : factAt(path).schema.safeParse(raw);
    return [path, parsed?.success ? parsed.data : null] as const;
  });
  return applyPatch({}, Object.fromEntries(values));
}

/** The record as it is after a write. Pure. */
export function applyPatch<R extends Partial<IssueRecord>>(record: R, patch: IssuePatch): R {
  const result: Record<string, unknown> = { ...record };
  for (const [path, value] of Object.entries(patch)) {
    factAt(path);
    const now = value ?? DEFAULTS[path as RecordPath] ?? null;
    const [group = "", key] = path.split(".");
    result[group] = key === undefined ? now : { ...(result[group] as object), [key]: now };
  }
  return result as R;
}

/** The patch of some facts of one group. Pure. */
export function groupPatch<G extends keyof Facts, V extends Partial<IssueRecord[G]>>(
  group: G,
  values: V,
): { readonly [K in keyof V & string as `${G}.${K}`]: V[K] } {
  const entries = Object.entries(values).map(([key, value]) => [`${group}.${key}`, value]);
  return Object.fromEntries(entries) as { readonly [K in keyof V & string as `${G}.${K}`]: V[K] };
}

/** The patch as Redis takes it. */
export function encodePatch(patch: IssuePatch): { set: Record<string, string>; del: string[] } {
  const set: Record<string, string> = {};
  const del: string[] = [];
  for (const [path, value] of Object.entries(patch) as [RecordPath, unknown][]) {
    const { former, isMirrored = false } = factAt(path);
    const field = fieldOf(path);
    const isRemoved = value === null || value === undefined;
    if (former !== undefined && (isRemoved || !isMirrored)) del.push(former);
    if (isRemoved) {
      del.push(field);
      continue;
    }
    // Redis' JSON reader refuses half a character, which a cut text may end in.
    set[field] = (typeof value === "string" ? value : JSON.stringify(value)).toWellFormed();
    if (former !== undefined && isMirrored) set[former] = set[field];
  }
  return { set, del };
}
