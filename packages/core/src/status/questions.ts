import type { Queue } from "bullmq";
import type { JobData } from "../queue/contract.ts";
import type { RecordPart } from "../state/issueState.ts";
import type { IssueStore } from "../state/issueStore.ts";

/** A question of an agent that has no reply yet. */
export interface OpenQuestion {
  /** Job id of its issue. */
  readonly issue: string;
  readonly title: string;
  readonly question: string;
  /** ISO time; null where it is unknown. */
  readonly askedAt: string | null;
}

/** Return whether the issue waits for a reply. After the reply, it waits for a slot. Pure. */
export function isOpenQuestion({ record }: { readonly record: RecordPart<"state" | "question.reply"> }): boolean {
  return record.state === "blocked" && record.question.reply === null;
}

/** Number of delayed jobs that are read, so that the cost does not grow with the queue. */
const MAX_JOBS = 50;

/** Return the open questions, oldest first. Blocked jobs have the longest delays, so they are at the end of the delayed ones. */
export async function readQuestions(
  queue: Queue<JobData>,
  store: Pick<IssueStore, "readMany">,
): Promise<OpenQuestion[]> {
  const jobs = await queue.getJobs(["delayed"], 0, MAX_JOBS - 1, false);
  if (jobs.length === 0) return [];
  const records = await store.readMany(jobs.map(({ id }) => id ?? ""));
  return jobs
    .flatMap((job, index) => {
      const record = records[index];
      if (record === undefined || !isOpenQuestion({ record })) return [];
      const { since } = record;
      const { text: question, askedAt } = record.question;
      const { reason } = record.end;
      const title = typeof job.data?.title === "string" ? job.data.title : "";
      return [{ issue: job.id ?? "", title, question: question ?? reason ?? "", askedAt: askedAt ?? since }];
    })
    .toSorted((a, b) => (a.askedAt ?? "").localeCompare(b.askedAt ?? ""));
}
