import { channel } from "node:diagnostics_channel";
import type { Redis } from "ioredis";
import { RECORD_FORMAT } from "../domain/format.ts";
import { isEnded, TRANSITIONS, type IssueState } from "../domain/states.ts";
import { COMMANDS_CHANNEL, EVENTS_KEY, issueKey } from "./keys.ts";
import { encodePatch, fieldOf, fieldsToRead, parseIssueState, RENAMED_FIELDS } from "./issueState.ts";
import type { IssuePatch, IssueRecord, RecordPart, RecordPath } from "./issueState.ts";
import { pipelined } from "./pipelined.ts";
import type { NewEvent } from "../domain/events.ts";
import { encodeEvent, MAX_EVENTS } from "./events.ts";

/** The issue has another run now, so this run must stop and must not write anything more. */
export class LostRun extends Error {
  override readonly name = "LostRun";

  constructor(jobId: string, run: string) {
    super(`run ${run} of ${jobId} has lost its job to another run`);
  }
}

/** TRANSITIONS in the form that the script reads: `{"queued": {"running": true}}`. */
const FOLLOWS = JSON.stringify(
  Object.fromEntries(
    Object.entries(TRANSITIONS).map(([from, to]) => [from, Object.fromEntries(to.map((state) => [state, true]))]),
  ),
);

/**
 * Compare, then write the fields and the event in one step. KEYS: hash, event log.
 * ARGV: JSON {expect: {field: value}, set: {field: value}, del: [field], event: [field, value, …], unexpected: [field, value, …]},
 * log length, format, seconds for which the hash is kept from now on ("0": without expiry, "": unchanged). An expected "" matches a
 * missing field. Returns 0 if a value differs, 2 if the new state must not follow the former one, else 1. In case 2 the state is written
 * too, and the event `unexpected` is logged with the former state. Any state may follow an unknown state of another version of tac8. Redis
 * does not roll back a script that fails, so commands that can fail (a key of another type) come before the first write. Format "0"
 * does not change the format of the record; another one can only raise it.
 */
const WRITE = `
local a = cjson.decode(ARGV[1])
for field, value in pairs(a.expect) do
  if (redis.call('HGET', KEYS[1], field) or '') ~= value then return 0 end
end
redis.call('HLEN', KEYS[1])
local to, from = a.set.state, redis.call('HGET', KEYS[1], 'state') or ''
local follows = to and to ~= from and cjson.decode('${FOLLOWS}')[from]
local allowed = not follows or follows[to] or false
if #a.event > 0 then redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', unpack(a.event)) end
if not allowed then
  for i = 1, #a.unexpected, 2 do if a.unexpected[i] == 'from' then a.unexpected[i + 1] = from end end
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', unpack(a.unexpected))
end
for field, value in pairs(a.set) do redis.call('HSET', KEYS[1], field, value) end
if next(a.set) and (tonumber(redis.call('HGET', KEYS[1], 'format') or '0') or 0) < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'format', ARGV[3])
end
for _, field in ipairs(a.del) do redis.call('HDEL', KEYS[1], field) end
if ARGV[4] == '0' then redis.call('PERSIST', KEYS[1]) elseif ARGV[4] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
return allowed and 1 or 2`;

/**
 * Time for which the hash of an issue is kept after its end, so that Redis does not grow without a limit. Afterwards tac8 reads what it
 * needs from GitHub, as after a Redis reset.
 */
export const KEEP_ENDED_SECONDS = 90 * 24 * 3600;

/** Return the expiry that a patch sets: an end sets it, and any other state removes it. Pure. */
function keptFor({ state }: IssuePatch): string {
  if (state === undefined) return "";
  return isEnded(state) ? String(KEEP_ENDED_SECONDS) : "0";
}

/** RENAMED_FIELDS in the form that the script reads: `[["baseSha", "branch.base", false], …]`. */
const RENAMED = JSON.stringify(RENAMED_FIELDS.map(({ former, field, stays }) => [former, field, stays]));

/**
 * Migrate the record if its format is older, make the run the current one, and return the migrated hash with the former run and runner.
 * Returns 0 if the caller does not have the job's lock: a runner that was frozen must not replace its successor. After the migration, no
 * run of an older format works on the issue. KEYS: hash, BullMQ's lock. ARGV: run, name of its slot, token, format.
 */
const CLAIM = `
if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
if (tonumber(redis.call('HGET', KEYS[1], 'format') or '0') or 0) < tonumber(ARGV[4]) then
  for _, name in ipairs(cjson.decode('${RENAMED}')) do
    local value = redis.call('HGET', KEYS[1], name[1])
    if value then redis.call('HSET', KEYS[1], name[2], value) end
    if not name[3] then redis.call('HDEL', KEYS[1], name[1]) end
  end
  redis.call('HSET', KEYS[1], 'format', ARGV[4])
end
local before = redis.call('HGETALL', KEYS[1])
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'runner', ARGV[2])
return before`;

export interface Claimant {
  readonly run: string;
  /** Name of the slot that processes the job. */
  readonly runner: string;
  /** Key of the job's lock in BullMQ, and the token that it must have. */
  readonly lockKey: string;
  readonly token: string;
}

