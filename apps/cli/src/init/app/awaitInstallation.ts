import { setTimeout as sleep } from "node:timers/promises";
import type { AppCredentials } from "@tac8/core/config/credentials";
import { appTokens } from "@tac8/core/github/appTokens";
import { GitHubError } from "@tac8/core/github/errors";
import { installUrl } from "./manifest.ts";
import type { AppReport } from "@tac8/core/github/tokens";
import { createLogger } from "@tac8/core/log/logger";
import type { Context } from "../../context/context.ts";
import { Problem } from "../../problems/problem.ts";
import type { Repository } from "../answers.ts";

const EVERY_MS = 3000;
const SILENCE_MS = 60_000;
const LIMIT_MS = 15 * 60_000;

interface Waiting {
  readonly credentials: AppCredentials;
  readonly repository: Repository;
  readonly apiUrl: string;
  readonly signal: AbortSignal;
}

/**
 * Wait until the App is installed on the repository, at most 15 minutes. If GitHub does not respond, a line reports that once a
 * minute.
 * @returns whether the App is installed
 * @throws Problem if GitHub does not know the App or its key
 */
export async function awaitInstallation(context: Context, waiting: Waiting): Promise<boolean> {
  const { credentials, repository, apiUrl, signal } = waiting;
  const { out, now, waits = {} } = context;
  const {
    everyInstallation: everyMs = EVERY_MS,
    installation: limitMs = LIMIT_MS,
    noAnswer: silenceMs = SILENCE_MS,
  } = waits;
  const log = createLogger({ name: "cli", level: "silent", secrets: [credentials.privateKey] });
  const repositories = [repository];
  const { app } = appTokens({ apiUrl, credentials, repositories, secrets: [credentials.privateKey], log, now });
  const until = now() + limitMs;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  let problem = "";
  let printedAt = now();
  /** Handle an error. Null: retry; undefined: interrupted by the operator, or time limit reached. */
  const failed = (error: unknown): null | undefined => {
    if (!(error instanceof GitHubError)) return undefined;
    if (error.kind === "unauthorized") throw new Problem(error.message, { cause: error });
    problem = error.message;
    return null;
  };
  for (let printed = ""; now() < until && !limit.aborted;) {
    const report = await app?.inspect({ signal: limit }).catch(failed);
    if (report === undefined) break;
    if (report !== null) {
      const [access] = report.repositories;
      if (access?.why === null) return true;
      const line = advice(report, repository);
      if (line !== printed) out.line(line);
      printed = line;
      printedAt = now();
    } else if (now() - printedAt >= silenceMs) {
      out.line(`cannot read the App from GitHub, retrying: ${problem}`);
      printedAt = now();
    }
    await sleep(everyMs, undefined, { signal: limit }).catch(() => undefined);
  }
  return false;
}

function advice(report: AppReport, { owner, repo }: Repository): string {
  const [access] = report.repositories;
  if (access?.installation !== null && access !== undefined) return access.why ?? "";
  return `Install the App on ${owner}/${repo} (only select repositories); tac8 waits here:\n\n  ${installUrl(report)}\n`;
}
