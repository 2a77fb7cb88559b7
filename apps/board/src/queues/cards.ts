import { formatReference } from "@tac8/core/domain/reference";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import { isWebUrl } from "../pages/link.ts";

/** A job as Bull Board passes it. Its content may have been written by another version or by another program. */
export interface CardJob {
  readonly name: string;
  readonly data: unknown;
  readonly returnvalue: unknown;
}

export interface CardLink {
  readonly displayText: string;
  readonly href: string;
}

const MAX_TITLE = 120;

/** Return the title of a card: `owner/repo#471 Title of the issue`. */
export function cardTitle(job: CardJob): string {
  const { owner, repo, number, title } = part<JobData>(job.data);
  if (typeof owner !== "string" || typeof repo !== "string" || typeof number !== "number") return job.name;
  const reference = formatReference({ owner, repo, number });
  return typeof title === "string" ? `${reference} ${title.slice(0, MAX_TITLE)}` : reference;
}

/** Return the link of a card: the pull request if there is one, else the issue. */
export function cardLink(job: CardJob): CardLink | null {
  const { prUrl } = part<JobResult>(job.returnvalue);
  if (isWebUrl(prUrl)) return { displayText: "Pull request", href: prUrl };
  const { url } = part<JobData>(job.data);
  return isWebUrl(url) ? { displayText: "Issue", href: url } : null;
}

function part<T>(value: unknown): Partial<Record<keyof T, unknown>> {
  return typeof value === "object" && value !== null ? value : {};
}
