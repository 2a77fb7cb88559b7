import { z } from "zod";
import { CHECKPOINTS, ISSUE_STATES, OUTCOMES } from "../domain/states.ts";
import { FAILURE_KINDS } from "../domain/failures.ts";
import { blockedHostSchema, MAX_BLOCKED } from "../domain/blockedHosts.ts";
import { denialSchema, MAX_DENIALS } from "../domain/denials.ts";
import { leftOutListSchema, namedFilesSchema } from "../domain/leftOut.ts";
import { usageSchema } from "../domain/usageSchemas.ts";

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

// Agents of the same Unix user can write to Redis. The following two types are used in paths and in arguments of git and of the agent,
// so no value may be an option, lead out of a folder, or be the name of a branch.
/** Id of a run or a session. */
const id = z.string().regex(/^\w[\w.-]{0,63}$/);
/** Full name of a commit. */
const sha = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

/** Number of agent runs in the record of an issue; older ones are in the event log. */
export const MAX_RUNS = 20;
const agentRunSchema = z.object({
  /** Number of the run, from 1 over the whole life of the issue. */
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
  /** The job's data, see queue/contract.ts. */
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
/** `login` in lower case; empty: GitHub does not report the account. `told`: when the refusal was reported. */
const refusedLabelSchema = z.object({ login: z.string(), told: z.string().nullable() });
const withheldSchema = z.object({
  /** The reason, for users and for the agent. */
  reason: z.string(),
  /** Whether a label can allow the publication. */
  canAllow: z.boolean(),
  /** Key of the question to which the label must reply: only a label that was added after a question with this key counts; absent: an older one counts too. */
  allows: z.string().max(64).optional(),
  /** Fingerprint of the files that are withheld, with their content; absent: the reason is not about files. */
  files: z.string().max(64).optional(),
  /** Id of the newest event of the label when the work was withheld; 0: there was none. */
  event: z.number(),
});
export type Withheld = z.infer<typeof withheldSchema>;
const endSchema = z.object({ failure: z.enum(FAILURE_KINDS).nullable(), reason: z.string().nullable() });

/** One fact of the record: its schema, and the hash field that stores it. */
interface Fact<V> {
  readonly schema: z.ZodType<V>;
  /** Name of the hash field; absent: the fact's path in the record. */
  readonly field?: string;
  /** Name of the hash field before format 2. */
  readonly former?: string;
  /** Whether it is also stored under its former name, for programs of the previous version that only display it. */
  readonly isMirrored?: boolean;
}

/** A fact that several programs write, or use for decisions, without checking the format: its hash field keeps its name. */
const shared = <V>(field: string, schema: z.ZodType<V>): Fact<V> => ({ field, schema });
/** A fact that only runs use, which had another name before format 2. */
const renamed = <V>(former: string, schema: z.ZodType<V>): Fact<V> => ({ former, schema });
/** A renamed fact that scheduler, board and CLI display: for one release it is written under both names. */
const mirrored = <V>(former: string, schema: z.ZodType<V>): Fact<V> => ({ former, isMirrored: true, schema });

/**
 * The record of an issue: the state of the work that BullMQ does not store. The facts are grouped here. The hash `tac8:issue:<job id>`
 * has one field per fact, because runner, scheduler and CLI write different facts at the same time. A missing or unreadable field has
 * its default value, so an emptied or damaged hash is the record of an issue without any work.
 */
const facts = {
  /** The newest format in which a run has written this record, see domain/format.ts; 0: written before formats existed. */
  format: shared("format", int),
  state: shared("state", z.enum(ISSUE_STATES).nullable()),
  /** ISO time of the last change of `state`. */
  since: shared("since", z.string().nullable()),
  checkpoint: shared("checkpoint", z.enum(CHECKPOINTS)),
  /** Id of the issue's status comment. */
  statusComment: shared("statusComment", int.nullable()),
  /** ISO time of the restore from a backup; null: there was none, or a run has compared the issue with GitHub since. */
  restoredAt: shared("restored", z.string().nullable()),

  /** The current run. */
  run: {
    /** Id of the current run; null: no run. Every write of a run checks it. */
    id: shared("run", id.nullable()),
    runner: shared("runner", z.string().nullable()),
  },

  /** The trigger label. */
  label: {
    /**
     * Id of the newest `labeled` event that counts as used: it started a round, was refused, or was added before the round ended or
     * was stopped.
     */
    event: shared("labelEvent", int),
    /** Id of the newest event of a label that GitHub did not remove at the end of a run: the scheduler tries again. */
    notRemoved: shared("labelLeft", int.nullable()),
    /** The account whose label was refused last. */
    refused: renamed("refusedLabel", json(refusedLabelSchema).nullable()),
  },

  /** The current round: from the label event, or the retry, to the outcome. */
  round: {
    /** ISO time at which the issue was queued. The time to the pull request is counted from here. */
    queuedAt: shared("begun", z.string().nullable()),
    /** ISO time of the user's retry that began the round; null: a label event began it. */
    retriedAt: shared("retried", z.string().nullable()),
    /** Id of the label event that allows its runs (after a retry: the newest one, or the one used last); null: not decided yet. */
    admitted: shared("admitted", int.nullable()),
  },

  /** Its job in the queue. */
  job: {
    /** Labels that a runner must have, derived from the issue's labels: domain/placement.ts. */
    runsOn: shared("runsOn", json(z.array(z.string())).nullable()),
    /**
     * What the job waits for without a slot: the name of a hold, whose end wakes the job, or the reason for which the job is deferred until
     * the scheduler offers it again (`isDeferral`); null: nothing.
     */
    hold: shared("hold", z.string().max(300).nullable()),
    /** The job as it was when a user's stop removed it from the queue: a retry adds it again. */
    snapshot: shared("shelf", json(jobSnapshotSchema).nullable()),
  },

  /** The agents that worked on the issue. */
  agent: {
    session: shared("session", id.nullable()),
    /** Id of the data folder that has the session's files. */
    sessionHome: renamed("sessionHome", z.string().nullable()),
    /** The run whose log and stream hold the newest agent work. */
    run: mirrored("agentRun", id.nullable()),
    /** Agent runs of this round. */
    runCount: shared("agentRuns", int),
    /** The newest agent runs, oldest first. The names of their logs and streams contain the run's id. */
    runs: mirrored("runs", json(z.array(agentRunSchema)).nullable()),
    usage: shared("usage", json(usageSchema).nullable()),
    /** Models of the same runs, sorted by usage, the most used one first. */
    models: shared("models", json(z.array(z.string())).nullable()),
    /** Calls that permission rules denied to this round's agents. */
    denied: shared("denied", json(z.array(denialSchema).max(MAX_DENIALS)).nullable()),
    /** Hosts that a run's proxy refused to this round's agents. */
    blockedHosts: shared("blockedHosts", json(z.array(blockedHostSchema).max(MAX_BLOCKED)).nullable()),
  },

  /** The issue's branch: full names of commits. */
  branch: {
    name: mirrored("branch", z.string().nullable()),
    /** Commit of the base branch with which the work is compared. */
    base: renamed("baseSha", sha.nullable()),
    /** Commit that the workspace was at before this run's agent began. */
    start: renamed("startSha", sha.nullable()),
    /** Newest commit of the workspace. */
    head: mirrored("headSha", sha.nullable()),
    /** The newest commit by another contributor on the branch when the work started on top of it. */
    others: renamed("theirSha", sha.nullable()),
    /** Commit that tac8 last pushed to the branch, or found there and continued from. */
    published: mirrored("publishedSha", sha.nullable()),
    /** Commit of the workspace that corresponds to `published`. It differs if the work was replayed on commits of other contributors. */
    publishedFrom: renamed("madeSha", sha.nullable()),
    /** Set if the pull request was merged during the run and the work is not pushed yet: replay the commits after `from` on top of `onto`. */
    rebase: renamed("rebase", json(rebaseSchema).nullable()),
  },

  /** Result of the round's agents. */
  work: {
    /** ISO time at which the work was finished, or at which its publication was allowed. It counts while `checkpoint` is `worked`. */
    finishedAt: renamed("workedAt", z.string().nullable()),
    summary: shared("summary", z.string().nullable()),
    /** `yes`: the agent changed nothing, and `summary`, its last message, is posted as a separate comment. */
    isAnswer: shared("hasAnswer", z.enum(["yes"]).nullable()),
    /** Files of the workspace that are in no commit, with the reasons. */
    uncommitted: renamed("unsaved", json(leftOutListSchema).nullable()),
    /** Files that agents did not commit and tac8 committed. */
    autoCommitted: renamed("added", json(namedFilesSchema).nullable()),
    /** Command that was still running when the agent finished; null: none. */
    leftRunning: renamed("leftRunning", z.string().nullable()),
    /** Finished work that is not published until a user decides. After a reply: the reason. */
    withheld: shared("withheld", json(withheldSchema).nullable()),
    /** Id of the event of the label that allows its publication. The run checks it on GitHub again. */
    allowed: shared("allowed", int.nullable()),
  },

  /** The pull request. */
  pull: {
    number: mirrored("prNumber", int.nullable()),
    url: mirrored("prUrl", z.string().nullable()),
    /** Its head commit, if it was open before this job started: then only new commits count as work. Null: it was not open. */
    headBefore: renamed("prBefore", sha.nullable()),
    /**
     * Keys of reviews and comments: `given` to the agent of the current round, and `heard` (received) in rounds that ended as `pr` or
     * `answered`.
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

  /** The end of the work on the issue, or of its newest attempt. */
  end: {
    /** The outcome that was decided, whether it is already reported on GitHub or not. */
    outcome: shared("outcome", z.enum(OUTCOMES).nullable()),
    /** Id of the run that decided it. Comments that are posted once contain this id. */
    run: shared("outcomeRun", z.string().nullable()),
    /**
     * BullMQ's count of attempts when the end was written. A run that finds the same count only closes the job, because BullMQ has not
     * recorded the end.
     */
    attempt: shared("endedAttempt", int.nullable()),
    failure: shared("failure", z.enum(FAILURE_KINDS).nullable()),
    reason: shared("reason", z.string().nullable()),
    /** Failure and reason of a decided end that cannot be reported yet. Meanwhile, `failure` and `reason` state why it cannot. */
    decided: shared("end", json(endSchema).nullable()),
  },

  /** Consecutive events of each kind. */
  counts: {
    /** Lost runs without any progress; a run that was requeued by a shutdown resets this count: domain/brokenOff.ts. */
    lost: shared("lost", int),
    /** Runs that ended with their runner without a change of the workspace. */
    unchanged: shared("unchanged", int),
    /** All runs that ended with their runner. */
    brokenOff: shared("brokenOff", int),
    /** Times that the issue was parked since an agent last made progress. */
    parked: shared("parked", int),
    /** Agents that finished without a change and without an answer. */
    noChanges: shared("noChanges", int),
  },

  /** Commands to the runner: `stop` and `stopMode` of users, `cancel` of the scheduler. */
  command: {
    /** The reason and the user. With the state `stopped`: the stop is not reported on GitHub yet. */
    stop: shared("stop", z.string().nullable()),
    /** `kill`: kill the agent immediately, without an interrupt. */
    stopMode: shared("stopMode", z.enum(["kill"]).nullable()),
    cancel: shared("cancel", z.string().nullable()),
  },
};

type Facts = typeof facts;
type ValueOf<F> = F extends Fact<infer V> ? V : { readonly [K in keyof F]: ValueOf<F[K]> };
export type IssueRecord = { readonly [G in keyof Facts]: ValueOf<Facts[G]> };

/** The facts of a group, by their paths. */
type ByPath<G extends keyof Facts> =
  Facts[G] extends Fact<infer V>
    ? { readonly [P in G]: V }
    : { readonly [K in keyof Facts[G] & string as `${G}.${K}`]: ValueOf<Facts[G][K]> };
/** The record without groups, `{"branch.head": …}`. It is an interface, because tsc checks it much faster than a conditional type. */
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

/** Changes of a record: a value per fact; null removes the fact. */
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

/** Return the hash field that stores a fact. */
export function fieldOf(path: RecordPath): string {
  return factAt(path).field ?? path;
}

/** Return the hash fields that may store a fact, the current name first. */
function fieldsOf(path: RecordPath): string[] {
  const { former } = factAt(path);
  return former === undefined ? [fieldOf(path)] : [fieldOf(path), former];
}

/** Return all hash fields that must be read for these facts. */
export function fieldsToRead(paths: readonly RecordPath[]): string[] {
  return paths.flatMap(fieldsOf);
}

/** Fields that format 2 has renamed: the former name, the current name, and whether the former one is still written. */
export const RENAMED_FIELDS = [...FACTS].flatMap(([path, { former, isMirrored = false }]) =>
  former === undefined ? [] : [{ former, field: path, stays: isMirrored }],
);

/** Parse a hash with the field names of this or an earlier format. Return all facts, or only the requested ones. */
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

/** Return the record after a write. Pure. */
export function applyPatch<R extends Partial<IssueRecord>>(record: R, patch: IssuePatch): R {
  const result: Record<string, unknown> = { ...record };
  const copied = new Map<string, Record<string, unknown>>();
  for (const [path, value] of Object.entries(patch)) {
    factAt(path);
    const now = value ?? DEFAULTS[path as RecordPath] ?? null;
    const [group = "", key] = path.split(".");
    if (key === undefined) {
      result[group] = now;
      continue;
    }
    const copy = copied.get(group) ?? { ...(result[group] as object) };
    copied.set(group, copy);
    copy[key] = now;
    result[group] = copy;
  }
  return result as R;
}

/** Return the patch for some facts of one group. Pure. */
export function groupPatch<G extends keyof Facts, V extends Partial<IssueRecord[G]>>(
  group: G,
  values: V,
): { readonly [K in keyof V & string as `${G}.${K}`]: V[K] } {
  const entries = Object.entries(values).map(([key, value]) => [`${group}.${key}`, value]);
  return Object.fromEntries(entries) as { readonly [K in keyof V & string as `${G}.${K}`]: V[K] };
}

/** Return the patch as hash fields. */
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
    // Redis's JSON parser rejects half a character, and a truncated text may end with one.
    set[field] = (typeof value === "string" ? value : JSON.stringify(value)).toWellFormed();
    if (former !== undefined && isMirrored) set[former] = set[field];
  }
  return { set, del };
}
