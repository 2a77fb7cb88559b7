import type { Redis } from "ioredis";
import { stateAfter } from "../domain/eventMeaning.ts";
import type { IssueRecord } from "../state/issueState.ts";
import type { IssueStore } from "../state/issueStore.ts";
import { readEvents } from "../state/events.ts";

/** An issue that was stopped while it waited. Its job was removed, and a retry adds it again from `snapshot`. */
export interface IssueWithSnapshot {
  readonly id: string;
  readonly snapshot: NonNullable<IssueRecord["job"]["snapshot"]>;
  readonly record: IssueRecord;
}

/** Number of events that are searched, so that the cost does not grow with the log. */
const MAX_EVENTS = 300;

/** Return the issues that were recently stopped while they waited, newest first, at most `count`. All arguments are borrowed. */
export async function readJobSnapshots(
  redis: Redis,
  { store, count }: { readonly store: Pick<IssueStore, "readMany">; readonly count: number },
): Promise<IssueWithSnapshot[]> {
  const events = await readEvents(redis, { count: MAX_EVENTS });
  const stopped = events
    .toReversed()
    .flatMap((event) => (stateAfter(event) === "stopped" && event.issue !== "" ? [event.issue] : []));
  const ids = [...new Set(stopped)].slice(0, count);
  if (ids.length === 0) return [];
  const records = await store.readMany(ids);
  return ids.flatMap((id, index) => {
    const record = records[index];
    return record?.state === "stopped" && record.job.snapshot !== null
      ? [{ id, snapshot: record.job.snapshot, record }]
      : [];
  });
}
