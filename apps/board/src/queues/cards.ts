import { formatReference } from "@tac8/core/domain/reference";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import { isWebUrl } from "../pages/link.ts";

/** A job as Bull Board hands it out: what is in it may have been written by another version, or by anybody. */
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

/** `owner/repo#471 Title of the issue`. */
export function cardTitle(job: CardJob): string {
  const { owner, repo, number, title } = part<JobData>(job.data);
  if (typeof owner !== "string" || typeof repo !== "string" || typeof number !== "number") return job.name;
  const reference = formatReference({ owner, repo, number });
  return typeof title === "string" ? `${reference} ${title.slice(0, MAX_TITLE)}` : reference;
}

/** Where a card leads: the pull request when there is one, else the issue. */
export function cardLink(job: CardJob): CardLink | null {
  const { prUrl } = part<JobResult>(job.returnvalue);
  if (isWebUrl(prUrl)) return { displayText: "Pull request", href: prUrl };
  const { url } = part<JobData>(job.data);
  return isWebUrl(url) ? { displayText: "Issue", href: url } : null;
}

function part<T>(value: unknown): Partial<Record<keyof T, unknown>> {
  return typeof value === "object" && value !== null ? value : {};
}
