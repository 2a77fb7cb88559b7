import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runLogPath } from "@tac8/core/conversation/runLog";
import { jobIdOf, type IssueRef } from "@tac8/core/domain/reference";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { localFiles } from "../files/local.ts";
import { findRepositories } from "../janitor/find.ts";

/** Number of issues to check, newest logs first. */
const MAX_ISSUES = 100;

/**
 * Return the former id of a data folder from the records of issues, or null if no record shows it. An issue's newest
 * agent ran in the folder that has its raw log, and its record got the id of that folder when the agent started. So the
 * result is never the id of another folder.
 */
export async function recallDataFolderId(dataFolder: string, store: Pick<IssueStore, "read">): Promise<string | null> {
  for (const ref of await newestLogged(dataFolder)) {
    const { run: agentRun, sessionHome } = (await store.read(jobIdOf(ref))).agent;
    if (agentRun === null || sessionHome === null) continue;
    if ((await stat(runLogPath(dataFolder, ref, agentRun)).catch(() => null)) !== null) return sessionHome;
  }
  return null;
}

async function newestLogged(dataFolder: string): Promise<IssueRef[]> {
  const found: { readonly ref: IssueRef; readonly at: number }[] = [];
  for (const repository of await findRepositories(localFiles, dataFolder, "logs")) {
    for (const name of await readdir(join(dataFolder, "logs", repository.owner, repository.repo)).catch(() => [])) {
      const [, number] = /^gh-(\d{1,10})$/.exec(name) ?? [];
      if (number === undefined) continue;
      const ref = { ...repository, number: Number(number) };
      const folder = await stat(dirname(runLogPath(dataFolder, ref, "any"))).catch(() => null);
      if (folder !== null) found.push({ ref, at: folder.mtimeMs });
    }
  }
  return found
    .toSorted((a, b) => b.at - a.at)
    .slice(0, MAX_ISSUES)
    .map(({ ref }) => ref);
}