/** Expected values of hash fields. Only facts whose field has the same name in every version; a missing field is "". */
export type Expectation = Readonly<
  Partial<
    Record<"run.id" | "state" | "checkpoint" | "label.notRemoved" | "question.commentId" | "command.cancel", string>
  >
>;

export interface IssueStore {
  read(jobId: string): Promise<IssueRecord>;
  readMany(jobIds: readonly string[]): Promise<IssueRecord[]>;
  /** Read only these facts of many issues, for callers that read a whole queue. */
  readFacts<P extends RecordPath>(jobIds: readonly string[], paths: readonly P[]): Promise<RecordPart<P>[]>;
  /**
   * Begin a run: from now on, every older run of the issue is lost. Returns the record, migrated to the current format, with the former
   * run and runner.
   * @throws LostRun when the claimant does not have the job's lock
   */
  claim(jobId: string, claimant: Claimant): Promise<IssueRecord>;
  /** Write on behalf of a run. @throws LostRun when it is no longer the issue's current run */
  write(jobId: string, run: string, patch: IssuePatch, event?: NewEvent): Promise<void>;
  /** Write on behalf of another process if the record has the expected values; false: it has others. */
  writeIf(jobId: string, expect: Expectation, patch: IssuePatch, event?: NewEvent): Promise<boolean>;
  /** Write a command for the issue's runner to the record, and wake the runner, which subscribes to `COMMANDS_CHANNEL`. */
  command(jobId: string, patch: Pick<IssuePatch, "command.stop" | "command.cancel">): Promise<void>;
}

interface Write {
  readonly expect: Expectation;
  readonly patch: IssuePatch;
  readonly event?: NewEvent | undefined;
  /** See `WRITE`. */
  readonly format: number;
}

/** Receives a line for each state that this process wrote and that TRANSITIONS does not allow. Tests fail on such a line. */
export const UNEXPECTED_STATE = channel("tac8:state:unexpected");

/** Return the event about an unexpected state. The script adds the former state. */
function unexpectedState(issue: string, state: IssueState, event: NewEvent | undefined): NewEvent {
  const reason = `the state ${state} was written, which does not follow the one before: report this as a defect of tac8`;
  return { event: "state:unexpected", issue, from: "", by: event?.by ?? "", reason, evidence: { state } };
}

/** Format of writes that are not on behalf of a run. They are readable for every version, so they must not exclude older runners. */
const UNMARKED = 0;

/** `redis` is borrowed. `onUnexpected`: called with a line after a state was written that TRANSITIONS does not allow. */
export function createIssueStore(
  redis: Redis,
  onUnexpected = (line: string): void => UNEXPECTED_STATE.publish(line),
): IssueStore {
  async function compareAndWrite(jobId: string, { expect, patch, event, format }: Write): Promise<boolean> {
    const entry = event ? encodeEvent(event) : [];
    const unexpected = patch.state ? encodeEvent(unexpectedState(jobId, patch.state, event)) : [];
    const expected = Object.entries(expect).map(([path, value]) => [fieldOf(path as keyof Expectation), value]);
    const payload = JSON.stringify({
      expect: Object.fromEntries(expected),
      ...encodePatch(patch),
      event: entry,
      unexpected,
    });
    const args = [payload, MAX_EVENTS, format, keptFor(patch)];
    const done = await redis.eval(WRITE, 2, issueKey(jobId), EVENTS_KEY, ...args);
    if (done === 2) onUnexpected(`the state ${patch.state} of ${jobId} does not follow the one before`);
    return done !== 0;
  }
  return {
    async read(jobId) {
      return parseIssueState(await redis.hgetall(issueKey(jobId)));
    },
    async readMany(jobIds) {
      const hashes = await pipelined(redis, jobIds, (pipeline, id) => pipeline.hgetall(issueKey(id)));
      return hashes.map((hash) => parseIssueState(hash as Record<string, string>));
    },
    async readFacts(jobIds, paths) {
      const names = fieldsToRead(paths);
      const rows = await pipelined(redis, jobIds, (pipeline, id) => pipeline.hmget(issueKey(id), ...names));
      return rows.map((row) => {
        const values = row as (string | null)[];
        return parseIssueState(Object.fromEntries(names.map((name, at) => [name, values[at] ?? ""])), paths);
      });
    },
    async claim(jobId, { run: runId, runner, lockKey, token }) {
      const before = await redis.eval(CLAIM, 2, issueKey(jobId), lockKey, runId, runner, token, RECORD_FORMAT);
      if (!Array.isArray(before)) throw new LostRun(jobId, runId);
      return parseIssueState(pairs(before as string[]));
    },
    async write(jobId, runId, patch, event) {
      const write = { expect: { "run.id": runId }, patch, event, format: RECORD_FORMAT };
      if (!(await compareAndWrite(jobId, write))) throw new LostRun(jobId, runId);
    },
    writeIf: (jobId, expect, patch, event) => compareAndWrite(jobId, { expect, patch, event, format: UNMARKED }),
    async command(jobId, patch) {
      await compareAndWrite(jobId, { expect: {}, patch, format: UNMARKED });
      await redis.publish(COMMANDS_CHANNEL, jobId);
    },
  };
}

function pairs(list: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (let index = 0; index + 1 < list.length; index += 2) result[list[index] ?? ""] = list[index + 1] ?? "";
  return result;
}
