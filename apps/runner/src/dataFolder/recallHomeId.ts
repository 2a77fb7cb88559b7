import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runLogPath } from "@tac8/core/conversation/runLog";
import { jobIdOf, type IssueRef } from "@tac8/core/domain/reference";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { localFiles } from "../files/local.ts";
import { findRepositories } from "../janitor/find.ts";

/** The issues whose logs are newest. */
const MAX_ISSUES = 100;

/**
 * Return the id that a data folder had, by what issues remember; null where nothing says so. An issue's newest agent ran in
 * the folder that has its raw log, and the id of that folder was written down when the agent began: so the answer can never
 * be another folder's id.
 */
export async function recallHomeId(home: string, store: Pick<IssueStore, "read">): Promise<string | null> {
  for (const ref of await newestLogged(home)) {
    const { run: agentRun, sessionHome } = (await store.read(jobIdOf(ref))).agent;
    if (agentRun === null || sessionHome === null) continue;
    if ((await stat(runLogPath(home, ref, agentRun)).catch(() => null)) !== null) return sessionHome;
  }
  return null;
}

async function newestLogged(home: string): Promise<IssueRef[]> {
  const found: { readonly ref: IssueRef; readonly at: number }[] = [];
  for (const repository of await findRepositories(localFiles, home, "logs")) {
    for (const name of await readdir(join(home, "logs", repository.owner, repository.repo)).catch(() => [])) {
      const [, number] = /^gh-(\d{1,10})$/.exec(name) ?? [];
      if (number === undefined) continue;
      const ref = { ...repository, number: Number(number) };
      const folder = await stat(dirname(runLogPath(home, ref, "any"))).catch(() => null);
      if (folder !== null) found.push({ ref, at: folder.mtimeMs });
    }
  }
  return found
    .toSorted((a, b) => b.at - a.at)
    .slice(0, MAX_ISSUES)
    .map(({ ref }) => ref);
}
